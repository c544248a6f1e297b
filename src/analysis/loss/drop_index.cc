// SPDX-License-Identifier: Apache-2.0
#include "analysis/loss/drop_index.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace netprobe {
namespace {

constexpr std::size_t kMostTuples = 1000;
constexpr int kTimesNamed = 4;

/// Reasons of drops behind the egress hook of the device.
bool is_behind_egress(const DropRecord& record) {
  // Of the same layers, but on the way in.
  constexpr std::array<std::string_view, 3> kIngress{"TC_INGRESS", "OTHERHOST", "UNHANDLED_PROTO"};
  return (record.hook == "qdisc" || record.hook == "device") &&
         std::ranges::find(kIngress, record.reason) == kIngress.end();
}

/// Reasons of drops before the ingress hook of the device.
bool is_before_ingress(const DropRecord& record) {
  return record.reason == "XDP" || record.reason == "CPU_BACKLOG" || record.hook == "xdp";
}

}  // namespace

bool drop_lies_between(const DropRecord& record, const DropPlace& place, bool inside) {
  // In its tunnel, it was on the way between the tunnel's device and the wire.
  if (inside && !place.tunnelled) return false;
  // An endpoint had it: it came through, wherever its socket is. A tunnel's
  // end that drops has had the outside only.
  if (!inside && (record.hook == "tcp" || record.hook == "udp" || record.hook == "socket"))
    return false;
  if (record.ifindex == place.from && place.from_direction == Direction::kEgress)
    return !is_before_ingress(record);
  if (record.ifindex == place.from)
    return !is_before_ingress(record) && !(place.to != place.from && is_behind_egress(record));
  if (record.ifindex == place.to && place.to != 0)
    return place.to_direction == Direction::kEgress ? !is_behind_egress(record)
                                                    : is_before_ingress(record);
  // Without a device, or on one that we would have expected next had we known:
  // only what the IP layer does between the two.
  const bool upper = !is_behind_egress(record) && !is_before_ingress(record);
  return upper && (record.ifindex == 0 || place.to == 0);
}

bool DropIndex::same_place(const DropRecord& a, const DropRecord& b) {
  return a.tuple == b.tuple && a.inside == b.inside && a.ifindex == b.ifindex &&
         a.netns == b.netns && a.reason == b.reason && a.location == b.location && a.hook == b.hook;
}

void DropIndex::update(const DropReport& drops, std::uint64_t netns) {
  for (auto& [tuple, list] : by_tuple_)
    for (Known& known : list) known.fresh = false;
  for (const DropRecord& record : drops.records) {
    if (!record.has_tuple) continue;
    if (netns != 0 && record.netns != 0 && record.netns != netns) continue;
    update(record.tuple, record, false);
    if (record.inside) update(record.inside->tuple, record, true);
  }
  // What the report no longer holds is bounded by what the probe holds.
  boost::unordered::erase_if(by_tuple_, [](auto& entry) {
    std::erase_if(entry.second, [](const Known& each) { return !each.fresh; });
    return entry.second.empty();
  });
}

void DropIndex::update(const FlowTuple& tuple, const DropRecord& record, bool inside) {
  auto& list = by_tuple_[canonical_of(tuple)];
  auto known = std::ranges::find_if(list, [&](const Known& each) {
    return each.inside == inside && same_place(each.record, record);
  });
  if (known == list.end()) known = list.insert(list.end(), Known{});
  // It was gone and begins anew.
  if (record.count < known->record.count) known->used = 0;
  if (record.count != known->record.count) known->named = 0;
  known->record = record;
  known->record.stack.clear();
  known->inside = inside;
  known->fresh = true;
}

std::uint64_t DropIndex::available(const FlowTuple& tuple, const DropPlace& place) const {
  const auto found = by_tuple_.find(canonical_of(tuple));
  if (found == by_tuple_.end()) return 0;
  std::uint64_t sum = 0;
  for (const Known& known : found->second)
    if (known.tuple() == tuple && drop_lies_between(known.record, place, known.inside))
      sum += known.record.count - std::min(known.used, known.record.count);
  return sum;
}

std::vector<LossReason> DropIndex::use(const FlowTuple& tuple, const DropPlace& place,
                                       std::uint64_t packets) {
  std::vector<LossReason> reasons;
  const auto found = by_tuple_.find(canonical_of(tuple));
  if (found == by_tuple_.end()) return reasons;
  for (Known& known : found->second) {
    if (packets == 0) break;
    if (known.tuple() != tuple || !drop_lies_between(known.record, place, known.inside)) continue;
    const std::uint64_t left = known.record.count - std::min(known.used, known.record.count);
    const std::uint64_t taken = std::min(left, packets);
    if (taken == 0) continue;
    known.used += taken;
    packets -= taken;
    reasons.push_back({known.record.reason, known.record.location, taken});
  }
  return reasons;
}

std::vector<FlowTuple> DropIndex::unused_tuples() {
  std::vector<FlowTuple> tuples;
  for (auto& [tuple, list] : by_tuple_) {
    bool wanted = false;
    for (Known& known : list) {
      if (known.record.count <= known.used || known.named >= kTimesNamed) continue;
      ++known.named;
      wanted = true;
    }
    if (!wanted) continue;
    tuples.push_back(tuple);
    if (tuples.size() >= kMostTuples) break;
  }
  return tuples;
}

}  // namespace netprobe
