// SPDX-License-Identifier: Apache-2.0
#include "flow/flow_view.h"

namespace netprobe {
namespace {

Nanos wall(Nanos monotonic, Nanos offset) { return monotonic == 0 ? 0 : monotonic + offset; }

TcpSide tcp_view(const FlowEntry& entry, std::size_t s, Nanos wall_offset) {
  TcpSide result;
  const FlowPoint* point = entry.nearest(s);
  if (point == nullptr) return result;
  const PointSide& side = point->side[s];
  result.flags = side.tcp_flags;
  result.syns = side.syns;
  result.fins = side.fins;
  result.rsts = side.rsts;
  result.retransmits = side.retransmits;
  result.out_of_order = side.out_of_order;
  result.zero_windows = side.zero_windows;
  result.first_rst = wall(entry.side[s].first_rst, wall_offset);
  return result;
}

/// Times of the handshake at one point that saw both sides of it.
void handshake(const FlowEntry& entry, std::size_t from, Flow& flow) {
  for (const FlowPoint& point : entry.points) {
    const PointSide& there = point.side[from];
    if (there.syn == 0) continue;
    if (there.ack > there.syn) flow.handshake_rtt = there.ack - there.syn;
    // The answer comes the other way, so usually at another point (the same
    // interface, the other direction).
    for (const FlowPoint& other : entry.points) {
      const PointSide& back = other.side[1 - from];
      if (other.ifindex != point.ifindex || other.depth != point.depth || back.syn < there.syn)
        continue;
      flow.handshake_server = back.syn - there.syn;
      if (there.ack > back.syn) flow.handshake_client = there.ack - back.syn;
    }
    if (flow.handshake_rtt > 0) return;
  }
}

/// Who really is at the ends: the one before, the other after translation.
FlowTuple ends_of(const FlowEntry& entry) {
  FlowTuple ends = entry.nat->original;
  ends.dst = entry.nat->translated.dst;
  ends.dst_port = entry.nat->translated.dst_port;
  return ends;
}

/// intra-node, inter-node, ingress or egress: docs/flows.md.
std::string_view direction_of(const FlowEntry& entry, const PointNames& names, std::size_t from) {
  const FlowTuple tuple = entry.nat   ? ends_of(entry)
                          : from == 0 ? entry.canonical
                                      : entry.canonical.reversed();
  bool src_here = tuple.src.is_loopback() || names.is_local(tuple.src);
  bool dst_here = tuple.dst.is_loopback() || names.is_local(tuple.dst);
  bool tunnelled = false;
  for (const FlowPoint& point : entry.points) {
    tunnelled = tunnelled || point.tunnel != Tunnel::kNone || point.role == Role::kTunnel;
    if (point.role != Role::kPod) continue;
    // Ingress at a pod's veth is what the pod sends.
    const bool in = point.direction == Direction::kIngress;
    src_here = src_here || point.side[in ? from : 1 - from].counters.packets > 0;
    dst_here = dst_here || point.side[in ? 1 - from : from].counters.packets > 0;
  }
  if (src_here && dst_here) return "intra-node";
  if (tunnelled || (!src_here && !dst_here)) return "inter-node";
  return src_here ? "egress" : "ingress";
}

}  // namespace

Flow flow_outline(const FlowEntry& entry, Nanos wall_offset) {
  const std::size_t from = entry.initiator();
  Flow flow;
  flow.id = entry.id;
  flow.tuple = from == 0 ? entry.canonical : entry.canonical.reversed();
  if (entry.nat) {
    flow.nat = true;
    flow.tuple = entry.nat->original;
    flow.translated = entry.nat->translated;
  }
  flow.forward = entry.total(from);
  flow.reverse = entry.total(1 - from);
  flow.first_seen = wall(earliest(entry.side[0].first, entry.side[1].first), wall_offset);
  flow.last_seen = wall(entry.last, wall_offset);
  if (entry.canonical.protocol == kProtoTcp) {
    flow.tcp_forward = tcp_view(entry, from, wall_offset);
    flow.tcp_reverse = tcp_view(entry, 1 - from, wall_offset);
    handshake(entry, from, flow);
  }
  flow.dscp = entry.dscp;
  flow.min_ttl = entry.min_ttl;
  flow.icmp = entry.icmp;
  flow.icmp_errors = entry.icmp_errors;
  flow.last_icmp_error = entry.last_icmp_error;
  flow.fragments = entry.fragments;
  flow.carries = entry.carries;
  flow.no_ports = entry.no_ports;
  flow.ended = entry.canonical.protocol == kProtoTcp && entry.closed();
  flow.packets_per_second = static_cast<double>(entry.packets_per_second);
  flow.bytes_per_second = static_cast<double>(entry.bytes_per_second);
  return flow;
}

void add_path(const FlowEntry& entry, const PointNames& names, Flow& flow) {
  flow.direction = direction_of(entry, names, entry.initiator());
  for (const FlowPoint& point : entry.points) {
    if (point.tunnel != Tunnel::kNone) {
      flow.tunnel = point.tunnel;
      flow.vni = point.vni;
    }
    if (point.vlan != kNoVlan) flow.vlan = point.vlan;
    if (point.inner_vlan != kNoVlan) flow.inner_vlan = point.inner_vlan;
    if (point.mpls_label != kNoMplsLabel) flow.mpls_label = point.mpls_label;
  }
}

void add_points(const FlowEntry& entry, const PointNames& names, Flow& flow) {
  add_path(entry, names, flow);
  const std::size_t from = entry.initiator();
  flow.observations.reserve(entry.points.size());
  for (const FlowPoint& point : entry.points) {
    Observation& seen = flow.observations.emplace_back();
    seen.ifindex = point.ifindex;
    seen.interface = names.interface_name(point.ifindex);
    seen.role = point.role;
    seen.direction = point.direction;
    seen.depth = point.depth;
    seen.translated = point.translated;
    seen.tunnel = point.tunnel;
    seen.vni = point.vni;
    seen.vlan = point.vlan;
    seen.inner_vlan = point.inner_vlan;
    seen.mpls_label = point.mpls_label;
    seen.outer_src = from == 0 ? point.outer_src : point.outer_dst;
    seen.outer_dst = from == 0 ? point.outer_dst : point.outer_src;
    seen.forward = point.side[from].counters;
    seen.reverse = point.side[1 - from].counters;
  }
}

}  // namespace netprobe
