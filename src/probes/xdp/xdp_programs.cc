// SPDX-License-Identifier: Apache-2.0
#include "probes/xdp/xdp_programs.h"

#include <bpf/libbpf.h>

#include <algorithm>

#include "xdp.skel.h"
#include "xdp_rt.skel.h"

namespace netprobe {
namespace {

// From 5.18 on, commit c2f2cdbeffda; headers of older releases lack the name.
constexpr std::uint32_t kFragmentedFrames = 1U << 5;

std::span<const std::byte> elf_of(bool preempt_rt) {
  std::size_t size = 0;
  const void* data = preempt_rt ? xdp_rt_bpf__elf_bytes(&size) : xdp_bpf__elf_bytes(&size);
  return {static_cast<const std::byte*>(data), size};
}

}  // namespace

Result<XdpPrograms> load_xdp_programs(const XdpProgramOptions& options,
                                      const KernelFeatures& kernel) {
  auto object = BpfObject::open("xdp", elf_of(kernel.preempt_rt));
  if (!object) return std::unexpected(object.error());
  XdpPrograms programs{std::move(*object)};
  programs.cpus = static_cast<std::uint32_t>(kernel.possible_cpus);
  if (options.vxlan_ports.size() > NP_TUNNEL_PORTS || options.geneve_ports.size() > NP_TUNNEL_PORTS)
    return fail("too many tunnel ports", ErrorKind::kUsage);
  np_xdp_config config{};
  config.device_mask = NP_XDP_DEVICES - 1;
  config.tunnels = 1;
  config.drop = options.drop ? 1 : 0;
  std::ranges::copy(options.vxlan_ports, config.vxlan_port);
  std::ranges::copy(options.geneve_ports, config.geneve_port);
  if (kernel.at_least(5, 18)) {
    // A driver gives a program frames beyond a page only if it says it can.
    bpf_program* program = programs.object.program("netprobe_xdp");
    if (program != nullptr &&
        bpf_program__set_flags(program, bpf_program__flags(program) | kFragmentedFrames) == 0)
      config.fragmented_frames = 1;
  }
  if (auto s = programs.object.set_max_entries("xdp_stats", NP_XDP_DEVICES * programs.cpus); !s)
    return std::unexpected(s.error());
  if (auto s = programs.object.set_rodata(config); !s) return std::unexpected(s.error());
  if (auto s = programs.object.load(); !s) return std::unexpected(s.error());
  return programs;
}

}  // namespace netprobe
