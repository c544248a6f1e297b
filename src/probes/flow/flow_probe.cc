// SPDX-License-Identifier: Apache-2.0
#include "probes/flow/flow_probe.h"

#include <linux/if_arp.h>

#include <algorithm>
#include <array>

namespace netprobe {
namespace {

/// A program that was running when its hook went is over after an RCU grace
/// period; this is many of them.
constexpr Nanos kRetireAfter = 500 * kMillisecond;

constexpr std::array<std::string_view, NP_PKT_TUNNEL_EVENT_LOST + 1> kClassNames{
    "ipv4",
    "ipv6",
    "tcp",
    "udp",
    "icmp",
    "icmp6",
    "sctp",
    "other_l4",
    "arp",
    "non_ip",
    "malformed",
    "vlan",
    "mpls",
    "ipv4_options",
    "ipv6_extensions",
    "fragments",
    "fragments_joined",
    "vxlan",
    "geneve",
    "gre",
    "ipip",
    "gso",
    "slow_path",
    "unknown_device",
    "evicted",
    "ring_full",
    "set_busy",
    "tunnel_folded",
    "tunnel_event_lost"};

constexpr std::array<std::string_view, NP_FAST_CLASSES> kFastNames{
    "fast_ipv4_tcp", "fast_ipv4_udp", "fast_ipv6_tcp", "fast_ipv6_udp"};

bool has_ethernet_header(std::uint16_t link_type) {
  return link_type == ARPHRD_ETHER || link_type == ARPHRD_LOOPBACK;
}

std::uint64_t sum_of(const MappedArray<np_packet_stats>& stats, np_packet_class which) {
  std::uint64_t sum = 0;
  for (std::size_t cpu = 0; cpu < stats.size(); ++cpu)
    sum += __atomic_load_n(&stats[cpu].count[which], __ATOMIC_RELAXED);
  return sum;
}

}  // namespace

FlowProbe::FlowProbe(FlowPrograms programs, CacheReader reader, DeviceTable devices,
                     MappedArray<np_packet_stats> classes, TcMode mode, std::string why)
    : programs_(std::move(programs)),
      reader_(std::move(reader)),
      devices_(std::move(devices)),
      classes_(std::move(classes)),
      mode_(mode),
      why_(std::move(why)) {}

Result<FlowProbe> FlowProbe::make(const FlowProgramOptions& options, TcMode mode,
                                  const KernelFeatures& kernel) {
  std::string why;
  if (mode == TcMode::kAuto) {
    // Decided once, so that all interfaces are alike; 6.6 has TCX.
    mode = kernel.at_least(6, 6) ? TcMode::kTcx : TcMode::kClsact;
    why = mode == TcMode::kTcx ? "the kernel has TCX links"
                               : "kernel " + kernel.release + " has no TCX (6.6)";
  } else {
    why = "asked for by --tc-mode";
  }
  auto programs = load_flow_programs(options, kernel);
  FlowProgramOptions fewer = options;
  std::string no_names;
  if (!programs && options.names) {
    // What tells of names may be what this kernel does not take.
    std::string why_not = programs.error().message;
    fewer.names = false;
    programs = load_flow_programs(fewer, kernel);
    if (programs) no_names = std::move(why_not);
  }
  std::string no_tunnel_stats;
  if (!programs && options.tunnel_stats) {
    // Or what counts tunnels.
    no_tunnel_stats = programs.error().message;
    fewer.names = options.names;
    fewer.tunnel_stats = false;
    programs = load_flow_programs(fewer, kernel);
    if (!programs && options.names) {
      no_names = no_tunnel_stats;
      fewer.names = false;
      programs = load_flow_programs(fewer, kernel);
    }
  }
  if (!programs) return std::unexpected(programs.error());
  if (programs->preempt_rt) why += "; PREEMPT_RT build";
  auto reader = CacheReader::make(*programs);
  if (!reader) return std::unexpected(reader.error());
  auto devices = DeviceTable::make(*programs);
  if (!devices) return std::unexpected(devices.error());
  auto classes =
      MappedArray<np_packet_stats>::make(programs->object.map_fd("packet_stats"), programs->cpus);
  if (!classes) return std::unexpected(classes.error());
  FlowProbe probe(std::move(*programs), std::move(*reader), std::move(*devices),
                  std::move(*classes), mode, std::move(why));
  probe.no_names_ = std::move(no_names);
  probe.no_tunnel_stats_ = std::move(no_tunnel_stats);
  return probe;
}

Result<TunnelMaps> FlowProbe::tunnel_maps() const {
  if (!no_tunnel_stats_.empty()) return fail(no_tunnel_stats_);
  return share_tunnel_maps(programs_);
}

Result<NameMaps> FlowProbe::name_maps() const {
  if (!no_names_.empty()) return fail(no_names_);
  return share_name_maps(programs_);
}

Status FlowProbe::attach(const InterfaceInfo& link) {
  if (attached(link.ifindex)) return {};
  retiring_.erase(link.ifindex);
  if (auto s = devices_.claim(link.ifindex); !s) return s;
  const bool ethernet = has_ethernet_header(link.link_type);
  const auto make = [&](std::string_view program, Direction direction) {
    return TcAttachment::make(programs_.object.program(program), link.ifindex, direction, mode_);
  };
  const auto give_up = [&](const Error& error) -> Status {
    // The first hook may have counted already: its numbers stay in the sums.
    retiring_[link.ifindex] = 0;
    if (error.code == ENODEV) return std::unexpected(Error{error.message, ErrorKind::kNotFound});
    return std::unexpected(error);
  };
  auto ingress =
      make(ethernet ? "netprobe_tc_ingress" : "netprobe_tc_l3_ingress", Direction::kIngress);
  if (!ingress) return give_up(ingress.error());
  auto egress = make(ethernet ? "netprobe_tc_egress" : "netprobe_tc_l3_egress", Direction::kEgress);
  if (!egress) return give_up(egress.error());
  hooks_.emplace(link.ifindex, Hook{std::move(*ingress), std::move(*egress)});
  return {};
}

void FlowProbe::detach(std::uint32_t ifindex, bool gone, Nanos now) {
  const auto found = hooks_.find(ifindex);
  if (found == hooks_.end()) return;
  if (gone) {
    found->second.ingress.abandon();
    found->second.egress.abandon();
  }
  hooks_.erase(found);
  retiring_[ifindex] = now;
}

std::string_view FlowProbe::mode_of(std::uint32_t ifindex) const {
  const auto found = hooks_.find(ifindex);
  return found == hooks_.end() ? "" : to_string(found->second.ingress.mode());
}

std::vector<FlowProbe::Retired> FlowProbe::take_retired(Nanos now) {
  std::vector<Retired> result;
  for (auto it = retiring_.begin(); it != retiring_.end();) {
    if (now - it->second < kRetireAfter) {
      ++it;
      continue;
    }
    result.push_back({it->first, devices_.read(it->first, Direction::kIngress),
                      devices_.read(it->first, Direction::kEgress)});
    devices_.release(it->first);
    it = retiring_.erase(it);
  }
  return result;
}

ProbeStatus FlowProbe::status() const {
  ProbeStatus status;
  status.name = "flow";
  status.state = ProbeState::kOn;
  status.rung = to_string(mode_);
  status.why = why_;
  status.kernel_need = "5.8 (TCX: 6.6)";
  status.programs = programs_.object.program_stats();
  const auto& stats = reader_.stats();
  status.events = stats.records;
  status.lost = {{"flow_probe", "bad_record", stats.bad_records},
                 {"flow_probe", "unknown_device", sum_of(classes_, NP_PKT_UNKNOWN_DEV)}};
  return status;
}

std::vector<std::pair<std::string, std::uint64_t>> FlowProbe::packet_classes() const {
  std::vector<std::pair<std::string, std::uint64_t>> result;
  result.reserve(kFastNames.size() + kClassNames.size());
  const auto fast = devices_.fast_classes();
  for (std::size_t i = 0; i < fast.size(); ++i) result.emplace_back(kFastNames[i], fast[i]);
  for (std::size_t i = 0; i < kClassNames.size(); ++i)
    result.emplace_back(kClassNames[i], sum_of(classes_, static_cast<np_packet_class>(i)));
  return result;
}

}  // namespace netprobe
