// SPDX-License-Identifier: Apache-2.0
#include "analysis/workload/workload_totals.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "model/tuple_key.h"

namespace netprobe {
namespace {

constexpr std::array<std::string_view, 4> kDirectionNames{"intra-node", "inter-node", "ingress",
                                                          "egress"};
/// What a direction is, seen from the other end.
constexpr std::array<std::uint8_t, 4> kTurned{0, 1, 3, 2};
constexpr Nanos kLookInterval = 60 * kSecond;

std::uint8_t direction_index(std::string_view name) {
  const auto found = std::ranges::find(kDirectionNames, name);
  // A flow says "egress" where it does not know better.
  return static_cast<std::uint8_t>(
      found == kDirectionNames.end() ? 3 : found - kDirectionNames.begin());
}

/// A flow is named anew when this changes: a translation came to be known, or it
/// turned out that the other side began it.
std::uint32_t tuple_hash(const Flow& flow) {
  const std::size_t hash = TupleHash{}(flow.tuple);
  return static_cast<std::uint32_t>(flow.nat ? ~hash ^ TupleHash{}(flow.translated) : hash);
}

bool is_in_vxlan(const Flow& flow) {
  return flow.tunnel == Tunnel::kVxlan || flow.carries == Tunnel::kVxlan;
}

void add(TcpTrouble& sum, const TcpTrouble& more) {
  sum.retransmits += more.retransmits;
  sum.out_of_order += more.out_of_order;
  sum.zero_windows += more.zero_windows;
  sum.resets += more.resets;
}

void add(Histogram& histogram, Nanos time) {
  if (histogram.counts.empty()) histogram.counts.assign(kLatencyBounds.size() + 1, 0);
  const auto bucket = std::ranges::lower_bound(kLatencyBounds, time) - kLatencyBounds.begin();
  ++histogram.counts[static_cast<std::size_t>(bucket)];
  histogram.sum += time;
}

/// All but that it began.
template <typename Sums>
void add(Sums& sums, const FlowGrowth& growth) {
  sums.forward += growth.forward;
  sums.reverse += growth.reverse;
  add(sums.client_trouble, growth.client_trouble);
  add(sums.server_trouble, growth.server_trouble);
  if (!growth.handshake) return;
  ++sums.connections;
  add(sums.handshake, growth.flow.handshake_rtt);
}

WorkloadName other_name() {
  const std::string other(kOtherWorkload);
  return {other, other, other};
}

}  // namespace

std::size_t WorkloadTotals::PairHash::operator()(const PairKey& key) const {
  const std::size_t src = WorkloadNameHash{}(key.src);
  return (src * 31 + WorkloadNameHash{}(key.dst)) * 0x9e3779b97f4a7c15 + key.direction;
}

WorkloadTotals::WorkloadTotals(WorkloadOptions options, FlowNaming naming, const Clock& clock)
    : options_(std::move(options)),
      naming_(std::move(naming)),
      clock_(clock),
      pairs_(options_.max_pairs),
      workloads_(options_.max_pairs),
      looked_(clock.monotonic()) {
  for (std::size_t i = 0; i < kDirections; ++i) {
    other_pairs_[i].src = other_pairs_[i].dst = other_name();
    other_pairs_[i].direction = kDirectionNames[i];
  }
  other_workload_.workload = other_name();
}

bool WorkloadTotals::on_growth(const FlowGrowth& growth) {
  const Nanos now = clock_.monotonic();
  if (now - looked_ >= kLookInterval) forget_old(now);
  const std::uint64_t id = growth.flow.id;
  const auto found = counted_.find(id);
  const bool known = found != counted_.end();
  if (growth.flow.merged_into != 0) {
    merge(id, growth.flow.merged_into);
    return true;
  }
  Counted at = known ? found->second : Counted{};
  if (!find_place(growth, at, known, now)) return false;
  WorkloadPair& pair = pair_at(at, now);
  if (growth.first) ++pair.flows;
  if (at.other && !at.folded) {
    at.folded = true;
    ++folded_;
  }
  if (is_in_vxlan(growth.flow) && !at.vxlan) {
    at.vxlan = true;
    ++kinds_.vxlan;
  }
  add(pair, growth);
  if (at.elsewhere) {
    if (growth.first) ++pair.elsewhere.flows;
    add(pair.elsewhere, growth);
  }
  if (known && growth.last) {
    counted_.erase(found);
  } else if (known) {
    found->second = at;
  } else if (!growth.last) {
    counted_.emplace(id, at);
  }
  return true;
}

void WorkloadTotals::merge(std::uint64_t from, std::uint64_t into) {
  const auto found = counted_.find(from);
  if (found == counted_.end()) return;
  const Counted was = found->second;
  counted_.erase(found);
  const auto [to, added] = counted_.try_emplace(into, was);
  // Its end is told, too, and takes it out again.
  if (added) return;
  to->second.folded = to->second.folded || was.folded;
  to->second.vxlan = to->second.vxlan || was.vxlan;
}

bool WorkloadTotals::find_place(const FlowGrowth& growth, Counted& at, bool known, Nanos now) {
  const std::uint32_t tuple = tuple_hash(growth.flow);
  const bool same = known && at.settled && at.tuple == tuple;
  if (same && (at.other || pairs_.at(at.pair, now) != nullptr)) return true;
  Flow flow = growth.flow;
  naming_(flow);
  const Ends ends = ends_of(flow);
  if (growth.first && !growth.last && may_wait(flow, ends)) return false;
  at.tuple = tuple;
  at.settled = ends.src.known && ends.dst.known;
  add_pair(ends, at, now);
  if (growth.first) count(flow, ends, now);
  return true;
}

void WorkloadTotals::add_pair(const Ends& ends, Counted& at, Nanos now) {
  at.direction = ends.direction;
  at.elsewhere = ends.elsewhere;
  if (at.other) return;
  at.pair = pairs_.find_or_add({ends.src.name, ends.dst.name, ends.direction});
  WorkloadPair* pair = pairs_.at(at.pair, now);
  at.other = pair == nullptr;
  if (pair == nullptr || !pair->direction.empty()) return;
  pair->src = ends.src.name;
  pair->dst = ends.dst.name;
  pair->direction = kDirectionNames[ends.direction];
}

WorkloadTotals::Ends WorkloadTotals::ends_of(const Flow& flow) const {
  auto [src, dst] = workload_ends(flow, options_.by, options_.node_name);
  const Identity* begins = flow.src_identity.get();
  const std::string_view node =
      begins == nullptr ? std::string_view()
                        : (begins->kind == IdentityKind::kNode ? std::string_view(begins->name)
                                                               : std::string_view(begins->node));
  const bool elsewhere = !node.empty() && node != options_.node_name;
  return {std::move(src), std::move(dst), direction_index(flow.direction), elsewhere};
}

bool WorkloadTotals::may_wait(const Flow& flow, const Ends& ends) const {
  const Nanos age = clock_.wall() - flow.first_seen;
  // The clock may have been set: nothing waits longer for that.
  return (!ends.src.known || !ends.dst.known) && age < options_.hold && age > -options_.hold;
}

void WorkloadTotals::count(const Flow& flow, const Ends& ends, Nanos now) {
  ++kinds_.total;
  const std::array<std::uint64_t*, kDirections> by_direction{&kinds_.intra_node, &kinds_.inter_node,
                                                             &kinds_.ingress, &kinds_.egress};
  ++*by_direction[ends.direction];
  if (is_pod_to_pod(flow)) ++kinds_.pod_to_pod;
  if (is_service_flow(flow)) ++kinds_.service;
  if (is_external_flow(flow)) ++kinds_.external;
  const std::array<const WorkloadEnd*, 2> both{&ends.src, &ends.dst};
  const bool same = ends.src.name == ends.dst.name;
  std::uint64_t WorkloadFlows::* within = nullptr;
  if (kDirectionNames[ends.direction] == "intra-node") within = &WorkloadFlows::intra_node_flows;
  if (kDirectionNames[ends.direction] == "inter-node") within = &WorkloadFlows::inter_node_flows;
  bool named = false;
  for (const WorkloadEnd* end : both) {
    if (end->name.kind.empty()) ++kinds_.unnamed_ends;
    // Between two of one workload it is one flow of it.
    const bool again = same && end == &ends.dst;
    if (end->pod && !(again && ends.src.pod)) ++workload(end->name, now).pod_flows;
    if (end->name.kind.empty() || end->name.kind == "External") continue;
    named = true;
    if (within != nullptr && !again) ++(workload(end->name, now).*within);
  }
  // So that the sums have all flows within the cluster.
  if (within != nullptr && !named) ++(workload({}, now).*within);
  if (flow.service) ++workload(workload_name(*flow.service, options_.by), now).service_flows;
}

WorkloadFlows& WorkloadTotals::workload(const WorkloadName& name, Nanos now) {
  WorkloadFlows* row = workloads_.at(workloads_.find_or_add(name), now);
  if (row == nullptr) return other_workload_;
  row->workload = name;
  return *row;
}

WorkloadPair& WorkloadTotals::pair_at(const Counted& at, Nanos now) {
  WorkloadPair* pair = at.other ? nullptr : pairs_.at(at.pair, now);
  return pair == nullptr ? other_pairs_[at.direction] : *pair;
}

void WorkloadTotals::add_drops(const DropReport& drops) {
  const Nanos now = clock_.monotonic();
  drops_.update(drops, [&](const DropRecord& record, const Counters& gained) {
    if (record.has_tuple) add_drop(record, gained.packets, now);
  });
}

void WorkloadTotals::add_drop(const DropRecord& record, std::uint64_t packets, Nanos now) {
  Flow flow;
  // Pods are inside the tunnel.
  flow.tuple = record.inside ? record.inside->tuple : record.tuple;
  flow.first_seen = flow.last_seen = record.last_seen;
  naming_(flow);
  Ends ends = ends_of(flow);
  Ends turned{ends.dst, ends.src, kTurned.at(ends.direction), false};
  // Who began the flow is not known. Servers have the lower port; what counts
  // more is which pair is there already.
  if (flow.tuple.src_port < flow.tuple.dst_port) std::swap(ends, turned);
  WorkloadPair* pair = find_pair(ends, now);
  if (pair == nullptr) pair = find_pair(turned, now);
  if (pair == nullptr) {
    Counted at;
    add_pair(ends, at, now);
    pair = &pair_at(at, now);
  }
  pair->dropped += packets;
}

WorkloadPair* WorkloadTotals::find_pair(const Ends& ends, Nanos now) {
  PairKey key{ends.src.name, ends.dst.name, ends.direction};
  WorkloadPair* pair = pairs_.at(pairs_.find(key), now);
  for (key.direction = 0; pair == nullptr && key.direction < kDirections; ++key.direction)
    pair = pairs_.at(pairs_.find(key), now);
  return pair;
}

void WorkloadTotals::forget_old(Nanos now) {
  looked_ = now;
  pairs_.erase_if([&](const PairKey&, const WorkloadPair&, Nanos used) {
    return now - used >= options_.forget;
  });
  std::unordered_set<WorkloadName, WorkloadNameHash> in_use;
  pairs_.for_each([&](const PairKey& key, const WorkloadPair&, Nanos) {
    in_use.insert(key.src);
    in_use.insert(key.dst);
  });
  workloads_.erase_if([&](const WorkloadName& name, const WorkloadFlows&, Nanos used) {
    return now - used >= options_.forget && !in_use.contains(name);
  });
}

WorkloadReport WorkloadTotals::report() const {
  WorkloadReport report;
  report.by = options_.by;
  const Nanos now = clock_.monotonic();
  report.pairs.reserve(pairs_.size() + kDirections);
  pairs_.for_each([&](const PairKey&, const WorkloadPair& pair, Nanos used) {
    if (now - used < options_.forget) report.pairs.push_back(pair);
  });
  for (const WorkloadPair& pair : other_pairs_)
    if (pair.flows > 0 || pair.forward.packets > 0 || pair.reverse.packets > 0 || pair.dropped > 0)
      report.pairs.push_back(pair);
  report.workloads.reserve(workloads_.size() + 1);
  workloads_.for_each([&](const WorkloadName&, const WorkloadFlows& flows, Nanos) {
    report.workloads.push_back(flows);
  });
  const WorkloadFlows& other = other_workload_;
  if (other.pod_flows + other.service_flows + other.intra_node_flows + other.inter_node_flows > 0)
    report.workloads.push_back(other);
  report.kinds = kinds_;
  report.folded = folded_;
  return report;
}

}  // namespace netprobe
