// SPDX-License-Identifier: Apache-2.0
// What the table tells: changed flows, points whose counters grew, handshakes and
// troubles.
#include <utility>

#include "flow/flow_table_impl.h"

namespace netprobe {

void FlowTable::Impl::track_changes(bool on) {
  if (on == tracking_) return;  // asked in every cycle: only a change walks the table
  tracking_ = on;
  if (on) return;
  changed_.clear();
  ended_flows_.clear();
  for (FlowEntry& entry : entries_) entry.changed = false;
}

std::vector<Flow> FlowTable::Impl::take_changes() {
  std::vector<Flow> result = std::exchange(ended_flows_, {});
  for (const auto i : changed_) {
    FlowEntry& entry = entries_[i];
    if (!entry.live || !entry.changed) continue;
    entry.changed = false;
    result.push_back(view(i));
  }
  changed_.clear();
  return result;
}

void FlowTable::Impl::take_points() {
  if (sink_ == nullptr) return;
  for (const auto i : moved_) {
    FlowEntry& entry = entries_[i];
    if (!entry.live || !entry.moved) continue;
    entry.moved = false;
    hand_on_points(entry);
  }
  moved_.clear();
}

bool FlowTable::Impl::find_points(const FlowTuple& tuple) {
  bool flipped = false;
  const auto found = index_.find(canonical(tuple, flipped));
  if (sink_ == nullptr || found == index_.end()) return false;
  hand_on_points(entries_[found->second.index()]);
  return true;
}

bool FlowTable::Impl::touch(const FlowTuple& tuple, std::uint64_t id) {
  bool flipped = false;
  const auto found = index_.find(canonical(tuple, flipped));
  if (found == index_.end()) return false;
  const std::uint32_t i = found->second.index();
  if (entries_[i].id != id) return false;
  mark_changed(entries_[i], i);
  return true;
}

void FlowTable::Impl::hand_on_points(FlowEntry& entry) {
  point_counts_.clear();
  for (FlowPoint& point : entry.points) {
    PointCount& count = point_counts_.emplace_back();
    count.ifindex = point.ifindex;
    count.role = point.role;
    count.direction = point.direction;
    count.depth = point.depth;
    for (std::size_t s = 0; s < 2; ++s) {
      count.packets[s] = point.side[s].counters.packets;
      count.resets[s] = point.side[s].rsts;
      count.moved[s] = std::exchange(point.side[s].moved, false);
    }
  }
  FlowPoints flow;
  flow.id = entry.id;
  flow.tuple = entry.canonical;
  flow.translated = entry.canonical;
  if (entry.nat) {
    // Side `from` is the one that began it.
    flow.nat = true;
    flow.tuple = entry.from == 0 ? entry.nat->original : entry.nat->original.reversed();
    flow.translated = entry.from == 0 ? entry.nat->translated : entry.nat->translated.reversed();
    flow.initiator = entry.from;
  }
  flow.first = earliest(entry.side[0].first, entry.side[1].first);
  flow.fragments = entry.fragments > 0;
  flow.no_ports = entry.no_ports;
  // A new connection has its ports: whose packets are whose is not certain.
  flow.incomplete = entry.incomplete || !entry.in_index || entry.points.size() >= kMaxPoints;
  flow.points = point_counts_;
  sink_->on_points(flow);
}

TcpTrouble FlowTable::Impl::trouble_of(const FlowEntry& entry, std::size_t s) {
  const FlowPoint* point = entry.nearest(s);
  if (point == nullptr) return {};
  const PointSide& side = point->side[s];
  return {side.retransmits, side.out_of_order, side.zero_windows, side.rsts};
}

void FlowTable::Impl::tell_trouble(const FlowEntry& entry, std::size_t s,
                                   const TcpTrouble& before) {
  const TcpTrouble now = trouble_of(entry, s);
  const auto more = [](std::uint64_t to, std::uint64_t from) { return to > from ? to - from : 0; };
  const TcpTrouble difference{
      more(now.retransmits, before.retransmits), more(now.out_of_order, before.out_of_order),
      more(now.zero_windows, before.zero_windows), more(now.resets, before.resets)};
  if (difference.any()) observer_->on_tcp_trouble(s == entry.initiator(), difference);
}

void FlowTable::Impl::tell_later(std::uint32_t i) {
  entries_[i].handshake = HandshakeNews::kPending;
  handshakes_.push_back({i, entries_[i].id, entries_[i].last});
}

void FlowTable::Impl::tell_handshakes(Nanos now) {
  std::erase_if(handshakes_, [&](const Pending& pending) {
    FlowEntry& entry = entries_[pending.index];
    if (entry.id != pending.id) return true;  // ended: told then, or joined another
    if (nat_wait_ > 0 && now - pending.since < nat_wait_) return false;
    tell_handshake(entry);
    return true;
  });
}

void FlowTable::Impl::tell_handshake(FlowEntry& entry) {
  if (entry.handshake != HandshakeNews::kPending) return;
  entry.handshake = HandshakeNews::kTold;
  const std::size_t from = entry.initiator();
  const FlowPoint* best = nullptr;
  for (const FlowPoint& point : entry.points) {
    const PointSide& side = point.side[from];
    if (side.syn == 0 || side.ack <= side.syn) continue;
    if (best == nullptr || point_rank(point) < point_rank(*best)) best = &point;
  }
  if (best == nullptr) return;
  const PointSide& side = best->side[from];
  observer_->on_handshake(best->role, side.ack - side.syn);
}

void FlowTable::Impl::join_handshakes(std::uint32_t to, const FlowEntry& other) {
  FlowEntry& into = entries_[to];
  if (other.handshake == HandshakeNews::kTold) {
    if (into.handshake == HandshakeNews::kTold) ++handshakes_twice_;
    into.handshake = HandshakeNews::kTold;
  } else if (other.handshake == HandshakeNews::kPending && into.handshake == HandshakeNews::kNone) {
    tell_later(to);
  }
}

}  // namespace netprobe
