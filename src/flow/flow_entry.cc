// SPDX-License-Identifier: Apache-2.0
#include "flow/flow_entry.h"

#include <algorithm>
#include <utility>

namespace netprobe {

int point_rank(const FlowPoint& point) {
  // What is inside a tunnel was outside before or will be after: any plain
  // sight of it comes first. Among equals the way in is nearer to the sender.
  return point.depth * 64 + static_cast<int>(point.role) * 2 + static_cast<int>(point.direction);
}

namespace {

/// Of two points that are equally near, the one at the
/// older interface: the answer must not depend on who reported first.
bool nearer(const FlowPoint& a, const FlowPoint& b) {
  const int difference = point_rank(a) - point_rank(b);
  return difference != 0 ? difference < 0 : a.ifindex < b.ifindex;
}

}  // namespace

std::size_t FlowEntry::initiator() const {
  if (nat) return from;  // the connection tracker saw the first packet
  const auto& a = side[0];
  const auto& b = side[1];
  const bool a_began = a.sent_syn || b.sent_syn_ack;
  const bool b_began = b.sent_syn || a.sent_syn_ack;
  if (a_began != b_began) return a_began ? 0 : 1;
  if (a.first == 0 || b.first == 0) return a.first == 0 ? 1 : 0;
  return a.first <= b.first ? 0 : 1;
}

const FlowPoint* FlowEntry::nearest(std::size_t side_index) const {
  const FlowPoint* best = nullptr;
  for (const FlowPoint& point : points) {
    if (point.side[side_index].counters.packets == 0) continue;
    if (best == nullptr || nearer(point, *best)) best = &point;
  }
  return best;
}

Counters FlowEntry::total(std::size_t side_index) const {
  const FlowPoint* point = nearest(side_index);
  return point == nullptr ? Counters{} : point->side[side_index].counters;
}

namespace {

void add(PointSide& to, const PointSide& more) {
  to.counters += more.counters;
  to.syn = earliest(to.syn, more.syn);
  to.ack = earliest(to.ack, more.ack);
  to.syns += more.syns;
  to.fins += more.fins;
  to.rsts += more.rsts;
  to.retransmits += more.retransmits;
  to.out_of_order += more.out_of_order;
  to.zero_windows += more.zero_windows;
  to.tcp_flags |= more.tcp_flags;
}

void add(FlowSide& to, const FlowSide& more) {
  to.first = earliest(to.first, more.first);
  to.sent_syn = to.sent_syn || more.sent_syn;
  to.sent_syn_ack = to.sent_syn_ack || more.sent_syn_ack;
  to.sent_fin = to.sent_fin || more.sent_fin;
  to.sent_rst = to.sent_rst || more.sent_rst;
  to.first_rst = earliest(to.first_rst, more.first_rst);
}

}  // namespace

void absorb(FlowEntry& entry, const FlowEntry& other, bool turned, std::size_t most_points) {
  for (FlowPoint point : other.points) {
    point.translated = true;
    if (turned) {
      std::swap(point.side[0], point.side[1]);
      std::swap(point.outer_src, point.outer_dst);
    }
    if (entry.points.size() < most_points) {
      entry.points.push_back(point);
      continue;
    }
    for (std::size_t s = 0; s < 2; ++s) add(entry.points.back().side[s], point.side[s]);
  }
  for (std::size_t s = 0; s < 2; ++s) add(entry.side[s], other.side[turned ? 1 - s : s]);
  if (other.last > entry.last) {
    entry.dscp = other.dscp;
    entry.icmp = other.icmp;
    entry.last = other.last;
  }
  if (other.icmp_errors > 0) entry.last_icmp_error = other.last_icmp_error;
  entry.min_ttl = std::min(entry.min_ttl, other.min_ttl);
  entry.icmp_errors += other.icmp_errors;
  entry.fragments += other.fragments;
  if (other.carries != Tunnel::kNone) entry.carries = other.carries;
}

}  // namespace netprobe
