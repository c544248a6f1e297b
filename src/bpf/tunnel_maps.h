// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/unique_fd.h"

namespace netprobe {

/// The maps in which the flow programs count tunnels (abi/tunnel_abi.h), for
/// who reads them. Own descriptors: they outlive the programs, and then just
/// stand still.
struct TunnelMaps {
  UniqueFd stats;    ///< vxlan_stats
  UniqueFd events;   ///< vxlan_events
  UniqueFd classes;  ///< packet_stats, one np_packet_stats a CPU
  std::uint32_t cpus = 0;
};

}  // namespace netprobe
