// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <netprobe/types.h>

/// What a Manager has counted. Values: they hold no reference to it.

NETPROBE_BEGIN_API

/// One network interface. Packets are those on the wire (a super-packet that the
/// card cuts up counts as what it becomes), bytes are of the link layer.
struct InterfaceStatistics {
  std::string name;
  std::uint32_t index = 0;
  std::string role;  ///< "pod", "bridge", "tunnel", "uplink", "host" or "loopback"
  bool attached = false;
  std::string mode;    ///< "tcx" or "clsact"; empty where not attached
  std::string reason;  ///< why it is not attached
  Counters received;   ///< since it was attached
  Counters sent;
  double received_packets_per_second = 0;  ///< over the last collect interval
  double received_bytes_per_second = 0;
  double sent_packets_per_second = 0;
  double sent_bytes_per_second = 0;
  /// Packets in the counters above that are in no flow: not IP, malformed, no room.
  std::uint64_t unattributed = 0;
};

/// Sums since the socket monitor was attached, exact whatever events were lost.
struct SocketStatistics {
  std::uint64_t connects = 0;  ///< established or failed
  std::uint64_t accepts = 0;
  std::uint64_t closes = 0;
  std::uint64_t tcp_bytes_sent = 0;  ///< payload
  std::uint64_t tcp_bytes_received = 0;
  std::uint64_t udp_bytes_sent = 0;
  std::uint64_t udp_bytes_received = 0;
  std::uint64_t live_connections = 0;
};

/// One network id between one pair of outer addresses, in one direction, at one
/// interface.
struct TunnelStatistics {
  std::string tunnel;  ///< "vxlan", "geneve", "gre" or "ipip"
  std::uint32_t vni = 0;
  Address outer_source;
  Address outer_destination;
  Direction direction = Direction::kIngress;
  std::string interface;
  Counters counters;  ///< tunnel packets; bytes of the outer IP packets
  Time first_seen;
  Time last_seen;
};

/// Something that was not kept.
struct LostCount {
  std::string stage;
  std::string cause;
  std::uint64_t count = 0;
};

/// How a monitor is doing.
struct MonitorStatus {
  std::string name;   ///< "flow", "socket", "vxlan"
  std::string state;  ///< "on", "off" or "failed"
  std::string how;    ///< which of the ways that it has is in use
  std::string why;
  std::uint64_t events = 0;
};

struct NetworkStatistics {
  Time taken_at;
  Time started_at;                              ///< since when all counters count
  std::vector<InterfaceStatistics> interfaces;  ///< all of the namespace, by index
  std::uint64_t live_flows = 0;
  std::uint64_t total_flows = 0;
  SocketStatistics sockets;
  std::vector<TunnelStatistics> tunnels;
  std::uint64_t active_tunnels = 0;  ///< pairs of addresses and VNI, both directions as one
  std::vector<MonitorStatus> monitors;
  std::vector<LostCount> lost;  ///< with a count above 0

  /// The interface of this name; null where there is none. Points into this.
  [[nodiscard]] NETPROBE_API const InterfaceStatistics* interface(
      std::string_view name) const noexcept;
};

/// A connection seen both ways (a biflow, RFC 5103): `source` is the side that
/// began it. Bytes are those of IP packets; ports are in host byte order.
struct Flow {
  std::uint64_t id = 0;  ///< unique for the life of the Manager
  Address source;
  Address destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = 0;
  Counters forward;  ///< from source to destination
  Counters reverse;
  Time first_seen;
  Time last_seen;
  std::uint8_t tcp_flags = 0;           ///< all seen, both ways, or-ed
  std::uint32_t vni = 0;                ///< of the tunnel that it travelled in; 0 for none
  std::string direction;                ///< "intra-node", "inter-node", "ingress" or "egress"
  std::vector<std::string> interfaces;  ///< where it was seen
};

/// One socket that talks to one peer, live or ended up to a minute ago.
struct Connection {
  std::uint64_t id = 0;
  std::uint32_t pid = 0;  ///< 0 where not known
  std::string comm;
  Address local;
  Address remote;
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
  std::uint8_t protocol = 0;
  std::string state;             ///< "established" …: the kernel's TCP states in small letters
  std::string verdict;           ///< how it ended or stands; docs/verdicts.md
  std::uint64_t bytes_sent = 0;  ///< payload
  std::uint64_t bytes_received = 0;
  std::uint64_t retransmits = 0;  ///< segments
  Duration rtt{};                 ///< smoothed; 0 where not known
  Time opened;
  Time closed;  ///< not known while it lives
};

NETPROBE_END_API
