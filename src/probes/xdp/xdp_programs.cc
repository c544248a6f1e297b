// SPDX-License-Identifier: Apache-2.0
#include "probes/xdp/xdp_programs.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <bit>
#include <random>

#include "xdp.skel.h"
#include "xdp_block.skel.h"
#include "xdp_block_rt.skel.h"
#include "xdp_rt.skel.h"

namespace netprobe {
namespace {

// From 5.18 on, commit c2f2cdbeffda; headers of older releases lack the name.
constexpr std::uint32_t kFragmentedFrames = 1U << 5;

std::span<const std::byte> elf_of(bool preempt_rt, bool block) {
  std::size_t size = 0;
  const void* data = nullptr;
  if (block)
    data = preempt_rt ? xdp_block_rt_bpf__elf_bytes(&size) : xdp_block_bpf__elf_bytes(&size);
  else
    data = preempt_rt ? xdp_rt_bpf__elf_bytes(&size) : xdp_bpf__elf_bytes(&size);
  return {static_cast<const std::byte*>(data), size};
}

/// 7.5 to 15 bits of the filter a key: at most one address in 25 that is not there is
/// looked up in vain, but a million keys take 1 MiB, which stays in a processor's second
/// cache. Twice that halves what is looked up in vain, and costs each packet of a flood from
/// everywhere 30 ns more, because the filter's word is then further away. At least a page.
std::uint32_t filter_words(const PlaneRoom& room) {
  const std::size_t keys =
      room.addresses + room.feed_addresses + 2 * (room.networks + room.feed_networks);
  return std::bit_ceil(
      static_cast<std::uint32_t>(std::max<std::size_t>(keys / 8 - keys / 128, 512)));
}

Status size_block_maps(XdpPrograms& programs, const PlaneRoom& room) {
  const auto entries = [](std::size_t n) {
    return static_cast<std::uint32_t>(std::clamp<std::size_t>(n, 1, 1U << 24));
  };
  const std::pair<const char*, std::uint32_t> sizes[] = {
      {"block_filter", 2 * programs.filter_words}, {"xdp_block_stats", programs.cpus},
      {"xdp_blocklist", entries(room.addresses)},  {"xdp_blocknets", entries(room.networks)},
      {"xdp_feed", entries(room.feed_addresses)},  {"xdp_feednets", entries(room.feed_networks)}};
  for (const auto& [map, size] : sizes)
    if (auto s = programs.object.set_max_entries(map, size); !s) return s;
  return {};
}

}  // namespace

Result<XdpPrograms> load_xdp_programs(const XdpProgramOptions& options,
                                      const KernelFeatures& kernel,
                                      std::span<const std::byte> elf) {
  if (options.block && !kernel.at_least(5, 12)) {
    return fail("blocking in XDP needs Linux 5.12, for atomic operations with a result",
                ErrorKind::kUnsupported);
  }
  auto object = BpfObject::open(
      "xdp", elf.empty() ? elf_of(kernel.preempt_rt, options.block.has_value()) : elf);
  if (!object) return std::unexpected(object.error());
  XdpPrograms programs{std::move(*object)};
  programs.cpus = static_cast<std::uint32_t>(kernel.possible_cpus);
  if (options.vxlan_ports.size() > NP_TUNNEL_PORTS || options.geneve_ports.size() > NP_TUNNEL_PORTS)
    return fail("too many tunnel ports", ErrorKind::kUsage);
  np_xdp_config config{};
  config.device_mask = NP_XDP_DEVICES - 1;
  config.tunnels = 1;
  if (options.block) {
    std::random_device random;
    programs.filter_words = filter_words(*options.block);
    programs.filter_seed = std::uint64_t{random()} << 32U | random();
    config.filter_mask = programs.filter_words - 1;
    config.filter_seed = programs.filter_seed;
    if (auto s = size_block_maps(programs, *options.block); !s) return std::unexpected(s.error());
  }
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
