// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/flow.h"

namespace netprobe {

/// One VNI between one pair of outer addresses, in one direction, at one
/// interface.
struct TunnelTraffic {
  Tunnel kind = Tunnel::kVxlan;
  std::uint32_t vni = 0;
  IpAddress outer_src;
  IpAddress outer_dst;
  Direction direction = Direction::kIngress;
  std::uint32_t ifindex = 0;
  std::string interface;
  Counters counters;            ///< tunnel packets; bytes of the outer IP packets
  std::uint64_t fragments = 0;  ///< of the packets, those that came as fragments
  /// The same packets are counted at an interface that stands on this one (its
  /// bridge, bond or VLAN): not in the totals again.
  bool counted_above = false;
  Nanos first_seen = 0;  ///< wall
  Nanos last_seen = 0;
};

/// Sums that only grow, each packet once. kind kNone: of all VNIs beyond the
/// first few hundred.
struct TunnelTotal {
  Tunnel kind = Tunnel::kVxlan;
  std::uint32_t vni = 0;
  Direction direction = Direction::kIngress;
  Counters counters;
};

/// A tunnel that was not known: its first packet.
struct NewTunnel {
  Nanos time = 0;  ///< wall
  Tunnel kind = Tunnel::kVxlan;
  std::uint32_t vni = 0;
  Direction direction = Direction::kIngress;
  std::string interface;
  IpAddress outer_src;
  IpAddress outer_dst;
  IpAddress inner_src;  ///< unspecified where no IP was inside
  IpAddress inner_dst;
  std::uint32_t packet_bytes = 0;  ///< of the outer IP packet
};

/// A tunnel device whose largest packets do not fit through its underlay.
struct MtuTrouble {
  std::string interface;  ///< the tunnel device
  std::string underlay;   ///< the device that the outer packets leave by
  std::string what;       ///< one sentence
  std::uint32_t inner_mtu = 0;
  std::uint32_t overhead = 0;
  std::uint32_t path_mtu = 0;  ///< of the underlay
};

struct TunnelReport {
  std::vector<TunnelTraffic> traffic;
  std::vector<TunnelTotal> totals;
  std::vector<NewTunnel> newest;  ///< newest last; a bounded number
  std::vector<MtuTrouble> mtu;
  std::uint64_t active = 0;  ///< pairs of endpoints and VNI seen lately, both directions as one
  std::uint64_t new_tunnels = 0;
  std::uint64_t folded_vnis = 0;  ///< rows of VNIs whose totals are together
  std::uint64_t folded = 0;       ///< packets of pairs that the map had no room for
};

/// Earliest ingress of one interface.
struct XdpState {
  std::uint32_t ifindex = 0;
  std::string interface;
  std::string mode;    ///< "native", "generic", or empty: not attached
  std::string reason;  ///< why this mode, or why not
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;  ///< link-layer bytes
  std::uint64_t dropped = 0;
  std::vector<std::pair<std::string, std::uint64_t>> classes;  ///< packets by what they are
};

}  // namespace netprobe
