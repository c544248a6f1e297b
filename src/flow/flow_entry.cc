// SPDX-License-Identifier: Apache-2.0
#include "flow/flow_entry.h"

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

}  // namespace netprobe
