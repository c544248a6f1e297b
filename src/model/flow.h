// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "model/process.h"

namespace netprobe {

/// As the kernel sees it: into the interface's stack, or out of it. On the
/// host end of a pod's veth, ingress is what the pod sends.
enum class Direction : std::uint8_t { kIngress = 0, kEgress = 1 };

/// What an interface is for. The order is the distance from the pod edge:
/// a flow's totals come from its nearest point.
enum class Role : std::uint8_t { kPod, kLoopback, kBridge, kTunnel, kHost, kUplink };

enum class Tunnel : std::uint8_t { kNone, kVxlan, kGeneve, kGre, kIpip };

[[nodiscard]] std::string_view to_string(Direction direction);
[[nodiscard]] std::string_view to_string(Role role);
[[nodiscard]] std::string_view to_string(Tunnel tunnel);
/// "tcp", "udp", "icmp", "icmp6", "sctp", or the number.
[[nodiscard]] std::string protocol_name(std::uint8_t protocol);
/// The inverse, also of numbers; -1 for what is neither.
[[nodiscard]] int protocol_number(std::string_view name);

inline constexpr std::uint8_t kProtoIcmp = 1;
inline constexpr std::uint8_t kProtoTcp = 6;
inline constexpr std::uint8_t kProtoUdp = 17;
inline constexpr std::uint8_t kProtoIcmp6 = 58;
inline constexpr std::uint8_t kProtoSctp = 132;

inline constexpr std::uint16_t kNoVlan = 0xffff;
inline constexpr std::uint32_t kNoMplsLabel = 0xffffffff;

/// TCP header flags, RFC 9293 3.1.
inline constexpr std::uint8_t kTcpFin = 0x01;
inline constexpr std::uint8_t kTcpSyn = 0x02;
inline constexpr std::uint8_t kTcpRst = 0x04;
inline constexpr std::uint8_t kTcpAck = 0x10;

/// One direction of a flow by addresses and ports, host byte order. ICMP
/// queries have their identifier in both ports.
struct FlowTuple {
  IpAddress src;
  IpAddress dst;
  std::uint16_t src_port = 0;
  std::uint16_t dst_port = 0;
  std::uint8_t protocol = 0;

  bool operator==(const FlowTuple&) const = default;
  [[nodiscard]] FlowTuple reversed() const { return {dst, src, dst_port, src_port, protocol}; }
};

/// Packets are wire packets, bytes are IP bytes.
struct Counters {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;

  Counters& operator+=(const Counters& other) {
    packets += other.packets;
    bytes += other.bytes;
    return *this;
  }
  bool operator==(const Counters&) const = default;
};

/// A flow at one observation point.
struct Observation {
  std::uint32_t ifindex = 0;
  std::string interface;  ///< its name when it was seen
  Role role = Role::kHost;
  Direction direction = Direction::kIngress;
  /// 0 the packet itself, 1 inside a tunnel, 2 inside two.
  std::uint8_t depth = 0;
  bool translated = false;  ///< the flow's translated tuple was seen here
  Tunnel tunnel = Tunnel::kNone;
  std::uint32_t vni = 0;
  std::uint16_t vlan = kNoVlan;
  std::uint16_t inner_vlan = kNoVlan;
  std::uint32_t mpls_label = kNoMplsLabel;
  IpAddress outer_src;  ///< of the tunnel around it
  IpAddress outer_dst;
  Counters forward;  ///< src to dst
  Counters reverse;
};

/// What TCP told about one direction.
struct TcpSide {
  std::uint8_t flags = 0;  ///< all seen, or-ed
  std::uint64_t syns = 0;
  std::uint64_t fins = 0;
  std::uint64_t rsts = 0;
  std::uint64_t retransmits = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t zero_windows = 0;
  Nanos first_rst = 0;  ///< wall, to a kernel tick; 0 without a reset
};

/// Why a flow is no longer in the table; kLive while it is.
enum class FlowEnding : std::uint8_t {
  kLive,
  kSilent,   ///< nothing came for its timeout (short after its end, long without one)
  kEvicted,  ///< the table was full: it may go on
};

struct Loss;
struct Identity;
enum class ServiceBy : std::uint8_t;

/// A biflow (RFC 5103): src is the side that began it. A value, as readers
/// get it; times are wall clock.
struct Flow {
  std::uint64_t id = 0;  ///< unique while the agent runs
  FlowTuple tuple;
  Counters forward;  ///< at the point nearest the pod edge, src to dst
  Counters reverse;
  Nanos first_seen = 0;
  Nanos last_seen = 0;
  TcpSide tcp_forward;
  TcpSide tcp_reverse;
  /// SYN to the ACK that answers its SYN-ACK; 0 where not seen.
  Nanos handshake_rtt = 0;
  Nanos handshake_server = 0;  ///< SYN to SYN-ACK, at the point of observation
  Nanos handshake_client = 0;  ///< SYN-ACK to ACK
  std::uint8_t dscp = 0;
  std::uint8_t min_ttl = 0;
  std::uint16_t icmp = 0;         ///< type << 8 | code of the newest message
  std::uint64_t icmp_errors = 0;  ///< that quoted a packet of this flow
  std::uint16_t last_icmp_error = 0;
  /// Smallest MTU that a router or tunnel told this flow's sender (RFC 1191,
  /// RFC 8201); 0 without, or where it told none.
  std::uint32_t path_mtu = 0;
  std::uint64_t path_mtu_errors = 0;  ///< packets of it that were too big, as told
  std::uint64_t fragments = 0;
  std::uint32_t vni = 0;
  std::uint16_t vlan = kNoVlan;
  std::uint16_t inner_vlan = kNoVlan;
  std::uint32_t mpls_label = kNoMplsLabel;
  Tunnel tunnel = Tunnel::kNone;   ///< that it travelled in
  Tunnel carries = Tunnel::kNone;  ///< that it is the outside of
  bool no_ports = false;           ///< fragments whose ports nobody saw
  bool ended = false;              ///< closed, reset or idle for long
  FlowEnding ending = FlowEnding::kLive;
  /// intra-node, inter-node, ingress or egress; see docs/flows.md.
  std::string_view direction = "egress";
  /// Addresses are translated on the way: `tuple` is what the side that began
  /// it said, `translated` what the other side saw.
  bool nat = false;
  FlowTuple translated;
  /// In a stream, a flow's last word: it turned out to be this flow, which has
  /// its counters now. 0 else.
  std::uint64_t merged_into = 0;
  /// Who held src when it flowed; null where nobody is known (model/identity.h).
  std::shared_ptr<const Identity> src_identity;
  std::shared_ptr<const Identity> dst_identity;  ///< behind dst: after translation, the backend
  std::shared_ptr<const Identity> service;       ///< that it was sent to; null: none
  ServiceBy service_by{};
  ProcessPtr client_process;      ///< behind src, where it is on this node; else null
  ProcessPtr server_process;      ///< behind dst
  std::string_view verdict;       ///< how it ended or stands; docs/verdicts.md; empty: none
  Nanos rtt = 0;                  ///< smoothed, as the node's own socket has it; 0 without
  double packets_per_second = 0;  ///< both ways, over the last interval
  double bytes_per_second = 0;
  std::vector<Observation> observations;
  /// Packets that were lost between two of them; null where none are known.
  std::shared_ptr<const std::vector<Loss>> losses;
};

}  // namespace netprobe
