// SPDX-License-Identifier: Apache-2.0
#include "probes/flow/decode.h"

#include <algorithm>

namespace netprobe {
namespace {

IpAddress address(const __u8 (&bytes)[16]) {
  return IpAddress(std::span<const std::uint8_t, 16>(bytes));
}

FlowTuple tuple_of(const np_flow_key& key) {
  return {address(key.src_ip), address(key.dst_ip), key.src_port, key.dst_port, key.proto};
}

// The kernel's numbers and the model's are the same, by definition here.
static_assert(static_cast<int>(Tunnel::kVxlan) == NP_TUNNEL_VXLAN);
static_assert(static_cast<int>(Tunnel::kGeneve) == NP_TUNNEL_GENEVE);
static_assert(static_cast<int>(Tunnel::kGre) == NP_TUNNEL_GRE);
static_assert(static_cast<int>(Tunnel::kIpip) == NP_TUNNEL_IPIP);
static_assert(static_cast<int>(Direction::kEgress) == NP_EGRESS);
static_assert(kNoVlan == NP_NO_VLAN && kNoMplsLabel == NP_NO_LABEL);

}  // namespace

void decode_record(const np_flow_record& record, const ClockAnchor& clock, FlowDelta& delta) {
  delta.tuple = tuple_of(record.cold.key);
  delta.ifindex = record.cold.key.ifindex;
  delta.direction = static_cast<Direction>(record.cold.key.where & NP_WHERE_EGRESS);
  delta.depth = static_cast<std::uint8_t>((record.cold.key.where & NP_WHERE_DEPTH_MASK) >>
                                          NP_WHERE_DEPTH_SHIFT);
  delta.no_ports = (record.cold.key.where & NP_WHERE_NO_PORTS) != 0;
  delta.vni = record.cold.key.vni;
  delta.tunnel = static_cast<Tunnel>(record.cold.tunnel);
  delta.carries = static_cast<Tunnel>(record.cold.carries);
  delta.sent_syn = (record.cold.state & NP_STATE_SYN) != 0;
  delta.sent_syn_ack = (record.cold.state & NP_STATE_SYN_ACK) != 0;
  delta.vlan = record.cold.vlan;
  delta.inner_vlan = record.cold.inner_vlan;
  delta.mpls_label = record.cold.mpls_label;
  delta.outer_src = address(record.cold.outer_src_ip);
  delta.outer_dst = address(record.cold.outer_dst_ip);
  delta.tcp_flags = record.cold.tcp_flags;
  delta.dscp = static_cast<std::uint8_t>(record.hot.bytes_ttl_dscp >> NP_HOT_DSCP_SHIFT);
  delta.min_ttl = static_cast<std::uint8_t>(record.hot.bytes_ttl_dscp >> NP_HOT_TTL_SHIFT);
  delta.icmp = record.cold.icmp;
  delta.first = static_cast<Nanos>(record.cold.first_ns);
  const Nanos last = record.cold.replay_last_ns != 0
                         ? static_cast<Nanos>(record.cold.replay_last_ns)
                         : clock.at(record.hot.last);
  // The coarse clock is behind the precise one by up to a tick.
  delta.last = std::max(last, delta.first);
  delta.syn = static_cast<Nanos>(record.cold.syn_ns);
  delta.ack = static_cast<Nanos>(record.cold.ack_ns);
}

IcmpErrorEvent decode_icmp_error(const np_icmp_error& event) {
  IcmpErrorEvent result;
  result.quoted = tuple_of(event.quoted);
  result.no_ports = (event.quoted.where & NP_WHERE_NO_PORTS) != 0;
  result.reporter = address(event.reporter_ip);
  result.ifindex = event.quoted.ifindex;
  result.icmp_type = event.icmp_type;
  result.icmp_code = event.icmp_code;
  result.mtu = event.mtu;
  result.time = static_cast<Nanos>(event.time_ns);
  return result;
}

}  // namespace netprobe
