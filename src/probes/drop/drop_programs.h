// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "bpf/kernel.h"
#include "bpf/object.h"
#include "probes/drop/reasons.h"

namespace netprobe {

struct DropProgramOptions {
  std::uint32_t table_entries = 16'384;  ///< of each of the two tables; half for tunnels
  bool stacks = false;
  bool look_inside_tunnels = true;
  std::vector<std::uint16_t> vxlan_ports;
  std::vector<std::uint16_t> geneve_ports;
};

/// The loaded and attached object. Detaches when it goes.
struct DropPrograms {
  BpfObject object;
  UniqueFd attached;
  std::string rung;
  std::string why;  ///< for this rung, or what was wrong with the better one
  std::uint32_t cpus = 1;
};

/// Takes the best rung that loads: typed tracepoint, else raw tracepoint; each
/// with the reason where this kernel's tracepoint has one.
[[nodiscard]] Result<DropPrograms> load_drop_programs(const DropProgramOptions& options,
                                                      const KernelFeatures& kernel,
                                                      const DropFacts& facts);

}  // namespace netprobe
