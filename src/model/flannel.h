// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "model/flow.h"

namespace netprobe {

using MacAddress = std::array<std::uint8_t, 6>;
/// "0a:58:0a:f4:01:01".
[[nodiscard]] std::string format_mac(const MacAddress& mac);

/// The kernel's forwarding state of this network namespace, as far as it says
/// where packets to other nodes go. Read by rtnetlink.
struct Route {
  IpPrefix destination;
  IpAddress gateway;  ///< unspecified: on the link
  std::string interface;
  std::uint32_t ifindex = 0;
  bool onlink = false;
};
struct Neighbour {
  IpAddress address;
  MacAddress mac{};
  std::string interface;
  std::uint32_t ifindex = 0;
  bool permanent = false;
};
/// Forwarding entry of a tunnel device or bridge (AF_BRIDGE neighbour).
struct ForwardingEntry {
  MacAddress mac{};
  IpAddress remote;  ///< tunnel endpoint (NDA_DST); unspecified for a bridge's
  std::string interface;
  std::uint32_t ifindex = 0;
  bool permanent = false;
};
struct TunnelDevice {
  std::string interface;
  std::uint32_t ifindex = 0;
  std::string kind;  ///< "vxlan", "wireguard", "ipip" …
  std::uint32_t vni = 0;
  std::uint16_t port = 0;
  IpAddress local;
  MacAddress mac{};
  bool up = false;
  std::uint32_t mtu = 0;
  std::string underlay;            ///< the device that its packets leave by; empty: not known
  std::uint32_t underlay_mtu = 0;  ///< 0: not known
  std::uint32_t overhead = 0;      ///< bytes that wrapping adds to an IP packet; 0: not known
  std::vector<IpPrefix> addresses;
};

struct ForwardingState {
  Nanos taken_at = 0;  ///< wall; 0: never read
  std::string error;   ///< why it could not be read; empty: it could
  std::vector<TunnelDevice> devices;
  std::vector<Route> routes;
  std::vector<Neighbour> neighbours;
  std::vector<ForwardingEntry> entries;
  std::uint64_t truncated = 0;  ///< rows beyond the bound on each list
};

/// What one node declares by Flannel's annotations.
struct FlannelNode {
  std::string node;
  IpAddress internal_ip;
  std::vector<IpPrefix> pod_cidrs;
  std::string backend_type;  ///< "vxlan", "host-gw", "wireguard" …; empty: no Flannel
  IpAddress public_ip;
  std::uint32_t vni = 0;
  std::string vtep_mac;  ///< as declared, lower case; empty without
  IpAddress public_ipv6;
  std::uint32_t vni_v6 = 0;
  std::string vtep_mac_v6;
  /// What an administrator set as public address, for a node behind NAT;
  /// unspecified without.
  IpAddress public_ip_overwrite;
  IpAddress public_ipv6_overwrite;
  bool managed = false;  ///< by Flannel's subnet manager: others pass over a node without
  std::string error;     ///< why its annotations could not be read
};

/// One node's tunnel as this node really has it.
struct FlannelPeer {
  std::string node;
  bool self = false;
  std::string device;             ///< of this node, that leads there; empty: none
  bool route_expected = false;    ///< this node should lead there, and it can be told
  bool route = false;             ///< every pod CIDR has its route
  bool entries_expected = false;  ///< the two that follow; other ways than VXLAN need none
  bool neighbour = false;
  bool forwarding = false;
  Counters sent;  ///< tunnel packets seen to it
  Counters received;
  Nanos last_seen = 0;  ///< of a tunnel packet, wall; 0 never
};

/// Something in which declared and observed disagree.
struct FlannelFinding {
  std::string_view
      kind;          ///< "missing_route", "wrong_vtep_mac", "mtu_mismatch", "undeclared_tunnel" …
  std::string node;  ///< that it is about; empty: none
  std::string what;  ///< one sentence, with both values
};

struct FlannelReport {
  bool used = false;  ///< any node has Flannel's annotations, or a flannel.* device is here
  std::vector<FlannelNode> nodes;
  std::vector<TunnelDevice> devices;
  std::vector<FlannelPeer> peers;
  std::vector<FlannelFinding> findings;  ///< a bounded number
  std::uint64_t more_findings = 0;       ///< beyond the bound
  std::string error;                     ///< why nothing could be compared; empty: it could
  Nanos observed_at = 0;                 ///< when the kernel was asked, wall; 0 never
  std::uint32_t vni = 0;
  std::uint16_t port = 0;
  Nanos updated = 0;
};

}  // namespace netprobe
