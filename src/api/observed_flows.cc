// SPDX-License-Identifier: Apache-2.0
#include "api/observed_flows.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "api/answer_rows.h"
#include "api/names.h"
#include "base/duration.h"
#include "model/flow.h"

namespace netprobe {
namespace {

using network_policy::End;
using network_policy::Labels;
using network_policy::Observed;
using network_policy::Seen;

// A reset or an acknowledgement alone is no more than this.
constexpr std::uint64_t kBareSegment = 80;
// Kubernetes gives node ports of this range, unless it is told another one.
constexpr std::uint16_t kFirstNodePort = 30'000;
constexpr std::uint16_t kLastNodePort = 32'767;

using Row = AnswerRows::Row;

/// What the fields of one end are called.
struct Side {
  FieldId kind, name_space, workload, workload_kind;
};
constexpr Side kSrc{FieldId::kSrcKind, FieldId::kSrcNamespace, FieldId::kSrcWorkload,
                    FieldId::kSrcWorkloadKind};
constexpr Side kDst{FieldId::kDstKind, FieldId::kDstNamespace, FieldId::kDstWorkload,
                    FieldId::kDstWorkloadKind};

bool was_translated(const AnswerRows& rows, const Row& row) {
  return std::holds_alternative<IpAddress>(rows.value(row, FieldId::kTranslatedDstIp));
}

End end_of(const AnswerRows& rows, const Row& row, const Side& side, const IpAddress& address) {
  End end;
  const std::string kind = rows.text(row, side.kind);
  if (kind == "pod") end.kind = End::Kind::kPod;
  if (kind == "node") end.kind = End::Kind::kNode;
  if (kind == "service") end.kind = End::Kind::kService;
  end.name_space = rows.text(row, side.name_space);
  end.workload = rows.text(row, side.workload);
  end.workload_kind = rows.text(row, side.workload_kind);
  end.address = address;
  return end;
}

/// The service that a flow was sent to in place of who answered it.
void make_service(Seen& seen) {
  const auto slash = seen.service.find('/');
  seen.dst.kind = End::Kind::kService;
  seen.dst.name_space = seen.service.substr(0, slash);
  seen.dst.workload = slash == std::string::npos ? "" : seen.service.substr(slash + 1);
  seen.dst.workload_kind.clear();
}

Seen seen_of(const AnswerRows& rows, const Row& row) {
  const bool behind = was_translated(rows, row);
  Seen seen;
  seen.src = end_of(rows, row, kSrc, rows.address(row, FieldId::kSrcIp));
  seen.dst = end_of(rows, row, kDst,
                    rows.address(row, behind ? FieldId::kTranslatedDstIp : FieldId::kDstIp));
  seen.protocol = static_cast<std::uint8_t>(rows.number(row, FieldId::kProtocol));
  seen.port = static_cast<std::uint16_t>(
      rows.number(row, behind ? FieldId::kTranslatedDstPort : FieldId::kDstPort));
  // Of ICMP it is an identifier, another each time.
  if (seen.protocol == kProtoIcmp || seen.protocol == kProtoIcmp6) seen.port = 0;
  if (const std::string service = rows.text(row, FieldId::kService); !service.empty())
    seen.service = rows.text(row, FieldId::kServiceNamespace) + "/" + service;
  // Its address alone is nobody's.
  const bool nobody = seen.dst.kind == End::Kind::kOutside && !behind;
  const bool unnamed = seen.dst.kind == End::Kind::kService && seen.dst.workload.empty();
  if (!seen.service.empty() && (nobody || unnamed)) make_service(seen);
  const std::uint64_t began = rows.number(row, std::string_view("sum_flows"));
  const std::uint64_t connections = rows.number(row, std::string_view("sum_connections"));
  const std::uint64_t back = rows.number(row, std::string_view("sum_reverse_packets"));
  seen.flows = std::max<std::uint64_t>(began, 1);
  // A refusal is a packet back, too. One that was there before is no attempt.
  seen.answered =
      seen.protocol == kProtoTcp
          ? connections > 0 || (began == 0 && back > 0) ||
                rows.number(row, std::string_view("sum_reverse_bytes")) > back * kBareSegment
          : back > 0;
  // Of what has no connections, who was seen to begin it and had an answer.
  seen.certain = connections > 0 || (seen.protocol != kProtoTcp && began > 0 && back > 0);
  return seen;
}

/// Neighbours that look for each other: no policy is about it.
bool stays_on_link(const Seen& seen) {
  return seen.protocol == kProtoIcmp6 &&
         (seen.src.address.is_link_local() || seen.dst.address.is_link_local() ||
          seen.dst.address.is_multicast());
}

/// What all pods have that were looked up.
void keep_common(Labels& labels, const Labels& other) {
  std::erase_if(labels, [&](const auto& each) {
    const auto found = other.find(each.first);
    return found == other.end() || found->second != each.second;
  });
}

/// Who has which address now.
class Now {
 public:
  explicit Now(const Snapshot& snapshot) : view_(*snapshot.kube), at_(snapshot.taken_at) {}

  /// Null: nobody.
  [[nodiscard]] const Identity* owner(const IpAddress& address) const {
    const auto* claim = claim_between(claims_of(view_.claims, address), at_, at_);
    return claim == nullptr ? nullptr : claim->identity.get();
  }
  /// It is a service's own, or a node's where the port may be a node port: nobody answers
  /// there but who stands behind the service.
  [[nodiscard]] bool is_virtual(const Seen& seen) const {
    const IpAddress& address = seen.dst.address;
    if (claim_between(claims_of(view_.service_addresses, address), at_, at_) != nullptr)
      return true;
    const bool node_port = seen.port >= kFirstNodePort && seen.port <= kLastNodePort;
    const Identity* who = node_port ? owner(address) : nullptr;
    return who != nullptr && who->kind == IdentityKind::kNode;
  }

 private:
  const KubeView& view_;
  const Nanos at_;
};

struct Workload {
  std::set<IpAddress> addresses;
  std::optional<Labels> labels;
  bool host_network = false;
};
using WorkloadKey = std::tuple<std::string, std::string, std::string>;
WorkloadKey key_of(const End& end) { return {end.name_space, end.workload_kind, end.workload}; }

void look_up(const Now& now, const WorkloadKey& key, Workload& workload) {
  bool at_node = false;
  bool has_pods = false;
  for (const IpAddress& address : workload.addresses) {
    const Identity* who = now.owner(address);
    if (who == nullptr) continue;
    // A pod of its node's network has the node's address, and no other.
    at_node = at_node || who->kind == IdentityKind::kNode;
    // Addresses are given to others, too, once their pod is gone.
    if (who->kind != IdentityKind::kPod ||
        WorkloadKey(who->name_space, who->workload_kind, who->workload) != key)
      continue;
    has_pods = true;
    workload.host_network = workload.host_network || who->host_network;
    const KubeLabels& pairs = who->labels;
    Labels labels(pairs.begin(), pairs.end());
    if (workload.labels)
      keep_common(*workload.labels, labels);
    else
      workload.labels = std::move(labels);
  }
  workload.host_network = workload.host_network || (at_node && !has_pods);
}

void add_identities(const Now& now, std::vector<Seen>& all) {
  std::map<WorkloadKey, Workload> known;
  for (const Seen& each : all)
    for (const End* end : {&each.src, &each.dst})
      if (end->kind == End::Kind::kPod) known[key_of(*end)].addresses.insert(end->address);
  for (auto& [key, workload] : known) look_up(now, key, workload);
  for (Seen& each : all)
    for (End* end : {&each.src, &each.dst}) {
      if (end->kind != End::Kind::kPod) continue;
      const Workload& found = known[key_of(*end)];
      end->labels = found.labels;
      end->host_network = found.host_network;
    }
}

std::string time_text(const std::optional<Micros>& when) {
  const bool told = when && *when >= 0 && *when <= INT64_MAX / kMicrosecond;
  return told ? format_rfc3339(*when * kMicrosecond) : std::string();
}

void add_what_is_missing(const AnswerPage& page, Observed& observed) {
  observed.warnings = page.answer.warnings;
  for (const auto& [cause, count] : answer_losses(page))
    observed.warnings.push_back("lost in this time: " + std::to_string(count) + " of " + cause);
  if (page.answer.sources && page.answer.sources->partial())
    observed.warnings.emplace_back("not all agents answered: what was seen there alone is missing");
}

}  // namespace

Observed observed_flows(const AnswerPage& page) {
  Observed observed;
  observed.since = time_text(page.answer.since);
  observed.kept_since = time_text(page.answer.kept_since);
  const Now now(page.snapshot);
  const AnswerRows rows(page.answer);
  for (const Row& row : page.answer.rows) {
    Seen seen = seen_of(rows, row);
    if (stays_on_link(seen)) continue;
    // The only backend answers for its service, but at another address and port.
    const bool maybe_virtual =
        !seen.service.empty() && !was_translated(rows, row) &&
        (seen.dst.kind == End::Kind::kPod || seen.dst.kind == End::Kind::kNode);
    if (maybe_virtual && now.is_virtual(seen)) make_service(seen);
    observed.seen.push_back(std::move(seen));
  }
  add_what_is_missing(page, observed);
  add_identities(now, observed.seen);
  return observed;
}

}  // namespace netprobe
