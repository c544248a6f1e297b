// SPDX-License-Identifier: Apache-2.0
#include "probes/flow/flow_programs.h"

#include <fcntl.h>

#include <algorithm>
#include <bit>
#include <random>

#include "abi/flow_abi.h"
#include "flow.skel.h"
#include "flow_rt.skel.h"

namespace netprobe {
namespace {

std::span<const std::byte> elf_of(bool preempt_rt) {
  std::size_t size = 0;
  const void* data = preempt_rt ? flow_rt_bpf__elf_bytes(&size) : flow_bpf__elf_bytes(&size);
  return {static_cast<const std::byte*>(data), size};
}

Status set_ports(const std::vector<std::uint16_t>& ports, __u16 (&to)[NP_TUNNEL_PORTS],
                 const char* what) {
  if (ports.size() > NP_TUNNEL_PORTS) {
    return fail(std::string("at most ") + std::to_string(NP_TUNNEL_PORTS) + " " + what +
                    " ports can be decoded",
                ErrorKind::kUsage);
  }
  std::ranges::copy(ports, to);
  return {};
}

}  // namespace

Result<FlowPrograms> load_flow_programs(const FlowProgramOptions& options,
                                        const KernelFeatures& kernel) {
  return load_flow_programs(options, kernel, elf_of(kernel.preempt_rt || options.force_preempt_rt));
}

Result<FlowPrograms> load_flow_programs(const FlowProgramOptions& options,
                                        const KernelFeatures& kernel,
                                        std::span<const std::byte> elf) {
  auto object = BpfObject::open("netprobe", elf);
  if (!object) return std::unexpected(object.error());
  FlowPrograms programs{std::move(*object)};
  programs.cpus = static_cast<std::uint32_t>(kernel.possible_cpus);
  programs.sets_per_cpu = std::bit_ceil(std::max(options.slots_per_cpu, 64U)) / NP_FLOW_WAYS;
  programs.devices_per_cpu = std::bit_ceil(std::max(options.max_interfaces, 16U));
  programs.preempt_rt = kernel.preempt_rt || options.force_preempt_rt;

  np_flow_config config{};
  config.set_mask = programs.sets_per_cpu - 1;
  config.device_mask = programs.devices_per_cpu - 1;
  config.hash_seed = std::random_device{}();
  programs.tick_ns = kernel.tick_ns;
  config.replay = options.replay ? 1 : 0;
  config.tunnels = options.look_inside_tunnels ? 1 : 0;
  programs.tunnel_stats = options.look_inside_tunnels && options.tunnel_stats;
  config.tunnel_stats = programs.tunnel_stats ? 1 : 0;
  programs.names = options.names && !options.replay;
  config.names = programs.names ? options.names_per_window : 0;
  config.tick_ns = static_cast<__u32>(kernel.tick_ns);
  if (auto s = set_ports(options.vxlan_ports, config.vxlan_port, "VXLAN"); !s)
    return std::unexpected(s.error());
  if (auto s = set_ports(options.geneve_ports, config.geneve_port, "Geneve"); !s)
    return std::unexpected(s.error());
  if (options.look_inside_tunnels)
    for (const auto* ports : {&options.vxlan_ports, &options.geneve_ports})
      for (const auto port : *ports) {
        config.tunnel_filter[0] |= 1ULL << (port % 64);
        config.tunnel_filter[1] |= 1ULL << (port / 64 % 64);
      }

  const std::pair<const char*, std::uint32_t> sizes[] = {
      {"flow_stats", programs.sets_per_cpu * programs.cpus},
      {"flow_details", programs.sets_per_cpu * programs.cpus},
      {"device_stats", programs.devices_per_cpu * programs.cpus},
      {"packet_stats", programs.cpus},
      {"flow_marks", programs.cpus},
      {"network_events", options.ring_bytes},
      {"vxlan_stats", programs.tunnel_stats ? options.max_tunnels : 1},
      {"name_stats", programs.cpus},
  };
  for (const auto& [map, entries] : sizes)
    if (auto s = programs.object.set_max_entries(map, entries); !s)
      return std::unexpected(s.error());
  if (programs.names)  // else it is a page
    if (auto s = programs.object.set_max_entries("name_events", options.name_ring_bytes); !s)
      return std::unexpected(s.error());
  if (auto s = programs.object.set_rodata(config); !s) return std::unexpected(s.error());
  if (options.replay)  // what a capture shows has one direction
    for (const auto* program : {"netprobe_tc_egress", "netprobe_tc_l3_egress"})
      programs.object.leave_out(program);
  if (auto s = programs.object.load(programs.tunnel_stats ? "vxlan" : ""); !s)
    return std::unexpected(s.error());
  return programs;
}

Result<TunnelMaps> share_tunnel_maps(const FlowPrograms& programs) {
  if (!programs.tunnel_stats)
    return fail("the flow programs look into no tunnel (--inspect-tunnels=false)");
  TunnelMaps maps;
  maps.cpus = programs.cpus;
  const std::pair<const char*, UniqueFd*> wanted[] = {{"vxlan_stats", &maps.stats},
                                                      {"vxlan_events", &maps.events},
                                                      {"packet_stats", &maps.classes}};
  for (const auto& [name, to] : wanted) {
    to->reset(::fcntl(programs.object.map_fd(name), F_DUPFD_CLOEXEC, 0));
    if (!*to) return fail_errno(std::string("cannot share the map ") + name);
  }
  return maps;
}

Result<NameMaps> share_name_maps(const FlowPrograms& programs) {
  if (!programs.names) return fail("the flow programs were loaded without (--enable-dns=false)");
  NameMaps maps;
  maps.cpus = programs.cpus;
  const std::pair<const char*, UniqueFd*> wanted[] = {{"name_events", &maps.events},
                                                      {"name_stats", &maps.stats}};
  for (const auto& [name, to] : wanted) {
    to->reset(::fcntl(programs.object.map_fd(name), F_DUPFD_CLOEXEC, 0));
    if (!*to) return fail_errno(std::string("cannot share the map ") + name);
  }
  return maps;
}

}  // namespace netprobe
