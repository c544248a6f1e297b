// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "abi/xdp_abi.h"
#include "base/result.h"
#include "bpf/kernel.h"
#include "bpf/object.h"

namespace netprobe {

struct XdpProgramOptions {
  std::vector<std::uint16_t> vxlan_ports{4789, 8472};
  std::vector<std::uint16_t> geneve_ports{6081};
  /// Drop packets from the sources in xdp_blocklist. No flag sets it.
  bool drop = false;
};

struct XdpPrograms {
  BpfObject object;
  std::uint32_t cpus = 1;
};

/// Program netprobe_xdp and its maps.
[[nodiscard]] Result<XdpPrograms> load_xdp_programs(const XdpProgramOptions& options,
                                                    const KernelFeatures& kernel);

}  // namespace netprobe
