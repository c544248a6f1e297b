// SPDX-License-Identifier: Apache-2.0
#include "library/convert.h"

#include <algorithm>
#include <map>
#include <utility>

namespace netprobe::v0 {
namespace {

static_assert(static_cast<int>(ErrorKind::kBusy) == static_cast<int>(netprobe::ErrorKind::kBusy));
static_assert(static_cast<int>(ErrorKind::kUsage) == static_cast<int>(netprobe::ErrorKind::kUsage));
static_assert(static_cast<int>(SocketEventType::kClose) ==
              static_cast<int>(netprobe::SocketEventKind::kClose));

InterfaceStatistics public_interface(const netprobe::InterfaceState& from) {
  InterfaceStatistics to;
  to.name = from.info.name;
  to.index = from.info.ifindex;
  to.role = netprobe::to_string(from.info.role);
  to.attached = from.attached;
  to.mode = from.mode;
  if (!from.attached) to.reason = from.reason;
  to.received = {from.rx.packets, from.rx.bytes};
  to.sent = {from.tx.packets, from.tx.bytes};
  to.received_packets_per_second = from.rx_packets_per_second;
  to.received_bytes_per_second = from.rx_bytes_per_second;
  to.sent_packets_per_second = from.tx_packets_per_second;
  to.sent_bytes_per_second = from.tx_bytes_per_second;
  to.unattributed = from.rx.unattributed_total() + from.tx.unattributed_total();
  return to;
}

SocketStatistics public_sockets(const netprobe::SocketReport& from) {
  SocketStatistics to;
  for (const auto& [type, count] : from.events) {
    if (type == "connect") to.connects = count;
    if (type == "accept") to.accepts = count;
    if (type == "close") to.closes = count;
  }
  for (const auto& [protocol, bytes] : from.bytes) {
    const bool tcp = protocol == "tcp";
    (tcp ? to.tcp_bytes_sent : to.udp_bytes_sent) = bytes.first;
    (tcp ? to.tcp_bytes_received : to.udp_bytes_received) = bytes.second;
  }
  to.live_connections = from.live;
  return to;
}

TunnelStatistics public_tunnel(const netprobe::TunnelTraffic& from) {
  TunnelStatistics to;
  to.tunnel = netprobe::to_string(from.kind);
  to.vni = from.vni;
  to.outer_source = public_address(from.outer_src);
  to.outer_destination = public_address(from.outer_dst);
  to.direction = public_direction(from.direction);
  to.interface = from.interface;
  to.counters = public_counters(from.counters);
  to.first_seen = public_time(from.first_seen);
  to.last_seen = public_time(from.last_seen);
  return to;
}

/// Of the stages, and of each probe; a probe's may be in both.
std::vector<LostCount> public_lost(const netprobe::Snapshot& snapshot) {
  std::map<std::pair<std::string, std::string>, std::uint64_t> sums;
  const auto take = [&](const netprobe::LossCounter& one) {
    auto& count = sums[{one.stage, one.cause}];
    count = std::max(count, one.count);
  };
  for (const auto& one : snapshot.losses) take(one);
  for (const auto& probe : snapshot.probes)
    for (const auto& one : probe.lost) take(one);
  std::vector<LostCount> lost;
  for (const auto& [key, count] : sums)
    if (count > 0) lost.push_back({key.first, key.second, count});
  return lost;
}

}  // namespace

Error public_error(const netprobe::Error& error) {
  return {error.message, static_cast<ErrorKind>(error.kind), error.code};
}

Result<void> public_status(const netprobe::Status& status) {
  if (!status) return std::unexpected(public_error(status.error()));
  return {};
}

Address public_address(const netprobe::IpAddress& address) { return Address{address.bytes()}; }

netprobe::IpAddress own_address(const Address& address) {
  return netprobe::IpAddress(address.bytes);
}

Time public_time(netprobe::Nanos wall) { return Time(std::chrono::nanoseconds(wall)); }

Direction public_direction(netprobe::Direction direction) {
  return direction == netprobe::Direction::kIngress ? Direction::kIngress : Direction::kEgress;
}

Counters public_counters(const netprobe::Counters& counters) {
  return {counters.packets, counters.bytes};
}

SocketEvent public_event(const netprobe::SocketEvent& event) {
  const netprobe::Connection& from = event.connection;
  SocketEvent to;
  to.type = static_cast<SocketEventType>(event.kind);
  to.time = public_time(event.time);
  to.connection_id = from.id;
  if (from.process) {
    to.pid = from.process->pid;
    to.tid = event.tid;
    to.comm = from.process->comm;
    to.container = from.process->container;
  }
  to.netns = from.netns;
  to.local = public_address(from.tuple.src);
  to.remote = public_address(from.tuple.dst);
  to.local_port = from.tuple.src_port;
  to.remote_port = from.tuple.dst_port;
  to.protocol = from.tuple.protocol;
  to.error = from.error;
  to.bytes_sent = from.bytes_sent;
  to.bytes_received = from.bytes_received;
  return to;
}

VxlanEvent public_event(const netprobe::NewTunnel& tunnel) {
  VxlanEvent to;
  to.time = public_time(tunnel.time);
  to.tunnel = netprobe::to_string(tunnel.kind);
  to.vni = tunnel.vni;
  to.interface = tunnel.interface;
  to.direction = public_direction(tunnel.direction);
  to.outer_source = public_address(tunnel.outer_src);
  to.outer_destination = public_address(tunnel.outer_dst);
  to.inner_source = public_address(tunnel.inner_src);
  to.inner_destination = public_address(tunnel.inner_dst);
  to.packet_length = tunnel.packet_bytes;
  return to;
}

NetworkStatistics public_statistics(const netprobe::Snapshot& snapshot) {
  NetworkStatistics to;
  to.taken_at = public_time(snapshot.taken_at);
  to.started_at = public_time(snapshot.started_at);
  for (const auto& each : snapshot.interfaces) to.interfaces.push_back(public_interface(each));
  to.live_flows = snapshot.table.live_flows;
  to.total_flows = snapshot.table.total_flows;
  to.sockets = public_sockets(snapshot.signals->sockets);
  const netprobe::TunnelReport& tunnels = snapshot.signals->tunnels;
  for (const auto& each : tunnels.traffic) to.tunnels.push_back(public_tunnel(each));
  to.active_tunnels = tunnels.active;
  for (const auto& probe : snapshot.probes)
    to.monitors.push_back({probe.name, std::string(netprobe::to_string(probe.state)), probe.rung,
                           probe.why, probe.events});
  to.lost = public_lost(snapshot);
  return to;
}

Flow public_flow(const netprobe::Flow& from) {
  Flow to;
  to.id = from.id;
  to.source = public_address(from.tuple.src);
  to.destination = public_address(from.tuple.dst);
  to.source_port = from.tuple.src_port;
  to.destination_port = from.tuple.dst_port;
  to.protocol = from.tuple.protocol;
  to.forward = public_counters(from.forward);
  to.reverse = public_counters(from.reverse);
  to.first_seen = public_time(from.first_seen);
  to.last_seen = public_time(from.last_seen);
  to.tcp_flags = static_cast<std::uint8_t>(from.tcp_forward.flags | from.tcp_reverse.flags);
  to.vni = from.vni;
  to.direction = from.direction;
  for (const auto& point : from.observations)
    if (std::ranges::find(to.interfaces, point.interface) == to.interfaces.end())
      to.interfaces.push_back(point.interface);
  return to;
}

Connection public_connection(const netprobe::Connection& from) {
  Connection to;
  to.id = from.id;
  if (from.process) {
    to.pid = from.process->pid;
    to.comm = from.process->comm;
  }
  to.local = public_address(from.tuple.src);
  to.remote = public_address(from.tuple.dst);
  to.local_port = from.tuple.src_port;
  to.remote_port = from.tuple.dst_port;
  to.protocol = from.tuple.protocol;
  to.state = from.state;
  to.verdict = from.verdict;
  to.bytes_sent = from.bytes_sent;
  to.bytes_received = from.bytes_received;
  to.retransmits = from.retransmits;
  to.rtt = Duration(from.rtt);
  to.opened = public_time(from.opened);
  to.closed = public_time(from.closed);
  return to;
}

}  // namespace netprobe::v0
