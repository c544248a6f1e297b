// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "abi/block_abi.h"
#include "abi/xdp_abi.h"
#include "base/result.h"
#include "bpf/kernel.h"
#include "bpf/object.h"
#include "model/block.h"

namespace netprobe {

struct XdpProgramOptions {
  std::vector<std::uint16_t> vxlan_ports{4789, 8472};
  std::vector<std::uint16_t> geneve_ports{6081};
  /// With it: the build that has the block stage (docs/response.md), with maps
  /// of these sizes.
  std::optional<PlaneRoom> block;
};

struct XdpPrograms {
  BpfObject object;
  std::uint32_t cpus = 1;
  // Of the block stage; 0 without.
  std::uint32_t filter_words = 0;  ///< of one half of block_filter
  std::uint64_t filter_seed = 0;
};

/// Program netprobe_xdp and its maps. `elf`: another object with the same maps, for
/// benchmarks; it must outlive the programs.
[[nodiscard]] Result<XdpPrograms> load_xdp_programs(const XdpProgramOptions& options,
                                                    const KernelFeatures& kernel,
                                                    std::span<const std::byte> elf = {});

}  // namespace netprobe
