// SPDX-License-Identifier: Apache-2.0
// Packets in packets: each layer is counted in a flow of its own.
#include <algorithm>

#include "prog/replay.h"

namespace netprobe::test {
namespace {

using TunnelTest = ProgTest;

const FlowTuple kInner4 = tuple("192.168.0.1", 1'000, "192.168.0.2", 80, kProtoTcp);
const FlowTuple kInner6 = tuple("fd99::1", 1'000, "fd99::2", 80, kProtoTcp);
constexpr std::uint64_t kInner4Bytes = 20 + 20 + 50;
constexpr std::uint64_t kInner6Bytes = 40 + 20 + 50;

Packet inner4(Packet outside) {
  return outside.ip("192.168.0.1", "192.168.0.2").tcp({.flags = 0x18}).payload(50);
}
Packet inner6(Packet outside) {
  return outside.ip("fd99::1", "fd99::2").tcp({.flags = 0x18}).payload(50);
}

struct Case {
  const char* what;
  Packet outside;  ///< up to the inner IP header
  FlowTuple outer;
  std::uint64_t around;  ///< bytes of the outer IP packet before the inner one
  Tunnel tunnel;
  std::uint32_t vni = 0;
};

std::vector<Case> cases() {
  const Packet eth = Packet().ether();
  const Packet v4 = Packet(eth).ipv4();
  const Packet v6 = Packet(eth).ipv6();
  const auto udp = [](const char* src, const char* dst, std::uint16_t port) {
    return tuple(src, 50'000, dst, port, kProtoUdp);
  };
  const auto over = [](const char* src, const char* dst, std::uint8_t protocol) {
    return tuple(src, 0, dst, 0, protocol);
  };
  const char *a = "10.0.0.1", *b = "10.0.0.2", *c = "fd00::1", *d = "fd00::2";
  const Udp vxlan{.src = 50'000, .dst = 4'789}, flannel{.src = 50'000, .dst = 8'472},
      geneve{.src = 50'000, .dst = 6'081};
  const Bytes options{1, 2, 0x80, 1, 9, 9, 9, 9, 1, 3, 0, 0};
  return {
      {"vxlan", Packet(v4).udp(vxlan).vxlan({.vni = 42}).ether(), udp(a, b, 4'789), 50,
       Tunnel::kVxlan, 42},
      {"vxlan, largest vni", Packet(v4).udp(flannel).vxlan({.vni = 0xffffff}).ether(),
       udp(a, b, 8'472), 50, Tunnel::kVxlan, 0xffffff},
      {"vxlan over IPv6", Packet(v6).udp(vxlan).vxlan({.vni = 7}).ether(), udp(c, d, 4'789), 70,
       Tunnel::kVxlan, 7},
      {"vxlan over IPv4 with options",
       Packet(eth).ipv4({.options = {1}}).udp(vxlan).vxlan({.vni = 7}).ether(), udp(a, b, 4'789),
       54, Tunnel::kVxlan, 7},
      {"vxlan in a VLAN", Packet(eth).vlan({.id = 3}).ipv4().udp(vxlan).vxlan({.vni = 7}).ether(),
       udp(a, b, 4'789), 50, Tunnel::kVxlan, 7},
      {"vxlan with a VLAN inside", Packet(v4).udp(vxlan).vxlan({.vni = 7}).ether().vlan({.id = 12}),
       udp(a, b, 4'789), 54, Tunnel::kVxlan, 7},
      {"geneve", Packet(v4).udp(geneve).geneve({.vni = 9}).ether(), udp(a, b, 6'081), 50,
       Tunnel::kGeneve, 9},
      {"geneve with options", Packet(v6).udp(geneve).geneve({.vni = 9, .options = options}).ether(),
       udp(c, d, 6'081), 70 + 12, Tunnel::kGeneve, 9},
      {"geneve without Ethernet", Packet(v4).udp(geneve).geneve({.vni = 9}), udp(a, b, 6'081), 36,
       Tunnel::kGeneve, 9},
      {"gre", Packet(v4).gre(), over(a, b, 47), 24, Tunnel::kGre},
      {"gre over IPv6", Packet(v6).gre(), over(c, d, 47), 44, Tunnel::kGre},
      {"gre with a key", Packet(v4).gre({.key = 77}), over(a, b, 47), 28, Tunnel::kGre, 77},
      {"gre with all fields", Packet(v4).gre({.key = 77, .sequence = 5, .checksum = true}),
       over(a, b, 47), 36, Tunnel::kGre, 77},
      {"gre with checksum", Packet(v4).gre({.checksum = true}), over(a, b, 47), 28, Tunnel::kGre},
      {"gre with sequence", Packet(v4).gre({.sequence = 1}), over(a, b, 47), 28, Tunnel::kGre},
      {"gre with Ethernet", Packet(v4).gre({.key = 1}).ether(), over(a, b, 47), 42, Tunnel::kGre,
       1},
      {"gre with Ethernet and a VLAN", Packet(v4).gre().ether().vlan({.id = 12}), over(a, b, 47),
       42, Tunnel::kGre},
      {"gre with MPLS", Packet(v4).gre().mpls({55}), over(a, b, 47), 28, Tunnel::kGre},
      {"ip in IPv4", v4, FlowTuple{}, 20, Tunnel::kIpip},
      {"ip in IPv6", v6, FlowTuple{}, 40, Tunnel::kIpip},
      {"ip in IPv6 with options", Packet(v6).destination(), FlowTuple{}, 48, Tunnel::kIpip},
  };
}

void check(const Case& one, const Packet& packet, const FlowTuple& inner,
           std::uint64_t inner_bytes) {
  SCOPED_TRACE(one.what);
  Replay replay;
  replay.push(packet).push(packet);
  ASSERT_EQ(replay.flows().size(), 2U);
  const Flow outside = replay.only(0);
  const Flow inside = replay.only(1);
  FlowTuple outer = one.outer;
  if (outer == FlowTuple{}) {
    const bool v6 = one.around >= 40;
    outer = tuple(v6 ? "fd00::1" : "10.0.0.1", 0, v6 ? "fd00::2" : "10.0.0.2", 0,
                  inner.src.is_v4() ? 4 : 41);
  }
  EXPECT_EQ(outside.tuple, outer);
  EXPECT_EQ(outside.forward, (Counters{2, 2 * (one.around + inner_bytes)}));
  EXPECT_EQ(outside.carries, one.tunnel);
  EXPECT_EQ(outside.tunnel, Tunnel::kNone);
  EXPECT_EQ(outside.vni, 0U);
  EXPECT_FALSE(outside.no_ports);
  EXPECT_EQ(inside.tuple, inner);
  EXPECT_EQ(inside.forward, (Counters{2, 2 * inner_bytes}));
  EXPECT_EQ(inside.tunnel, one.tunnel);
  EXPECT_EQ(inside.vni, one.vni);
  EXPECT_EQ(inside.carries, Tunnel::kNone);
  ASSERT_EQ(inside.observations.size(), 1U);
  EXPECT_EQ(inside.observations[0].outer_src, outer.src);
  EXPECT_EQ(inside.observations[0].outer_dst, outer.dst);
  EXPECT_EQ(replay.counters().inner_packets, 2U);
  replay.expect_exact();
}

TEST_F(TunnelTest, OuterAndInnerFlowOfEveryKind) {
  for (const auto& one : cases()) {
    check(one, inner4(one.outside), kInner4, kInner4Bytes);
    check(one, inner6(one.outside), kInner6, kInner6Bytes);
  }
}

TEST_F(TunnelTest, TagsOutsideAndInsideAreKeptApart) {
  Replay replay;
  replay.push(inner4(
      Packet().ether().qinq(1, 2).ipv4().udp({.dst = 4'789}).vxlan().ether().vlan({.id = 12})));
  replay.push(inner6(
      Packet().ether().mpls({77}).ipv4({.src = "10.0.0.9"}).udp({.dst = 4'789}).vxlan().ether()));
  const auto outside = replay.flows_at(0);
  const auto inside = replay.flows_at(1);
  ASSERT_EQ(outside.size(), 2U);
  ASSERT_EQ(inside.size(), 2U);
  EXPECT_EQ(outside[0].vlan, 1);
  EXPECT_EQ(outside[0].inner_vlan, 2);
  EXPECT_EQ(inside[0].vlan, 12);
  EXPECT_EQ(inside[0].inner_vlan, kNoVlan);
  EXPECT_EQ(outside[1].mpls_label, 77U);
  EXPECT_EQ(inside[1].mpls_label, kNoMplsLabel);
}

TEST_F(TunnelTest, ATunnelInATunnel) {
  Replay replay;
  replay.push(inner4(Packet()
                         .ether()
                         .ipv6()
                         .udp({.dst = 6'081})
                         .geneve({.vni = 5})
                         .ether()
                         .ipv4()
                         .udp({.dst = 4'789})
                         .vxlan({.vni = 6})
                         .ether()));
  ASSERT_EQ(replay.flows().size(), 3U);
  EXPECT_EQ(replay.only(0).carries, Tunnel::kGeneve);
  const Flow middle = replay.only(1);
  EXPECT_EQ(middle.tunnel, Tunnel::kGeneve);
  EXPECT_EQ(middle.carries, Tunnel::kVxlan);
  EXPECT_EQ(middle.vni, 5U);
  const Flow inside = replay.only(2);
  EXPECT_EQ(inside.tuple, kInner4);
  EXPECT_EQ(inside.tunnel, Tunnel::kVxlan);
  EXPECT_EQ(inside.vni, 6U);
  EXPECT_EQ(inside.forward, (Counters{1, kInner4Bytes}));
  replay.expect_exact();
}

// Three layers are told apart; what is deeper belongs to the third.
TEST_F(TunnelTest, AFourthLayerIsNotOpened) {
  Replay replay;
  replay.push(inner4(Packet().ether().ipv4().ipv4({.src = "10.1.0.1"}).ipv4({.src = "10.2.0.1"})));
  ASSERT_EQ(replay.flows().size(), 3U);
  const Flow third = replay.only(2);
  EXPECT_EQ(third.tuple, tuple("10.2.0.1", 0, "10.0.0.2", 0, 4));
  EXPECT_EQ(third.forward, (Counters{1, 20 + kInner4Bytes}));
  replay.expect_exact();
}

// docs/adr/0003: one flow by its ends, told apart by its observations.
TEST_F(TunnelTest, TheSameInnerFlowInTwoNetworksHasTwoObservations) {
  Replay replay;
  for (const std::uint32_t vni : {1U, 2U, 1U})
    replay.push(inner4(Packet().ether().ipv4().udp({.dst = 4'789}).vxlan({.vni = vni}).ether()));
  auto points = replay.only(1).observations;
  ASSERT_EQ(points.size(), 2U);
  std::ranges::sort(points, {}, &Observation::vni);
  EXPECT_EQ(points[0].vni, 1U);
  EXPECT_EQ(points[0].forward, (Counters{2, 2 * kInner4Bytes}));
  EXPECT_EQ(points[1].vni, 2U);
  EXPECT_EQ(points[1].forward, (Counters{1, kInner4Bytes}));
  replay.expect_exact();
}

TEST_F(TunnelTest, WhatIsNotATunnelIsNotOpened) {
  Replay replay;
  const Packet v4 = Packet().ether().ipv4();
  replay.push(inner4(Packet(v4).udp({.dst = 4'790}).vxlan().ether()));              // other port
  replay.push(inner4(Packet(v4).udp({.dst = 4'789}).vxlan({.flags = 0}).ether()));  // no valid VNI
  replay.push(inner4(Packet(v4).udp({.dst = 6'081}).geneve({.version = 1}).ether()));
  replay.push(inner4(Packet(v4).gre({.type = 0x880b, .version = 1})));  // PPTP
  EXPECT_EQ(replay.flows_at(0).size(), 4U);
  EXPECT_EQ(replay.flows_at(1).size(), 0U);
  EXPECT_EQ(replay.counters().inner_packets, 0U);
  replay.expect_exact();
}

TEST_F(TunnelTest, PortsAreConfigurable) {
  Replay replay({.vxlan_ports = {9'999}, .geneve_ports = {9'998, 9'997}});
  const Packet v4 = Packet().ether().ipv4();
  replay.push(inner4(Packet(v4).udp({.dst = 9'999}).vxlan({.vni = 3}).ether()));
  replay.push(inner6(Packet(v4).udp({.dst = 9'997}).geneve({.vni = 4}).ether()));
  replay.push(inner4(Packet(v4).udp({.dst = 4'789}).vxlan({.vni = 5}).ether()));
  const auto inside = replay.flows_at(1);
  ASSERT_EQ(inside.size(), 2U);
  EXPECT_EQ(inside[0].vni, 3U);
  EXPECT_EQ(inside[1].vni, 4U);
}

// An outer IPv6 address whose bytes look like an IPv4-mapped one is IPv6.
TEST_F(TunnelTest, VxlanOverIpv6FromAMappedLookingAddress) {
  Replay replay;
  replay.push(inner4(Packet()
                         .ether()
                         .ipv6({.src = "::ff00:0:1", .dst = "fd00::2"})
                         .udp({.dst = 4'789})
                         .vxlan({.vni = 8})
                         .ether()));
  const auto inside = replay.flows_at(1);
  ASSERT_EQ(inside.size(), 1U);
  EXPECT_EQ(inside[0].forward, (Counters{1, kInner4Bytes}));
  EXPECT_EQ(inside[0].vni, 8U);
}

}  // namespace
}  // namespace netprobe::test
