// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/flow.h"

namespace netprobe {

/// How a tunnel device is set up, as far as the kernel tells (IFLA_INFO_DATA).
struct TunnelSettings {
  std::uint32_t vni = 0;   ///< GRE: the key that it sends
  std::uint16_t port = 0;  ///< UDP, host byte order; 0 for kinds without
  IpAddress local;         ///< unspecified: the kernel picks one by route
  IpAddress remote;        ///< unspecified: many, by forwarding entries
  bool over_ipv6 = false;
  /// Bytes of an outer IP packet beyond the IP packet inside it; 0: unknown.
  std::uint32_t overhead = 0;
  /// ifindex of the device that the outer packets leave by: the one it is bound
  /// to, else the one that has its local address, else the only uplink; 0:
  /// unknown.
  std::uint32_t underlay = 0;

  bool operator==(const TunnelSettings&) const = default;
};

/// A network interface as the kernel describes it.
struct InterfaceInfo {
  std::uint32_t ifindex = 0;
  std::string name;
  std::string kind;  ///< "veth", "bridge", "vxlan", …; empty for physical ones
  Role role = Role::kHost;
  std::uint16_t link_type = 0;  ///< ARPHRD_*, linux/if_arp.h
  std::uint32_t mtu = 0;
  std::uint32_t master = 0;  ///< ifindex of its bridge or bond; 0 without
  std::uint32_t lower = 0;   ///< ifindex of the device that a VLAN or the like stands on
  bool up = false;
  TunnelSettings tunnel;  ///< where role is kTunnel
  bool carrier = false;   ///< the line is there: when it comes back, its speed may be another

  bool operator==(const InterfaceInfo&) const = default;
};

/// Why a packet is in no flow of its own; names are metric labels.
enum class Unattributed : std::uint8_t { kNonIp, kMalformed, kCacheFull, kTooDeep };
inline constexpr std::size_t kUnattributedCauses = 4;
[[nodiscard]] std::string_view to_string(Unattributed cause);

/// What a hook counted at one interface in one direction.
struct DeviceCounters {
  std::uint64_t packets = 0;         ///< wire packets
  std::uint64_t bytes = 0;           ///< link-layer bytes on the wire, without FCS
  std::uint64_t kernel_packets = 0;  ///< the same, super-packets counted once
  std::uint64_t kernel_bytes = 0;
  std::array<std::uint64_t, kUnattributedCauses> unattributed{};  ///< wire packets
  std::uint64_t flow_packets = 0;  ///< wire packets that are in a flow
  std::uint64_t inner_packets = 0;
  std::uint64_t inner_unattributed = 0;
  std::uint64_t icmp_errors_lost = 0;

  DeviceCounters& operator+=(const DeviceCounters& other) {
    packets += other.packets;
    bytes += other.bytes;
    kernel_packets += other.kernel_packets;
    kernel_bytes += other.kernel_bytes;
    for (std::size_t i = 0; i < kUnattributedCauses; ++i) unattributed[i] += other.unattributed[i];
    flow_packets += other.flow_packets;
    inner_packets += other.inner_packets;
    inner_unattributed += other.inner_unattributed;
    icmp_errors_lost += other.icmp_errors_lost;
    return *this;
  }
  [[nodiscard]] std::uint64_t unattributed_total() const {
    std::uint64_t sum = 0;
    for (const auto count : unattributed) sum += count;
    return sum;
  }
};

/// How full a link is in one direction. Bits are those of link-layer bytes.
/// What each means exactly: docs/bandwidth.md.
struct LinkUse {
  std::uint64_t speed = 0;  ///< bits per second; 0: the device has none
  /// Of the speed, over the last interval; above 1 where a virtual device is
  /// faster than it says. 0 without a speed.
  double utilisation = 0;
  double peak_100ms = 0;  ///< most bits per second within the last interval
  double peak_1s = 0;
  std::uint64_t microbursts = 0;  ///< since the start
  /// Windows since the start that could not be measured, because samples came
  /// too late for them: a peak may be higher than was seen.
  std::uint64_t unmeasured_windows = 0;
};

/// An interface that is observed or could be.
struct InterfaceState {
  InterfaceInfo info;
  bool attached = false;
  std::string mode;    ///< "tcx", "clsact", or empty
  std::string reason;  ///< why it is not attached, or what went wrong
  DeviceCounters rx;   ///< ingress
  DeviceCounters tx;   ///< egress
  double rx_packets_per_second = 0;
  double rx_bytes_per_second = 0;
  double tx_packets_per_second = 0;
  double tx_bytes_per_second = 0;
  LinkUse rx_use;
  LinkUse tx_use;
};

}  // namespace netprobe
