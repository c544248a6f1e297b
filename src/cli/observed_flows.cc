// SPDX-License-Identifier: Apache-2.0
#include "cli/observed_flows.h"

#include <algorithm>

#include "cli/json_read.h"
#include "cli/observed_identities.h"
#include "cli/query_answer.h"
#include "io/url.h"
#include "model/flow.h"

namespace netprobe {
namespace {

using network_policy::End;
using network_policy::Seen;
using simdjson::dom::element;

constexpr std::string_view kMostRows = "100000";
// A reset or an acknowledgement alone is no more than this.
constexpr std::uint64_t kBareSegment = 80;

/// A text of the query language that is itself.
std::string literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string query_text(const ObservedQuestion& question) {
  const auto side = [&](std::string_view end) {
    const std::string name(end);
    std::string text = name + ".kind=pod " + name + ".namespace=" + literal(question.name_space);
    if (!question.workload.empty()) text += " " + name + ".workload=" + literal(question.workload);
    return "(" + text + ")";
  };
  return "flows " + side("src") + " or " + side("dst") +
         " | sum connections, flows, reverse_packets, reverse_bytes by src.kind, "
         "src.namespace, src.workload, src.workload.kind, src.ip, dst.kind, dst.namespace, "
         "dst.workload, dst.workload.kind, dst.ip, dst.port, translated.dst.ip, "
         "translated.dst.port, protocol, service, service.namespace";
}

/// Values of a row by their columns' names.
class RowReader {
 public:
  RowReader(const QueryAnswerView& answer, simdjson::dom::array row) : answer_(answer) {
    for (const element value : row) values_.push_back(value);
  }
  [[nodiscard]] std::string text(std::string_view column) const {
    std::string_view value;
    const std::size_t place = answer_.column(column);
    if (place >= values_.size() || values_[place].get(value) != simdjson::SUCCESS) return {};
    return std::string(value);
  }
  [[nodiscard]] std::uint64_t number(std::string_view column) const {
    std::uint64_t value = 0;
    const std::size_t place = answer_.column(column);
    if (place >= values_.size() || values_[place].get(value) != simdjson::SUCCESS) return 0;
    return value;
  }

 private:
  const QueryAnswerView& answer_;
  std::vector<element> values_;
};

End end_of(const RowReader& row, const std::string& side, const std::string& address) {
  End end;
  const std::string kind = row.text(side + ".kind");
  if (kind == "pod") end.kind = End::Kind::kPod;
  if (kind == "node") end.kind = End::Kind::kNode;
  if (kind == "service") end.kind = End::Kind::kService;
  end.name_space = row.text(side + ".namespace");
  end.workload = row.text(side + ".workload");
  end.workload_kind = row.text(side + ".workload.kind");
  if (const auto parsed = IpAddress::parse(address)) end.address = *parsed;
  return end;
}

Seen seen_of(const RowReader& row) {
  const std::string behind = row.text("translated.dst.ip");
  Seen seen;
  seen.src = end_of(row, "src", row.text("src.ip"));
  seen.dst = end_of(row, "dst", behind.empty() ? row.text("dst.ip") : behind);
  seen.protocol = static_cast<std::uint8_t>(std::max(0, protocol_number(row.text("protocol"))));
  seen.port =
      static_cast<std::uint16_t>(row.number(behind.empty() ? "dst.port" : "translated.dst.port"));
  // Of ICMP it is an identifier, another each time.
  if (seen.protocol == kProtoIcmp || seen.protocol == kProtoIcmp6) seen.port = 0;
  if (const std::string service = row.text("service"); !service.empty())
    seen.service = row.text("service.namespace") + "/" + service;
  // Its address alone is nobody's.
  const bool nobody = seen.dst.kind == End::Kind::kOutside && behind.empty();
  const bool unnamed = seen.dst.kind == End::Kind::kService && seen.dst.workload.empty();
  if (!seen.service.empty() && (nobody || unnamed)) make_service(seen);
  const std::uint64_t began = row.number("sum_flows");
  const std::uint64_t connections = row.number("sum_connections");
  const std::uint64_t back = row.number("sum_reverse_packets");
  seen.flows = std::max<std::uint64_t>(began, 1);
  // A refusal is a packet back, too. One that was there before is no attempt.
  seen.answered = seen.protocol == kProtoTcp
                      ? connections > 0 || (began == 0 && back > 0) ||
                            row.number("sum_reverse_bytes") > back * kBareSegment
                      : back > 0;
  // Of what has no connections, who was seen to begin it and had an answer.
  seen.certain = connections > 0 || (seen.protocol != kProtoTcp && began > 0 && back > 0);
  return seen;
}

/// Whether its dst may be the service's only backend, which was named and not seen.
bool maybe_virtual(const RowReader& row, const Seen& seen) {
  return !seen.service.empty() && row.text("translated.dst.ip").empty() &&
         (seen.dst.kind == End::Kind::kPod || seen.dst.kind == End::Kind::kNode);
}

/// Neighbours that look for each other: no policy is about it.
bool stays_on_link(const Seen& seen) {
  return seen.protocol == kProtoIcmp6 &&
         (seen.src.address.is_link_local() || seen.dst.address.is_link_local() ||
          seen.dst.address.is_multicast());
}

void add_completeness(const QueryAnswerView& answer, ObservedFlows& observed) {
  for (const std::string& each : answer.warnings()) observed.warnings.push_back(each);
  element completeness;
  simdjson::dom::object lost;
  if (answer.root()["completeness"].get(completeness) != simdjson::SUCCESS) return;
  if (completeness["lost"].get(lost) == simdjson::SUCCESS)
    for (const auto& [cause, count] : lost)
      if (std::uint64_t value = 0; count.get(value) == simdjson::SUCCESS && value > 0)
        observed.warnings.push_back("lost in this time: " + std::to_string(value) + " of " +
                                    std::string(cause));
  if (json_flag(answer.root(), "partial", false))
    observed.warnings.push_back("not all agents answered: what was seen there alone is missing");
}

}  // namespace

std::string observed_query(const ObservedQuestion& question) { return query_text(question); }

Result<ObservedFlows> fetch_observed(AgentClient& agent, const ObservedQuestion& question) {
  const std::string path = "/api/query?q=" + percent_encode(observed_query(question)) +
                           "&since=" + percent_encode(question.since) +
                           "&max_rows=" + std::string(kMostRows) +
                           "&limit=" + std::string(kMostRows);
  const auto reply = agent.fetch(path);
  if (!reply) return std::unexpected(reply.error());
  if (reply->status != 200) return std::unexpected(problem_of(*reply, agent.url()));
  const auto answer = QueryAnswerView::parse(reply->body);
  if (!answer) return std::unexpected(answer.error());
  if (answer->truncated())
    return fail("there are more than 100000 different flows: say --workload, or a shorter --since",
                ErrorKind::kUsage);
  ObservedFlows observed;
  observed.since = json_text(answer->root(), "since");
  observed.kept_since = json_text(answer->root(), "kept_since");
  std::vector<std::size_t> behind_service;
  for (const element row : answer->rows()) {
    simdjson::dom::array values;
    if (row.get(values) != simdjson::SUCCESS) continue;
    const RowReader reader(*answer, values);
    Seen seen = seen_of(reader);
    if (stays_on_link(seen)) continue;
    if (maybe_virtual(reader, seen)) behind_service.push_back(observed.seen.size());
    observed.seen.push_back(std::move(seen));
  }
  add_completeness(*answer, observed);
  if (Status s = add_identities(agent, observed.seen, behind_service, observed.warnings); !s)
    return std::unexpected(s.error());
  return observed;
}

}  // namespace netprobe
