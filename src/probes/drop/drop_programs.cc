// SPDX-License-Identifier: Apache-2.0
#include "probes/drop/drop_programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <span>

#include "abi/drop_abi.h"
#include "drop.skel.h"
#include "drop_raw.skel.h"

namespace netprobe {
namespace {

constexpr const char* kTracepoint = "kfree_skb";
constexpr const char* kWithReason = "netprobe_drop";
constexpr const char* kWithoutReason = "netprobe_drop_place";
constexpr std::uint32_t kStacks = 2048;

struct Rung {
  const char* name;
  bool raw;
};
constexpr std::array kRungs{Rung{"tp_btf/kfree_skb", false}, Rung{"raw_tp/kfree_skb", true}};

std::span<const std::byte> elf_of(const Rung& rung) {
  std::size_t size = 0;
  const void* data = rung.raw ? drop_raw_bpf__elf_bytes(&size) : drop_bpf__elf_bytes(&size);
  return {static_cast<const std::byte*>(data), size};
}

Status configure(BpfObject& object, const DropProgramOptions& options, const KernelFeatures& kernel,
                 const DropFacts& facts) {
  np_drop_config config{};
  const auto& skip = facts.reasons.not_drops();
  config.skips = static_cast<__u32>(std::min(skip.size(), std::size(config.skip)));
  std::copy_n(skip.begin(), config.skips, config.skip);
  config.stacks = options.stacks ? 1 : 0;
  config.tunnels = options.look_inside_tunnels ? 1 : 0;
  if (std::max(options.vxlan_ports.size(), options.geneve_ports.size()) > NP_TUNNEL_PORTS)
    return fail("at most four VXLAN and four Geneve ports");
  std::ranges::copy(options.vxlan_ports, config.vxlan_port);
  std::ranges::copy(options.geneve_ports, config.geneve_port);
  const std::pair<const char*, std::uint32_t> sizes[] = {
      {"drop_stats_0", options.table_entries},
      {"drop_stats_1", options.table_entries},
      {"drop_tunnels_0", options.look_inside_tunnels ? options.table_entries / 2 : 1},
      {"drop_tunnels_1", options.look_inside_tunnels ? options.table_entries / 2 : 1},
      {"drop_cpus", static_cast<std::uint32_t>(kernel.possible_cpus)},
      {"drop_stacks", options.stacks ? kStacks : 1},
  };
  for (const auto& [map, entries] : sizes)
    if (auto s = object.set_max_entries(map, entries); !s) return s;
  return object.set_rodata(config);
}

Result<DropPrograms> try_rung(const Rung& rung, const DropProgramOptions& options,
                              const KernelFeatures& kernel, const DropFacts& facts) {
  auto object = BpfObject::open("drop", elf_of(rung));
  if (!object) return std::unexpected(object.error());
  if (auto s = configure(*object, options, kernel, facts); !s) return std::unexpected(s.error());
  const bool reason = facts.tracepoint.has_reason;
  // The other one reads what this kernel has not, or does not read what it has.
  object->leave_out(reason ? kWithoutReason : kWithReason);
  if (auto s = object->load(); !s) return std::unexpected(s.error());
  const int program = object->program_fd(reason ? kWithReason : kWithoutReason);
  // Typed programs name their tracepoint themselves.
  UniqueFd attached(bpf_raw_tracepoint_open(rung.raw ? kTracepoint : nullptr, program));
  if (!attached) return fail_errno(std::string("cannot attach to ") + rung.name);
  return DropPrograms{std::move(*object), std::move(attached),
                      std::string(rung.name) + (reason ? " with reason" : ""),
                      reason ? "" : "this kernel tells no reasons: they came with 5.17",
                      static_cast<std::uint32_t>(kernel.possible_cpus)};
}

}  // namespace

Result<DropPrograms> load_drop_programs(const DropProgramOptions& options,
                                        const KernelFeatures& kernel, const DropFacts& facts) {
  Error first;
  for (const Rung& rung : kRungs) {
    auto programs = try_rung(rung, options, kernel, facts);
    if (programs) {
      if (!first.message.empty())
        programs->why = first.message + (programs->why.empty() ? "" : "; " + programs->why);
      return programs;
    }
    if (first.message.empty()) first = programs.error();
  }
  return std::unexpected(first);
}

}  // namespace netprobe
