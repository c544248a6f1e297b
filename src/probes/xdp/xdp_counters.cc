// SPDX-License-Identifier: Apache-2.0
#include "probes/xdp/xdp_counters.h"

#include <array>

namespace netprobe {
namespace {

std::uint64_t load(const __u64& counter) { return __atomic_load_n(&counter, __ATOMIC_RELAXED); }

struct Class {
  const char* name;
  np_packet_class slow;
};
constexpr std::array kClasses{Class{"ipv4", NP_PKT_IPV4},
                              Class{"ipv6", NP_PKT_IPV6},
                              Class{"arp", NP_PKT_ARP},
                              Class{"non_ip", NP_PKT_NON_IP},
                              Class{"malformed", NP_PKT_MALFORMED},
                              Class{"tcp", NP_PKT_TCP},
                              Class{"udp", NP_PKT_UDP},
                              Class{"icmp", NP_PKT_ICMP},
                              Class{"icmp6", NP_PKT_ICMP6},
                              Class{"sctp", NP_PKT_SCTP},
                              Class{"other_l4", NP_PKT_OTHER_L4},
                              Class{"vlan", NP_PKT_VLAN},
                              Class{"mpls", NP_PKT_MPLS},
                              Class{"ipv4_options", NP_PKT_IPV4_OPTIONS},
                              Class{"fragments", NP_PKT_FRAGMENTS},
                              Class{"ipv6_extensions", NP_PKT_IPV6_EXTENSIONS},
                              Class{"vxlan", NP_PKT_VXLAN},
                              Class{"geneve", NP_PKT_GENEVE},
                              Class{"gre", NP_PKT_GRE},
                              Class{"ipip", NP_PKT_IPIP},
                              Class{"slow_path", NP_PKT_SLOW_PATH},
                              Class{"busy", NP_PKT_SET_BUSY}};

/// What the fast parser took, by the same classes.
std::uint64_t fast_of(const std::array<std::uint64_t, NP_FAST_CLASSES>& fast,
                      np_packet_class which) {
  switch (which) {
    case NP_PKT_IPV4:
      return fast[NP_FAST_IPV4_TCP] + fast[NP_FAST_IPV4_UDP];
    case NP_PKT_IPV6:
      return fast[NP_FAST_IPV6_TCP] + fast[NP_FAST_IPV6_UDP];
    case NP_PKT_TCP:
      return fast[NP_FAST_IPV4_TCP] + fast[NP_FAST_IPV6_TCP];
    case NP_PKT_UDP:
      return fast[NP_FAST_IPV4_UDP] + fast[NP_FAST_IPV6_UDP];
    default:
      return 0;
  }
}

}  // namespace

Result<XdpCounterTable> XdpCounterTable::make(const XdpPrograms& programs) {
  auto stats =
      MappedArray<np_xdp_stats>::make(programs.object.map_fd("xdp_stats"),
                                      static_cast<std::size_t>(NP_XDP_DEVICES) * programs.cpus);
  if (!stats) return std::unexpected(stats.error());
  return XdpCounterTable(std::move(*stats), programs.cpus);
}

Status XdpCounterTable::claim(std::uint32_t ifindex) {
  if (slots_.contains(ifindex)) return {};
  for (std::uint32_t probe = 0; probe < NP_DEVICE_PROBES; ++probe) {
    const std::uint32_t slot = (ifindex + probe) & (NP_XDP_DEVICES - 1);
    if (stats_[slot].ifindex != 0) continue;
    for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
      np_xdp_stats& stats = stats_[cpu * NP_XDP_DEVICES + slot];
      stats = np_xdp_stats{};
      __atomic_store_n(&stats.ifindex, ifindex, __ATOMIC_RELEASE);
    }
    slots_.emplace(ifindex, slot);
    return {};
  }
  return fail("XDP is at too many interfaces already");
}

void XdpCounterTable::release(std::uint32_t ifindex) {
  const auto found = slots_.find(ifindex);
  if (found == slots_.end()) return;
  for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu)
    stats_[cpu * NP_XDP_DEVICES + found->second] = np_xdp_stats{};
  slots_.erase(found);
}

XdpCounters XdpCounterTable::read(std::uint32_t ifindex) const {
  XdpCounters sum;
  const auto found = slots_.find(ifindex);
  if (found == slots_.end()) return sum;
  std::array<std::uint64_t, NP_FAST_CLASSES> fast{};
  std::array<std::uint64_t, NP_XDP_CLASSES> slow{};
  for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
    const np_xdp_stats& stats = stats_[cpu * NP_XDP_DEVICES + found->second];
    sum.packets += load(stats.packets);
    sum.bytes += load(stats.bytes);
    sum.dropped += load(stats.dropped);
    for (std::size_t i = 0; i < fast.size(); ++i) fast[i] += load(stats.fast[i]);
    for (std::size_t i = 0; i < slow.size(); ++i) slow[i] += load(stats.classes[i]);
  }
  for (const Class& one : kClasses)
    sum.classes.emplace_back(one.name, slow[one.slow] + fast_of(fast, one.slow));
  return sum;
}

}  // namespace netprobe
