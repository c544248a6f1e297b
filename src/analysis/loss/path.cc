// SPDX-License-Identifier: Apache-2.0
#include "analysis/loss/path.h"

#include <algorithm>

namespace netprobe {
namespace {

/// Points of one kind that saw one direction of a flow.
struct Kind {
  std::uint64_t sum = 0;
  std::uint64_t most = 0;  ///< of one point
  std::uint64_t most_resets = 0;
  std::uint64_t resets = 0;
  std::uint32_t ifindex = 0;  ///< of the point that saw most
  bool moved = false;

  void add(const PointCount& point, std::size_t side) {
    sum += point.packets[side];
    resets += point.resets[side];
    moved = moved || point.moved[side];
    if (point.packets[side] <= most) return;
    most = point.packets[side];
    most_resets = point.resets[side];
    ifindex = point.ifindex;
  }
};

std::uint64_t above(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; }

struct Kinds {
  Kind in_inner;    ///< ingress, inside a tunnel's packet
  Kind in_port;     ///< ingress, plain, of a port
  Kind in_stack;    ///< ingress, plain, of others: it goes to the IP layer
  Kind in_tunnel;   ///< ingress, plain, of tunnel devices, port or not
  Kind out_stack;   ///< egress, plain, not of a port
  Kind out_master;  ///< those of them that have ports
  Kind out_tunnel;  ///< egress, plain, of tunnel devices, port or not
  Kind out_port;    ///< egress, plain, of a port
  Kind out_inner;   ///< egress, inside a tunnel's packet, not of a port
  Kind out_inner_master;
  Kind out_inner_port;
  Kind loop_out;
  Kind loop_in;

  /// Packets that left through ports without passing the device above them:
  /// they were switched.
  [[nodiscard]] std::uint64_t switched() const { return above(out_port.sum, out_master.sum); }
  [[nodiscard]] std::uint64_t inner() const {
    return out_inner.sum + above(out_inner_port.sum, out_inner_master.sum);
  }
  /// Tunnelled packets whose way to the tunnel nobody saw.
  [[nodiscard]] std::uint64_t stray_inner() const { return above(inner(), out_tunnel.sum); }
};

bool is_master(std::uint32_t ifindex, bool inner, const FlowPoints& flow, std::size_t side,
               const LossSurroundings& surroundings) {
  const LossInterface* self = surroundings.interface(ifindex);
  if (self != nullptr && self->bridge) return true;
  return std::ranges::any_of(flow.points, [&](const PointCount& point) {
    if (point.packets[side] == 0 || (point.depth > 0) != inner) return false;
    const LossInterface* other = surroundings.interface(point.ifindex);
    return other != nullptr && other->master == ifindex;
  });
}

void sort_in(Kinds& kinds, const PointCount& point, std::uint32_t master, std::size_t side) {
  if (point.depth > 0) return kinds.in_inner.add(point, side);
  if (point.role == Role::kTunnel) kinds.in_tunnel.add(point, side);
  (master != 0 ? kinds.in_port : kinds.in_stack).add(point, side);
}

void sort_out(Kinds& kinds, const PointCount& point, std::uint32_t master, bool above_ports,
              std::size_t side) {
  if (point.depth > 0) {
    (master != 0 ? kinds.out_inner_port : kinds.out_inner).add(point, side);
    if (above_ports) kinds.out_inner_master.add(point, side);
    return;
  }
  if (point.role == Role::kTunnel) kinds.out_tunnel.add(point, side);
  (master != 0 ? kinds.out_port : kinds.out_stack).add(point, side);
  if (above_ports) kinds.out_master.add(point, side);
}

Kinds kinds_of(const FlowPoints& flow, std::size_t side, const LossSurroundings& surroundings) {
  Kinds kinds;
  for (const PointCount& point : flow.points) {
    if (point.packets[side] == 0) continue;
    const bool in = point.direction == Direction::kIngress;
    if (point.role == Role::kLoopback) {
      (in ? kinds.loop_in : kinds.loop_out).add(point, side);
      continue;
    }
    const LossInterface* interface = surroundings.interface(point.ifindex);
    const std::uint32_t master = interface == nullptr ? 0 : interface->master;
    if (in) {
      sort_in(kinds, point, master, side);
    } else {
      const bool above_ports = is_master(point.ifindex, point.depth > 0, flow, side, surroundings);
      sort_out(kinds, point, master, above_ports, side);
    }
  }
  return kinds;
}

void enter(Crossing& crossing, const Kind& kind, Direction direction) {
  crossing.entered = kind.most;
  crossing.entered_resets = kind.most_resets;
  crossing.from = kind.ifindex;
  crossing.from_direction = direction;
}

void leave(Crossing& crossing, std::uint64_t packets, const Kind& kind, Direction direction) {
  crossing.left = packets;
  crossing.left_resets = kind.resets;
  crossing.to = kind.ifindex;
  crossing.left_moved = kind.moved;
  crossing.to_direction = direction;
}

/// Where packets that left the IP layer were seen most; inside a tunnel where
/// its device, if it has one, is not watched.
const Kind& way_out(const Kinds& k) {
  if (k.out_stack.sum > 0) return k.out_stack;
  return k.out_port.sum > 0 ? k.out_port : k.out_inner;
}

// A packet that was seen further on was not lost before: what counts as having
// left a passage is whatever is known of the way behind it, not the next point
// alone. Programs and offloads that skip a point then make no loss.

void from_port(Path& path, const Kinds& k) {
  Crossing& c = path[static_cast<std::size_t>(Passage::kFromPort)];
  enter(c, k.in_port, Direction::kIngress);
  const std::uint64_t up = std::max(k.in_stack.sum, k.out_stack.sum);
  const std::uint64_t left = up + k.switched() + k.stray_inner();
  if (k.switched() > up) {
    leave(c, left, k.out_port, Direction::kEgress);
  } else if (k.in_stack.sum > 0) {
    leave(c, left, k.in_stack, Direction::kIngress);
  } else {
    // The port of a VRF, or something unusual: no device above it was passed.
    c.routed = true;
    leave(c, left, way_out(k), Direction::kEgress);
  }
}

void decapsulation(Path& path, const Kinds& k) {
  Crossing& c = path[static_cast<std::size_t>(Passage::kDecapsulation)];
  enter(c, k.in_inner, Direction::kIngress);
  c.tunnelled = true;
  const std::uint64_t further =
      std::max(k.in_stack.sum, k.out_stack.sum) + k.switched() + k.stray_inner();
  if (k.in_tunnel.sum > 0) {
    leave(c, std::max(k.in_tunnel.sum, further), k.in_tunnel, Direction::kIngress);
  } else {
    // Packets that only pass this node in their tunnel, or go straight on.
    c.routed = true;
    leave(c, further, way_out(k), Direction::kEgress);
  }
}

void routing(Path& path, const Kinds& k) {
  Crossing& c = path[static_cast<std::size_t>(Passage::kRouting)];
  enter(c, k.in_stack, Direction::kIngress);
  c.came = std::max({k.in_stack.sum, k.in_port.sum, k.in_inner.sum});
  c.routed = true;
  leave(c, k.out_stack.sum + k.switched() + k.stray_inner(), way_out(k), Direction::kEgress);
  c.tunnelled = &way_out(k) == &k.out_inner && k.out_inner.sum > 0;
}

void to_port(Path& path, const Kinds& k) {
  Crossing& c = path[static_cast<std::size_t>(Passage::kToPort)];
  enter(c, k.out_master, Direction::kEgress);
  leave(c, k.out_port.sum, k.out_port, Direction::kEgress);
}

void encapsulation(Path& path, const Kinds& k) {
  Crossing& c = path[static_cast<std::size_t>(Passage::kEncapsulation)];
  enter(c, k.out_tunnel, Direction::kEgress);
  c.tunnelled = true;
  leave(c, k.inner(), k.out_inner.sum > 0 ? k.out_inner : k.out_inner_port, Direction::kEgress);
}

}  // namespace

Path path_of(const FlowPoints& flow, std::size_t side, const LossSurroundings& surroundings) {
  const Kinds k = kinds_of(flow, side, surroundings);
  Path path;
  if (k.loop_out.sum > 0 || k.loop_in.sum > 0) {
    const bool elsewhere = k.in_inner.sum + k.in_port.sum + k.in_stack.sum + k.out_stack.sum +
                               k.out_port.sum + k.inner() >
                           0;
    if (elsewhere) return path;
    Crossing& c = path[static_cast<std::size_t>(Passage::kLoopback)];
    enter(c, k.loop_out, Direction::kEgress);
    leave(c, k.loop_in.sum, k.loop_in, Direction::kIngress);
    return path;
  }
  decapsulation(path, k);
  from_port(path, k);
  routing(path, k);
  to_port(path, k);
  encapsulation(path, k);
  return path;
}

bool obviously_complete(const FlowPoints& flow) {
  for (std::size_t side = 0; side < 2; ++side) {
    std::uint64_t count = 0;
    bool into_tunnel = false;  // or into a bridge: a packet must come out again
    bool out = false;
    for (const PointCount& point : flow.points) {
      const std::uint64_t packets = point.packets[side];
      if (packets == 0) continue;
      if (count != 0 && packets != count) return false;
      count = packets;
      if (point.direction != Direction::kEgress) continue;
      const bool device = point.role == Role::kTunnel || point.role == Role::kBridge;
      (device && point.depth == 0 ? into_tunnel : out) = true;
    }
    if (into_tunnel && !out) return false;
  }
  return true;
}

}  // namespace netprobe
