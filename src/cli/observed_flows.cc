// SPDX-License-Identifier: Apache-2.0
#include "cli/observed_flows.h"

#include <algorithm>
#include <set>

#include "cli/json_read.h"
#include "cli/query_answer.h"
#include "io/url.h"
#include "model/flow.h"

namespace netprobe {
namespace {

using network_policy::End;
using network_policy::Labels;
using network_policy::Seen;
using simdjson::dom::element;

constexpr std::string_view kMostRows = "100000";
/// Pods of a workload whose labels are compared.
constexpr std::size_t kPodsOfOne = 3;
constexpr std::size_t kMostWorkloads = 1'000;
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
  if (const std::string service = row.text("service"); !service.empty()) {
    seen.service = row.text("service.namespace") + "/" + service;
    // Its address alone is nobody's.
    if (seen.dst.kind == End::Kind::kOutside && behind.empty()) seen.dst.kind = End::Kind::kService;
  }
  if (seen.dst.kind == End::Kind::kService && seen.dst.workload.empty()) {
    seen.dst.name_space = row.text("service.namespace");
    seen.dst.workload = row.text("service");
  }
  const std::uint64_t began = row.number("sum_flows");
  const std::uint64_t connections = row.number("sum_connections");
  const std::uint64_t back = row.number("sum_reverse_packets");
  seen.flows = std::max<std::uint64_t>(began, 1);
  // A refusal is a packet back, too. One that was there before is no attempt.
  seen.answered = seen.protocol == kProtoTcp
                      ? connections > 0 || (began == 0 && back > 0) ||
                            row.number("sum_reverse_bytes") > back * kBareSegment
                      : back > 0;
  seen.certain = connections > 0;
  return seen;
}

/// Neighbours that look for each other: no policy is about it.
bool stays_on_link(const Seen& seen) {
  return seen.protocol == kProtoIcmp6 &&
         (seen.src.address.is_link_local() || seen.dst.address.is_link_local() ||
          seen.dst.address.is_multicast());
}

using WorkloadKey = std::tuple<std::string, std::string, std::string>;
WorkloadKey key_of(const End& end) { return {end.name_space, end.workload_kind, end.workload}; }

struct Known {
  std::set<IpAddress> addresses;
  std::optional<Labels> labels;
  bool host_network = false;
};

Labels labels_in(element pod) {
  Labels labels;
  simdjson::dom::object object;
  if (pod["labels"].get(object) != simdjson::SUCCESS) return labels;
  for (const auto& [key, value] : object)
    if (std::string_view text; value.get(text) == simdjson::SUCCESS)
      labels.emplace(std::string(key), std::string(text));
  return labels;
}

/// What all pods have that were looked up.
void keep_common(Labels& labels, const Labels& other) {
  std::erase_if(labels, [&](const auto& each) {
    const auto found = other.find(each.first);
    return found == other.end() || found->second != each.second;
  });
}

Status look_up(AgentClient& agent, Known& workload) {
  std::size_t asked = 0;
  for (const IpAddress& address : workload.addresses) {
    if (++asked > kPodsOfOne) break;
    const std::string ip = "ip=" + percent_encode(address.to_string());
    const auto reply = agent.fetch("/api/query/pod?" + ip);
    if (!reply) return std::unexpected(reply.error());
    simdjson::dom::parser parser;
    element root;
    element pod;
    if (reply->status == 200 && parser.parse(reply->body).get(root) == simdjson::SUCCESS &&
        root["pod"].get(pod) == simdjson::SUCCESS) {
      workload.host_network = workload.host_network || json_flag(pod, "host_network", false);
      Labels labels = labels_in(pod);
      if (workload.labels)
        keep_common(*workload.labels, labels);
      else
        workload.labels = std::move(labels);
      continue;
    }
    // A pod of its node's network has the node's address.
    const auto node = agent.fetch("/api/query/node?" + ip);
    if (!node) return std::unexpected(node.error());
    workload.host_network = workload.host_network || node->status == 200;
  }
  return {};
}

Status add_identities(AgentClient& agent, ObservedFlows& observed) {
  std::map<WorkloadKey, Known> known;
  for (const Seen& seen : observed.seen)
    for (const End* end : {&seen.src, &seen.dst})
      if (end->kind == End::Kind::kPod) known[key_of(*end)].addresses.insert(end->address);
  std::size_t asked = 0;
  for (auto& [key, workload] : known) {
    if (++asked > kMostWorkloads) {
      observed.warnings.push_back(
          "there are more than 1000 workloads: labels of the rest were "
          "not asked for");
      break;
    }
    if (Status s = look_up(agent, workload); !s) return s;
  }
  for (Seen& seen : observed.seen)
    for (End* end : {&seen.src, &seen.dst}) {
      if (end->kind != End::Kind::kPod) continue;
      const Known& found = known[key_of(*end)];
      end->labels = found.labels;
      end->host_network = found.host_network;
    }
  return {};
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
  for (const element row : answer->rows())
    if (simdjson::dom::array values; row.get(values) == simdjson::SUCCESS)
      if (Seen seen = seen_of(RowReader(*answer, values)); !stays_on_link(seen))
        observed.seen.push_back(std::move(seen));
  add_completeness(*answer, observed);
  if (Status s = add_identities(agent, observed); !s) return std::unexpected(s.error());
  return observed;
}

}  // namespace netprobe
