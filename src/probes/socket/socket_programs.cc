// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/socket_programs.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <array>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "abi/socket_abi.h"
#include "socket.skel.h"
#include "socket_direct.skel.h"
#include "socket_sweep.skel.h"

namespace netprobe {
namespace {

using Names = std::vector<const char*>;

struct Rung {
  SocketRung id;
  const char* name;
  Names programs;
  bool direct = false;  ///< the build whose reads are plain loads
};

const std::array<Rung, 4>& tcp_rungs() {
  static const std::array<Rung, 4> kRungs{{
      {SocketRung::kTracepoint,
       "tp_btf",
       {"netprobe_socket_state", "netprobe_socket_destroy"},
       true},
      {SocketRung::kTracepoint, "tp_btf", {"netprobe_socket_state", "netprobe_socket_destroy"}},
      {SocketRung::kRawTracepoint,
       "raw_tp",
       {"netprobe_socket_state_raw", "netprobe_socket_destroy_raw"}},
      {SocketRung::kKprobe,
       "kprobe",
       {"netprobe_socket_state_kprobe", "netprobe_socket_newborn_kprobe",
        "netprobe_socket_destroy_kprobe"}},
  }};
  return kRungs;
}

struct UdpRung {
  const char* name;
  Names programs;
};

/// Best first; the last is to do without.
std::vector<UdpRung> udp_rungs(const KernelFeatures& kernel) {
  const bool old = !kernel.at_least(5, 19);  // udp_recvmsg() lost an argument
  return {
      {"tp_btf", {"netprobe_udp_send", "netprobe_udp_recv"}},
      {"fexit",
       {"netprobe_udp4_send_fexit", "netprobe_udp6_send_fexit",
        old ? "netprobe_udp4_recv_fexit_old" : "netprobe_udp4_recv_fexit",
        old ? "netprobe_udp6_recv_fexit_old" : "netprobe_udp6_recv_fexit"}},
      {"kprobe",
       {"netprobe_udp4_send_kprobe", "netprobe_udp6_send_kprobe", "netprobe_udp4_send_kretprobe",
        "netprobe_udp6_send_kretprobe", "netprobe_udp_recv_kprobe"}},
      {"", {}},
  };
}

Status choose(const BpfObject& object, const Names& tcp, const Names& udp) {
  bpf_program* each = nullptr;
  for (const auto* group : {&tcp, &udp})
    for (const char* name : *group)
      if (object.program(name) == nullptr)
        return fail(fmt::format("the BPF object has no program {}", name));
  const auto wanted = [&](std::string_view name) {
    for (const auto* group : {&tcp, &udp})
      for (const char* other : *group)
        if (name == other) return true;
    return false;
  };
  for (const auto& name : object.program_names()) {
    each = object.program(name);
    bpf_program__set_autoload(each, wanted(name));
  }
  return {};
}

np_socket_config config_of(const SocketProgramOptions& options, const KernelFeatures& kernel,
                           const Rung& tcp) {
  np_socket_config config{};
  // The helper serves tracing programs since 5.12.
  config.has_cookie = tcp.id == SocketRung::kTracepoint && kernel.at_least(5, 12) ? 1 : 0;
  config.wake_at = options.ring_bytes / 8;
  config.tick_us = static_cast<__u32>(kernel.tick_ns / 1000);
  return config;
}

Result<BpfObject> load(const SocketProgramOptions& options, const KernelFeatures& kernel,
                       const Rung& tcp, const UdpRung& udp) {
  std::size_t size = 0;
  const void* elf = tcp.direct ? socket_direct_bpf__elf_bytes(&size) : socket_bpf__elf_bytes(&size);
  auto object = BpfObject::open("socket", {static_cast<const std::byte*>(elf), size});
  if (!object) return object;
  const std::pair<const char*, std::uint32_t> sizes[] = {
      {"connection_map", options.max_connections},
      {"socket_udp", options.max_udp_flows},
      {"socket_events", options.ring_bytes},
      {"socket_totals", static_cast<std::uint32_t>(kernel.possible_cpus)},
  };
  for (const auto& [map, entries] : sizes)
    if (auto s = object->set_max_entries(map, entries); !s) return std::unexpected(s.error());
  // Untyped programs may not allocate while they run, and none on PREEMPT_RT.
  if (tcp.id != SocketRung::kTracepoint || std::string_view(udp.name) == "kprobe" ||
      kernel.preempt_rt) {
    for (const char* map : {"connection_map", "socket_udp"})
      if (auto s = object->set_map_flags(map, 0); !s) return std::unexpected(s.error());
  }
  const auto config = config_of(options, kernel, tcp);
  if (auto s = object->set_rodata(config); !s) return std::unexpected(s.error());
  if (auto s = choose(*object, tcp.programs, udp.programs); !s) return std::unexpected(s.error());
  if (auto s = object->load(); !s) return std::unexpected(s.error());
  return object;
}

/// The iterators, over the maps of what has been loaded.
Result<BpfObject> load_sweeps(const BpfObject& shared, const np_socket_config& config) {
  std::size_t size = 0;
  const void* elf = socket_sweep_bpf__elf_bytes(&size);
  auto object = BpfObject::open("socket", {static_cast<const std::byte*>(elf), size});
  if (!object) return object;
  for (const char* map : {"connection_map", "socket_udp", "socket_events", "socket_totals"})
    if (auto s = object->reuse_map(map, shared.map_fd(map)); !s) return std::unexpected(s.error());
  if (auto s = object->set_rodata(config); !s) return std::unexpected(s.error());
  if (auto s = object->load(); !s) return std::unexpected(s.error());
  return object;
}

template <typename List>
Status attach(const BpfObject& object, const List& names, std::vector<BpfLink>& links) {
  for (const char* name : names) {
    BpfLink link(bpf_program__attach(object.program(name)));
    if (!link) return fail_errno(fmt::format("cannot attach {}", name));
    links.push_back(std::move(link));
  }
  return {};
}

Result<SocketPrograms> try_rung(const SocketProgramOptions& options, const KernelFeatures& kernel,
                                const Rung& tcp, const UdpRung& udp) {
  auto object = load(options, kernel, tcp, udp);
  if (!object) return std::unexpected(object.error());
  auto sweeps = load_sweeps(*object, config_of(options, kernel, tcp));
  if (!sweeps) return std::unexpected(sweeps.error());
  SocketPrograms programs{.object = std::move(*object),
                          .sweeps = std::move(*sweeps),
                          .udp_programs = {udp.programs.begin(), udp.programs.end()},
                          .rung = tcp.name,
                          .udp_rung = udp.name};
  if (auto s = attach(programs.object, tcp.programs, programs.links); !s)
    return std::unexpected(s.error());
  if (auto s = attach_udp(programs); !s) return std::unexpected(s.error());
  return programs;
}

/// Is there a kernel type of this name? Saves rungs that cannot be.
bool kernel_has(const btf* types, const char* name) {
  return types == nullptr || btf__find_by_name_kind(types, name, BTF_KIND_TYPEDEF) > 0;
}

bool may_load(const btf* types, const UdpRung& udp) {
  return std::string_view(udp.name) != "tp_btf" || kernel_has(types, "btf_trace_sock_send_length");
}

}  // namespace

Status attach_udp(SocketPrograms& programs) {
  auto status = attach(programs.object, programs.udp_programs, programs.udp_links);
  if (!status) programs.udp_links.clear();
  return status;
}

void LinkCloser::operator()(bpf_link* link) const { bpf_link__destroy(link); }

Result<SocketPrograms> load_socket_programs(const SocketProgramOptions& options,
                                            const KernelFeatures& kernel) {
  const std::unique_ptr<btf, void (*)(btf*)> types(btf__load_vmlinux_btf(), btf__free);
  std::optional<Error> first;
  std::string why;
  for (const Rung& tcp : tcp_rungs()) {
    if (options.rung != SocketRung::kAuto && options.rung != tcp.id) continue;
    if (tcp.direct && !kernel.at_least(5, 12)) continue;
    for (const UdpRung& udp : udp_rungs(kernel)) {
      // Kprobes need the other build; without UDP comes after that, too.
      if (tcp.direct && (*udp.name == 0 || std::string_view(udp.name) == "kprobe")) continue;
      // With --socket-rung=kprobe nothing better is taken for UDP either.
      if (options.rung == SocketRung::kKprobe && *udp.name != 0 &&
          std::string_view(udp.name) != "kprobe")
        continue;
      if (!may_load(types.get(), udp)) {
        why += "UDP: the kernel has no sock_send_length tracepoint (6.3); ";
        continue;
      }
      auto programs = try_rung(options, kernel, tcp, udp);
      if (programs) {
        programs->why = why;
        return programs;
      }
      if (!first) first = programs.error();
      why += fmt::format("not {}{}{}: {}; ", tcp.name, *udp.name != 0 ? " with UDP by " : "",
                         udp.name, programs.error().message);
    }
  }
  return std::unexpected(first.value_or(Error{"no way to see sockets was tried"}));
}

}  // namespace netprobe
