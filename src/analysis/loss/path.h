// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "analysis/loss/surroundings.h"
#include "model/flow_points.h"

namespace netprobe {

/// The places between observation points where a packet can be lost. Each is
/// entered at one kind of point and left at another; docs/losses.md draws them.
enum class Passage : std::uint8_t {
  kDecapsulation,  ///< inside a tunnel's packet on the way in → the tunnel device
  kFromPort,       ///< a bridge's or bond's port → its device, or another port
  kRouting,        ///< ingress → egress, through the IP layer
  kToPort,         ///< a bridge's or bond's device → a port
  kEncapsulation,  ///< the tunnel device → inside the tunnel's packet on the way out
  kLoopback,       ///< egress of lo → its ingress
};
inline constexpr std::size_t kPassages = 6;

/// One passage of one direction of a flow.
struct Crossing {
  /// Packets counted where it is entered: never more than really were.
  std::uint64_t entered = 0;
  /// Packets counted behind it: never less than really left it.
  std::uint64_t left = 0;
  /// kRouting: packets that came into this node, as far as seen.
  std::uint64_t came = 0;
  std::uint64_t entered_resets = 0;  ///< those with RST
  std::uint64_t left_resets = 0;
  std::uint32_t from = 0;  ///< ifindex; 0: nothing entered
  std::uint32_t to = 0;    ///< 0: nothing left
  Direction from_direction = Direction::kIngress;
  Direction to_direction = Direction::kIngress;
  /// The IP layer decided where to: the packet may end at this node.
  bool routed = false;
  bool tunnelled = false;   ///< inside a tunnel's packet at one of the two points
  bool left_moved = false;  ///< the point behind it grew since the last pass

  [[nodiscard]] bool seen_behind() const { return from != 0 && to != 0; }
};
using Path = std::array<Crossing, kPassages>;

/// What the points that saw direction `side` of a flow say of each passage.
/// Points that are no part of a path as a packet takes it through one node
/// give a path without crossings.
[[nodiscard]] Path path_of(const FlowPoints& flow, std::size_t side,
                           const LossSurroundings& surroundings);

/// True where no passage can have lost anything, told from the counters alone:
/// all points that saw a direction saw as much of it. Cheap, for the many.
[[nodiscard]] bool obviously_complete(const FlowPoints& flow);

}  // namespace netprobe
