// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/unique_fd.h"

namespace netprobe {

/// The maps by which the flow programs tell of DNS messages and claims of neighbours
/// (abi/name_abi.h), for who reads them. Own descriptors, as of TunnelMaps.
struct NameMaps {
  UniqueFd events;  ///< name_events
  UniqueFd stats;   ///< name_stats, one np_name_stats a CPU
  std::uint32_t cpus = 0;
};

}  // namespace netprobe
