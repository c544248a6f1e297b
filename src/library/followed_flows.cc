// SPDX-License-Identifier: Apache-2.0
#include "library/followed_flows.h"

#include <algorithm>

namespace netprobe::v0 {
namespace {

using netprobe::Flow;
using netprobe::FlowDelta;
using netprobe::Nanos;

netprobe::Counters more(const netprobe::Counters& now, const netprobe::Counters& before) {
  return {now.packets > before.packets ? now.packets - before.packets : 0,
          now.bytes > before.bytes ? now.bytes - before.bytes : 0};
}

const netprobe::Observation* in_vxlan(const Flow& flow) {
  const auto found = std::ranges::find(flow.observations, netprobe::Tunnel::kVxlan,
                                       &netprobe::Observation::tunnel);
  return found == flow.observations.end() ? nullptr : &*found;
}

FlowDelta delta_of(const Flow& flow, bool reverse, Nanos offset) {
  FlowDelta delta;
  delta.tuple = reverse ? flow.tuple.reversed() : flow.tuple;
  delta.no_ports = flow.no_ports;
  const netprobe::TcpSide& tcp = reverse ? flow.tcp_reverse : flow.tcp_forward;
  delta.tcp_flags = tcp.flags;
  // Who began it is known: that is who `tuple` begins with.
  delta.sent_syn = !reverse && flow.tuple.protocol == netprobe::kProtoTcp && tcp.syns > 0;
  delta.sent_syn_ack = reverse && flow.tuple.protocol == netprobe::kProtoTcp && tcp.syns > 0;
  delta.tunnel = flow.tunnel;
  delta.vni = flow.vni;
  if (const auto* point = in_vxlan(flow)) {
    delta.tunnel = point->tunnel;
    delta.vni = point->vni;
  }
  delta.carries = flow.carries;
  delta.first = flow.first_seen - offset;
  delta.last = flow.last_seen - offset;
  return delta;
}

}  // namespace

void FollowedFlows::feed(const Flow& flow, Nanos wall_offset, netprobe::FlowTable& to) {
  if (flow.merged_into != 0) {
    // The other has its counters from now on: told they are already.
    const auto gone = told_.find(flow.id);
    if (gone == told_.end()) return;
    const Told before = gone->second;
    told_.erase(gone);
    Told& other = told_[flow.merged_into];
    other.forward += before.forward;
    other.reverse += before.reverse;
    return;
  }
  const auto [at, first] = told_.try_emplace(flow.id);
  Told& told = at->second;
  if (first && flow.nat) to.on_nat({.original = flow.tuple, .translated = flow.translated});
  FlowDelta forward = delta_of(flow, false, wall_offset);
  forward.counters = more(flow.forward, told.forward);
  FlowDelta reverse = delta_of(flow, true, wall_offset);
  reverse.counters = more(flow.reverse, told.reverse);
  netprobe::FlowHandle none = 0;
  if (first || forward.counters != netprobe::Counters{}) to.on_flow(forward, none);
  none = 0;
  if (reverse.counters != netprobe::Counters{}) to.on_flow(reverse, none);
  told = {flow.forward, flow.reverse};
  // A closed flow is told again while its last packets come in.
  if (flow.ending != netprobe::FlowEnding::kLive) told_.erase(at);
}

}  // namespace netprobe::v0
