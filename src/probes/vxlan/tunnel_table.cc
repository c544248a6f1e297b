// SPDX-License-Identifier: Apache-2.0
#include "probes/vxlan/tunnel_table.h"

#include <algorithm>
#include <utility>

namespace netprobe {
namespace {

constexpr Nanos kLongQuiet = 600 * kSecond;
constexpr Nanos kQuiet = 60 * kSecond;

}  // namespace

TunnelPair pair_of(const TunnelKey& key) {
  return {key.kind, key.vni, std::min(key.outer_src, key.outer_dst),
          std::max(key.outer_src, key.outer_dst)};
}

TunnelTable::Uppers TunnelTable::uppers_of(const InterfaceMap& interfaces) {
  Uppers uppers;
  for (const auto& [ifindex, link] : interfaces) {
    if (link.master != 0) uppers.emplace(ifindex, link.master);
    if (link.lower != 0) uppers.emplace(link.lower, ifindex);
  }
  return uppers;
}

bool TunnelTable::counted_above(const TunnelKey& key, const Uppers& uppers) const {
  const auto [from, to] = uppers.equal_range(key.ifindex);
  return std::any_of(from, to, [&](const auto& each) {
    TunnelKey above = key;
    above.ifindex = each.second;
    return rows_.contains(above);
  });
}

void TunnelTable::take(const TunnelRow& row, Known& known) {
  // A row that left the map and came back begins at 0 again.
  const bool anew = row.counters.packets < known.counters.packets;
  const Counters before = anew ? Counters{} : known.counters;
  const Counters more{row.counters.packets - before.packets, row.counters.bytes - before.bytes};
  known.counters = row.counters;
  known.fragments = row.fragments;
  known.last_seen = row.last_seen;
  if (known.counted_above) return;
  const TotalKey key = total_key(row.key);
  totals_[key] += more;
  if (key.kind == Tunnel::kNone && !std::exchange(known.folded, true)) ++folded_rows_;
}

TunnelTable::TotalKey TunnelTable::total_key(const TunnelKey& key) {
  const std::pair vni{key.kind, key.vni};
  if (!vnis_.contains(vni) && vnis_.size() >= kMaxVnis) return {Tunnel::kNone, 0, key.direction};
  vnis_.insert(vni);
  return {key.kind, key.vni, key.direction};
}

void TunnelTable::update(const std::vector<TunnelRow>& rows, const InterfaceMap& interfaces) {
  // All keys first: whether a packet is counted above depends on the others.
  std::set<TunnelPair> pairs;
  for (const auto& [key, known] : rows_) pairs.insert(pair_of(key));
  for (const TunnelRow& row : rows) {
    if (!rows_.try_emplace(row.key, Known{.first_seen = row.first_seen}).second) continue;
    if (pairs.insert(pair_of(row.key)).second) ++new_tunnels_;
  }
  const Uppers uppers = uppers_of(interfaces);
  for (const TunnelRow& row : rows) {
    Known& known = rows_[row.key];
    known.counted_above = counted_above(row.key, uppers);
    take(row, known);
  }
}

std::vector<TunnelKey> TunnelTable::stale(std::size_t capacity, Nanos now) const {
  std::vector<std::pair<Nanos, TunnelKey>> found;
  if (rows_.size() * 2 < capacity) return {};
  const Nanos limit = rows_.size() * 10 >= capacity * 9 ? kQuiet : kLongQuiet;
  for (const auto& [key, known] : rows_)
    if (now - known.last_seen > limit) found.emplace_back(known.last_seen, key);
  std::ranges::sort(found);
  std::vector<TunnelKey> keys;
  keys.reserve(found.size());
  for (auto& [last, key] : found) keys.push_back(key);
  return keys;
}

void TunnelTable::removed(const TunnelRow& row, const InterfaceMap& interfaces) {
  const auto found = rows_.find(row.key);
  if (found == rows_.end()) return;
  found->second.counted_above = counted_above(row.key, uppers_of(interfaces));
  take(row, found->second);
  rows_.erase(found);
}

void TunnelTable::report(TunnelReport& report, const InterfaceMap& interfaces, Nanos now,
                         Nanos wall_offset) const {
  std::set<TunnelPair> active;
  report.traffic.reserve(rows_.size());
  for (const auto& [key, known] : rows_) {
    if (now - known.last_seen <= kActive) active.insert(pair_of(key));
    TunnelTraffic& one = report.traffic.emplace_back();
    one.kind = key.kind;
    one.vni = key.vni;
    one.outer_src = key.outer_src;
    one.outer_dst = key.outer_dst;
    one.direction = key.direction;
    one.ifindex = key.ifindex;
    const auto link = interfaces.find(key.ifindex);
    if (link != interfaces.end()) one.interface = link->second.name;
    one.counters = known.counters;
    one.fragments = known.fragments;
    one.counted_above = known.counted_above;
    one.first_seen = known.first_seen + wall_offset;
    one.last_seen = known.last_seen + wall_offset;
  }
  for (const auto& [key, counters] : totals_)
    report.totals.push_back({key.kind, key.vni, key.direction, counters});
  report.active = active.size();
  report.new_tunnels = new_tunnels_;
  report.folded_vnis = folded_rows_;
}

}  // namespace netprobe
