// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "bpf/kernel.h"
#include "bpf/name_maps.h"
#include "bpf/object.h"
#include "bpf/tunnel_maps.h"

namespace netprobe {

/// How the flow programs are built, sized and loaded.
struct FlowProgramOptions {
  /// Slots of the flow cache a CPU; rounded up to a power of two, at least 64.
  std::uint32_t slots_per_cpu = 32'768;
  std::uint32_t max_interfaces = 1024;  ///< rounded up likewise
  std::uint32_t ring_bytes = 4U << 20;  ///< a power of two and whole pages
  std::vector<std::uint16_t> vxlan_ports{4789, 8472};
  std::vector<std::uint16_t> geneve_ports{6081};
  bool look_inside_tunnels = true;
  bool tunnel_stats = true;          ///< keep vxlan_stats, where tunnels are looked into
  std::uint32_t max_tunnels = 8192;  ///< entries of vxlan_stats
  /// Tell of DNS messages and claims of neighbours; `names_per_window` of each a CPU and
  /// 17 ms at most, which bounds what a flood of them costs.
  bool names = false;
  std::uint32_t names_per_window = 64;
  std::uint32_t name_ring_bytes = 1U << 20;  ///< a power of two and whole pages
  bool replay = false;                       ///< time, length and interface come from the context
  bool force_preempt_rt = false;             ///< the build with atomics, for its tests
};

/// The loaded object and the sizes that it was loaded with.
struct FlowPrograms {
  BpfObject object;
  std::uint32_t cpus = 1;
  std::uint32_t sets_per_cpu = 0;
  std::uint32_t devices_per_cpu = 0;
  bool preempt_rt = false;
  bool tunnel_stats = false;
  bool names = false;
  long tick_ns = 0;  ///< length of a jiffy
};

[[nodiscard]] Result<FlowPrograms> load_flow_programs(const FlowProgramOptions& options,
                                                      const KernelFeatures& kernel);
/// The same for any object that is built on bpf/lib/flow_tc.h (benchmarks).
[[nodiscard]] Result<FlowPrograms> load_flow_programs(const FlowProgramOptions& options,
                                                      const KernelFeatures& kernel,
                                                      std::span<const std::byte> elf);

/// The maps in which the loaded programs count tunnels, as descriptors of
/// their own. An error: they were loaded without.
[[nodiscard]] Result<TunnelMaps> share_tunnel_maps(const FlowPrograms& programs);
/// The same of DNS messages and neighbours.
[[nodiscard]] Result<NameMaps> share_name_maps(const FlowPrograms& programs);

}  // namespace netprobe
