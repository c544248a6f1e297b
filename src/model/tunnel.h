// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/flow.h"

namespace netprobe {

/// One VNI between one pair of outer addresses, in one direction.
struct TunnelTraffic {
  Tunnel kind = Tunnel::kVxlan;
  std::uint32_t vni = 0;
  IpAddress outer_src;
  IpAddress outer_dst;
  Direction direction = Direction::kIngress;
  Counters counters;     ///< inner packets; bytes of the outer IP packets
  Nanos first_seen = 0;  ///< wall
  Nanos last_seen = 0;
};

/// Something about a tunnel's path that loses large packets.
struct MtuTrouble {
  std::string interface;  ///< the tunnel device, or the uplink
  std::string what;       ///< one sentence
  std::uint32_t inner_mtu = 0;
  std::uint32_t path_mtu = 0;
  std::uint64_t packets = 0;  ///< that did not fit, as far as seen
  FlowTuple flow;             ///< an example; unset without
};

struct TunnelReport {
  std::vector<TunnelTraffic> traffic;
  std::vector<MtuTrouble> mtu;
  std::uint64_t active = 0;  ///< pairs of endpoints and VNI seen lately, both directions as one
  std::uint64_t new_tunnels = 0;
  std::uint64_t folded = 0;  ///< packets of pairs that the map had no room for
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
