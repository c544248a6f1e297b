// SPDX-License-Identifier: Apache-2.0
#include "probes/drop/drop_records.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace netprobe {
namespace {

/// A record that was quiet so long is the first to go.
constexpr Nanos kQuiet = 900 * kSecond;
constexpr std::size_t kMaxInterfaces = 16'384;

IpAddress address(const __u8 (&bytes)[16]) {
  return IpAddress(std::span<const std::uint8_t, 16>(bytes));
}

FlowTuple tuple_of(const np_drop_tuple& t) {
  return {address(t.src_ip), address(t.dst_ip), t.src_port, t.dst_port, t.proto};
}

std::string name_from(const char (&name)[16]) { return {name, ::strnlen(name, sizeof(name))}; }

}  // namespace

std::size_t DropRecords::Hash::operator()(const np_drop_tunnel_key& key) const {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(&key), sizeof(key)});
}

bool DropRecords::Equal::operator()(const np_drop_tunnel_key& a,
                                    const np_drop_tunnel_key& b) const {
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

DropRecords::DropRecords(std::size_t most, Namer namer, Stacker stacker)
    : most_(most), namer_(std::move(namer)), stacker_(std::move(stacker)) {}

const DropPlace& DropRecords::place_of(std::uint32_t reason, std::uint64_t location) {
  const auto [entry, is_new] = places_.try_emplace({reason, location});
  if (is_new) entry->second = namer_(reason, location);
  return entry->second;
}

void DropRecords::count(const DropPlace& place, std::uint64_t packets) {
  totals_[{place.reason, place.hook}] += packets;
  events_ += packets;
}

void DropRecords::add(const np_drop_tunnel_key& whole, const np_drop_value& value, Nanos to_wall) {
  // The program that made the entry may have been the only one, and have
  // found it gone: nothing to tell.
  if (value.packets == 0) return;
  const np_drop_key& key = whole.outer;
  const DropPlace& place = place_of(key.reason, key.location);
  if (place.ignored) return;
  count(place, value.packets);
  const Nanos first = static_cast<Nanos>(value.first_ns) + to_wall;
  const Nanos last = static_cast<Nanos>(value.last_ns) + to_wall;
  const auto [found, is_new] = records_.try_emplace(whole);
  Entry& entry = found->second;
  if (is_new) {
    entry.place = &place;
    entry.first = first;
  }
  entry.packets += value.packets;
  entry.bytes += value.bytes;
  entry.last = std::max(entry.last, last);
  if (value.interface[0] != '\0') {
    entry.interface = name_from(value.interface);
    name_interface(key.netns, key.ifindex, entry.interface);
  }
  if (records_.size() > most_ + most_ / 8) make_room(last);
}

void DropRecords::add_unattributed(const np_drop_place& place, const np_drop_sum& sum, Nanos now) {
  const DropPlace& named = place_of(place.reason, place.location);
  if (named.ignored) return;
  count(named, sum.packets);
  unattributed_ += sum.packets;
  np_drop_tunnel_key key{};
  key.outer.reason = place.reason;
  key.outer.location = place.location;
  key.outer.stack_id = -1;
  const auto [found, is_new] = records_.try_emplace(key);
  Entry& entry = found->second;
  if (is_new) {
    entry.place = &named;
    entry.first = now;
  }
  entry.packets += sum.packets;
  entry.bytes += sum.bytes;
  entry.last = now;
}

void DropRecords::name_interface(std::uint32_t netns, std::uint32_t ifindex,
                                 const std::string& name) {
  if (interfaces_.size() >= kMaxInterfaces) interfaces_.clear();
  interfaces_[{netns, ifindex}] = name;
}

void DropRecords::make_room(Nanos now) {
  struct Candidate {
    std::uint64_t weight;
    Nanos last;
    const np_drop_tunnel_key* key;
  };
  std::unordered_map<const DropPlace*, std::size_t> by_place;
  for (const auto& [key, entry] : records_) ++by_place[entry.place];
  const std::size_t share = most_ / by_place.size();
  std::vector<Candidate> candidates;
  candidates.reserve(records_.size());
  for (const auto& [key, entry] : records_)
    if (by_place[entry.place] > share)
      candidates.push_back({now - entry.last > kQuiet ? 0 : entry.packets, entry.last, &key});
  // The places above their share have at least the surplus among them.
  const auto surplus = static_cast<std::ptrdiff_t>(records_.size() - most_);
  std::ranges::nth_element(candidates, candidates.begin() + surplus,
                           [](const Candidate& a, const Candidate& b) {
                             return a.weight != b.weight ? a.weight < b.weight : a.last < b.last;
                           });
  candidates.resize(static_cast<std::size_t>(surplus));
  for (const Candidate& candidate : candidates) {
    const auto found = records_.find(*candidate.key);
    folded_ += found->second.packets;
    records_.erase(found);
  }
}

std::string DropRecords::interface_of(const np_drop_key& key, const Entry& entry) const {
  if (!entry.interface.empty() || key.ifindex == 0) return entry.interface;
  const auto found = interfaces_.find({key.netns, key.ifindex});
  return found == interfaces_.end() ? std::string() : found->second;
}

DropRecord DropRecords::record_of(const np_drop_tunnel_key& whole, const Entry& entry) const {
  const np_drop_key& key = whole.outer;
  DropRecord record;
  record.has_tuple = (key.tuple.flags & NP_DROP_IP) != 0;
  if (record.has_tuple) record.tuple = tuple_of(key.tuple);
  if (whole.tunnel != NP_TUNNEL_NONE) {
    record.inside = {
        .tuple = tuple_of(whole.inner), .tunnel = static_cast<Tunnel>(whole.tunnel), .vni = {}};
    if ((whole.inner.flags & NP_DROP_VNI) != 0) record.inside->vni = whole.vni;
  }
  record.ethertype = key.ethertype;
  record.reason = entry.place->reason;
  record.hook = entry.place->hook;
  record.location = entry.place->location;
  record.ifindex = key.ifindex;
  record.interface = interface_of(key, entry);
  record.netns = key.netns;
  record.count = entry.packets;
  record.bytes = entry.bytes;
  record.first_seen = entry.first;
  record.last_seen = entry.last;
  if (key.stack_id >= 0) record.stack = stacker_(key.stack_id);
  return record;
}

void DropRecords::report(DropReport& out) const {
  std::vector<const Records::value_type*> order;
  order.reserve(records_.size());
  for (const auto& each : records_) order.push_back(&each);
  std::ranges::sort(order, [](const auto* a, const auto* b) {
    if (a->second.packets != b->second.packets) return a->second.packets > b->second.packets;
    return std::memcmp(&a->first, &b->first, sizeof(a->first)) < 0;
  });
  out.records.reserve(order.size());
  for (const auto* each : order) out.records.push_back(record_of(each->first, each->second));
  out.totals.assign(totals_.begin(), totals_.end());
  out.unattributed = unattributed_;
  out.folded = folded_;
}

}  // namespace netprobe
