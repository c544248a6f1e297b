// SPDX-License-Identifier: Apache-2.0
#include "probes/flow/decode.h"

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

void decode_record(const np_flow_record& record, FlowDelta& delta) {
  delta.tuple = tuple_of(record.key);
  delta.ifindex = record.key.ifindex;
  delta.direction = static_cast<Direction>(record.key.direction);
  delta.depth = record.key.depth;
  delta.no_ports = (record.key.flags & NP_FLOW_NO_PORTS) != 0;
  delta.vni = record.key.vni;
  delta.tunnel = static_cast<Tunnel>(record.tunnel);
  delta.carries = static_cast<Tunnel>(record.carries);
  delta.sent_syn = (record.state & NP_STATE_SYN) != 0;
  delta.sent_syn_ack = (record.state & NP_STATE_SYN_ACK) != 0;
  delta.vlan = record.vlan;
  delta.inner_vlan = record.inner_vlan;
  delta.mpls_label = record.mpls_label;
  delta.outer_src = address(record.outer_src_ip);
  delta.outer_dst = address(record.outer_dst_ip);
  delta.tcp_flags = record.tcp_flags;
  delta.dscp = record.dscp;
  delta.min_ttl = record.min_ttl;
  delta.icmp = record.icmp;
  delta.first = static_cast<Nanos>(record.first_ns);
  // The coarse clock is behind the precise one by up to a tick.
  delta.last = static_cast<Nanos>(record.last_ns > record.first_ns ? record.last_ns
                                                                   : record.first_ns);
  delta.syn = static_cast<Nanos>(record.syn_ns);
  delta.ack = static_cast<Nanos>(record.ack_ns);
}

IcmpErrorEvent decode_icmp_error(const np_icmp_error& event) {
  IcmpErrorEvent result;
  result.quoted = tuple_of(event.quoted);
  result.no_ports = (event.quoted.flags & NP_FLOW_NO_PORTS) != 0;
  result.reporter = address(event.reporter_ip);
  result.ifindex = event.quoted.ifindex;
  result.icmp_type = event.icmp_type;
  result.icmp_code = event.icmp_code;
  result.mtu = event.mtu;
  result.time = static_cast<Nanos>(event.time_ns);
  return result;
}

}  // namespace netprobe
