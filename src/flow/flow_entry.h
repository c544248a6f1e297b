// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <memory>

#include "model/flow.h"
#include "model/flow_delta.h"

namespace netprobe {

/// A connection whose addresses are translated on the way.
struct NatPair {
  FlowTuple original;    ///< as the side that began it says
  FlowTuple translated;  ///< as the other side sees, in the same direction
  bool operator==(const NatPair&) const = default;
};

/// One direction of a flow at one point.
struct PointSide {
  Counters counters;
  Nanos syn = 0;  ///< time of the first SYN or SYN-ACK
  Nanos ack = 0;  ///< time of the segment after it
  std::uint32_t syns = 0;
  std::uint32_t fins = 0;
  std::uint32_t rsts = 0;
  std::uint32_t retransmits = 0;
  std::uint32_t out_of_order = 0;
  std::uint32_t zero_windows = 0;
  std::uint8_t tcp_flags = 0;
  bool moved = false;  ///< since the last take_points()
};

/// One observation point of a flow, as the table keeps it. Index 0 of `side`
/// is the canonical tuple's direction, 1 the other.
struct FlowPoint {
  std::uint32_t ifindex = 0;
  Role role = Role::kHost;
  Direction direction = Direction::kIngress;
  std::uint8_t depth = 0;
  bool translated = false;  ///< the flow's translated tuple was seen here
  Tunnel tunnel = Tunnel::kNone;
  std::uint32_t vni = 0;
  std::uint32_t mpls_label = kNoMplsLabel;
  std::uint16_t vlan = kNoVlan;
  std::uint16_t inner_vlan = kNoVlan;
  IpAddress outer_src;
  IpAddress outer_dst;
  std::array<PointSide, 2> side;
};

/// What is known of one side whichever point saw it.
struct FlowSide {
  Nanos first = 0;  ///< monotonic; 0 without a packet
  bool sent_syn = false;
  bool sent_syn_ack = false;
  bool sent_fin = false;
  bool sent_rst = false;
  Nanos first_rst = 0;  ///< monotonic; 0 without
};

/// What the observer knows of a flow's handshake.
enum class HandshakeNews : std::uint8_t { kNone, kPending, kTold };

/// A flow in the table. Times are monotonic.
struct FlowEntry {
  FlowTuple canonical;
  std::uint64_t id = 0;
  std::uint32_t generation = 1;
  bool live = false;
  bool in_index = false;    ///< false once a new connection took its ports
  bool changed = false;     ///< since the last take_changes()
  bool moved = false;       ///< since the last take_points()
  std::uint8_t grown = 0;   ///< since it was last told: a bit for each listener
  bool incomplete = false;  ///< others may have counted some of its packets
  bool no_ports = false;
  bool nat_ended = false;        ///< the kernel has forgotten the pair
  std::uint8_t from = 0;         ///< where nat: the side that began it
  std::unique_ptr<NatPair> nat;  ///< both its tuples, where they differ; else null
  HandshakeNews handshake = HandshakeNews::kNone;
  Tunnel carries = Tunnel::kNone;
  std::uint8_t dscp = 0;
  std::uint8_t min_ttl = 0xff;
  std::uint16_t icmp = 0;
  std::uint16_t last_icmp_error = 0;
  std::uint64_t icmp_errors = 0;
  std::uint64_t fragments = 0;
  Nanos last = 0;
  std::array<FlowSide, 2> side;
  boost::container::small_vector<FlowPoint, 2> points;
  Counters at_last_tick;  ///< both ways
  float packets_per_second = 0;
  float bytes_per_second = 0;

  [[nodiscard]] bool closed() const {
    return side[0].sent_rst || side[1].sent_rst || (side[0].sent_fin && side[1].sent_fin);
  }
  /// Has each side said something? If not, a connection is none yet.
  [[nodiscard]] bool answered() const { return side[0].first != 0 && side[1].first != 0; }
  /// Index of the side that began it: who sent the SYN, else the first packet.
  [[nodiscard]] std::size_t initiator() const;
  /// The point nearest the pod edge that saw this side; null without one.
  [[nodiscard]] const FlowPoint* nearest(std::size_t side_index) const;
  [[nodiscard]] Counters total(std::size_t side_index) const;
};

/// Adds all that `other` knows to `entry`; `turned`: its sides are the other
/// way round. Points that `entry` has no room for are added to its last.
void absorb(FlowEntry& entry, const FlowEntry& other, bool turned, std::size_t most_points);

/// The earlier of two times, where 0 is none.
[[nodiscard]] inline Nanos earliest(Nanos a, Nanos b) {
  return a == 0 ? b : b == 0 ? a : std::min(a, b);
}

/// Smaller is nearer to the pod edge.
[[nodiscard]] int point_rank(const FlowPoint& point);

}  // namespace netprobe
