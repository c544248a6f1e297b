// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "model/flow.h"

namespace netprobe {

/// One direction of a flow at one observation point: how much more there is
/// since the last such record. What the flow probe hands to the flow table.
/// Times are on the monotonic clock (the capture's in replay).
struct FlowDelta {
  FlowTuple tuple;
  std::uint32_t ifindex = 0;
  Direction direction = Direction::kIngress;
  std::uint8_t depth = 0;
  Tunnel tunnel = Tunnel::kNone;
  Tunnel carries = Tunnel::kNone;
  bool no_ports = false;
  bool sent_syn = false;      ///< a SYN without ACK: began the connection
  bool sent_syn_ack = false;  ///< a SYN with ACK: answered it
  std::uint32_t vni = 0;
  std::uint16_t vlan = kNoVlan;
  std::uint16_t inner_vlan = kNoVlan;
  std::uint32_t mpls_label = kNoMplsLabel;
  IpAddress outer_src;
  IpAddress outer_dst;
  Counters counters;       ///< more since the last record
  std::uint32_t syns = 0;  ///< as counters: more since
  std::uint32_t fins = 0;
  std::uint32_t rsts = 0;
  std::uint32_t retransmits = 0;
  std::uint32_t out_of_order = 0;
  std::uint32_t zero_windows = 0;
  std::uint32_t fragments = 0;
  std::uint8_t tcp_flags = 0;
  std::uint8_t dscp = 0;
  std::uint8_t min_ttl = 0;
  std::uint16_t icmp = 0;
  Nanos first = 0;
  Nanos last = 0;
  Nanos syn = 0;  ///< time of the first SYN or SYN-ACK; 0 without
  Nanos ack = 0;  ///< time of the segment after it; 0 without
};

/// An ICMP error and the flow that it quotes.
struct IcmpErrorEvent {
  FlowTuple quoted;  ///< src is who sent the packet that failed
  bool no_ports = false;
  IpAddress reporter;
  std::uint32_t ifindex = 0;
  std::uint8_t icmp_type = 0;
  std::uint8_t icmp_code = 0;
  std::uint32_t mtu = 0;
  Nanos time = 0;
};

/// Where a flow stands in the table that took it; kept by the probe between
/// two records of the same slot so that the second one needs no look-up. 0 is
/// "not known yet"; the table checks what it gets and repairs it.
using FlowHandle = std::uint64_t;

/// Takes what probes saw. Called on the data thread only; must not block.
class FlowSink {
 public:
  virtual ~FlowSink() = default;
  virtual void on_flow(const FlowDelta& delta, FlowHandle& handle) = 0;
  virtual void on_icmp_error(const IcmpErrorEvent& event) = 0;
};

}  // namespace netprobe
