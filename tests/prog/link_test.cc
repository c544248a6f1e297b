// SPDX-License-Identifier: Apache-2.0
// What is around an IP packet: link headers, tags, labels.
#include "prog/replay.h"

namespace netprobe::test {
namespace {

using LinkTest = ProgTest;

const FlowTuple kUdp4 = tuple("10.0.0.1", 1'000, "10.0.0.2", 7'000, kProtoUdp);
const FlowTuple kUdp6 = tuple("fd00::1", 1'000, "fd00::2", 7'000, kProtoUdp);

Packet udp4(Packet around) { return around.ipv4().udp().payload(10); }
Packet udp6(Packet around) { return around.ipv6().udp().payload(10); }
constexpr std::uint64_t kUdp4Bytes = 20 + 8 + 10;
constexpr std::uint64_t kUdp6Bytes = 40 + 8 + 10;

TEST_F(LinkTest, EthernetPaddingIsNotCounted) {
  Replay replay;
  replay.push(udp4(Packet().ether()).padded()).push(udp6(Packet().ether()));
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), 2U);
  EXPECT_EQ(flows[0].tuple, kUdp4);
  EXPECT_EQ(flows[0].forward, (Counters{1, kUdp4Bytes}));
  EXPECT_EQ(flows[0].reverse, (Counters{0, 0}));
  EXPECT_EQ(flows[1].tuple, kUdp6);
  EXPECT_EQ(flows[1].forward, (Counters{1, kUdp6Bytes}));
  EXPECT_EQ(flows[0].vlan, kNoVlan);
  EXPECT_EQ(flows[0].mpls_label, kNoMplsLabel);
  EXPECT_EQ(flows[0].tunnel, Tunnel::kNone);
  EXPECT_EQ(replay.counters().bytes, 60U + 14 + kUdp6Bytes);
  replay.expect_exact();
}

TEST_F(LinkTest, BareIp) {
  Replay replay;
  replay.push(udp4(Packet()), {.bare_ip = true}).push(udp6(Packet()), {.bare_ip = true});
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), 2U);
  EXPECT_EQ(flows[0].tuple, kUdp4);
  EXPECT_EQ(flows[0].forward.bytes, kUdp4Bytes);
  EXPECT_EQ(flows[1].tuple, kUdp6);
  EXPECT_EQ(flows[1].forward.bytes, kUdp6Bytes);
  replay.expect_exact();
}

TEST_F(LinkTest, TheTwoDirectionsAreOneFlow) {
  Replay replay;
  replay.push(Packet().ether().ipv4().udp().payload(10))
      .push(Packet()
                .ether()
                .ipv4({.src = "10.0.0.2", .dst = "10.0.0.1"})
                .udp({.src = 7'000, .dst = 1'000})
                .payload(100))
      .push(Packet().ether().ipv4().udp().payload(1));
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tuple, kUdp4);
  EXPECT_EQ(flow.forward, (Counters{2, 38 + 29}));
  EXPECT_EQ(flow.reverse, (Counters{1, 128}));
  replay.expect_exact();
}

TEST_F(LinkTest, Vlan) {
  Replay replay;
  replay.push(udp6(Packet().ether().vlan({.id = 4'094, .priority = 7})));
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tuple, kUdp6);
  EXPECT_EQ(flow.forward.bytes, kUdp6Bytes);
  EXPECT_EQ(flow.vlan, 4'094);
  EXPECT_EQ(flow.inner_vlan, kNoVlan);
}

TEST_F(LinkTest, PriorityTagHasVlanZero) {
  Replay replay;
  replay.push(udp4(Packet().ether().vlan({.id = 0, .priority = 5})));
  EXPECT_EQ(replay.only().vlan, 0);
}

TEST_F(LinkTest, QinQKeepsTheOuterTwoTags) {
  const Packet eth = Packet().ether();
  for (const auto& tagged :
       {Packet(eth).qinq(100, 200), Packet(eth).vlan({.id = 100, .tpid = 0x9100}).vlan({.id = 200}),
        Packet(eth).vlan({.id = 100}).vlan({.id = 200}),
        Packet(eth).qinq(100, 200).vlan({.id = 300})}) {
    Replay replay;
    replay.push(udp4(tagged));
    const Flow flow = replay.only();
    EXPECT_EQ(flow.tuple, kUdp4);
    EXPECT_EQ(flow.vlan, 100);
    EXPECT_EQ(flow.inner_vlan, 200);
    EXPECT_EQ(flow.forward.bytes, kUdp4Bytes);
    replay.expect_exact();
  }
}

TEST_F(LinkTest, MplsStackGivesItsOutermostLabel) {
  Replay replay;
  replay.push(udp4(Packet().ether().mpls({1'048'575})))
      .push(udp6(Packet().ether().vlan({.id = 9}).mpls({300, 301, 302, 303})));
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), 2U);
  EXPECT_EQ(flows[0].tuple, kUdp4);
  EXPECT_EQ(flows[0].mpls_label, 1'048'575U);
  EXPECT_EQ(flows[0].forward.bytes, kUdp4Bytes);
  EXPECT_EQ(flows[1].tuple, kUdp6);
  EXPECT_EQ(flows[1].mpls_label, 300U);
  EXPECT_EQ(flows[1].vlan, 9);
  replay.expect_exact();
}

TEST_F(LinkTest, MplsPseudowireIsNotIp) {
  Replay replay;
  replay.push(Packet().ether().mpls({16}).raw({.bytes = Bytes(64, 0)}));
  EXPECT_TRUE(replay.flows().empty());
  EXPECT_EQ(replay.counters().unattributed[static_cast<std::size_t>(Unattributed::kNonIp)], 1U);
}

TEST_F(LinkTest, PppoeSession) {
  Replay replay;
  replay.push(udp4(Packet().ether().pppoe())).push(udp6(Packet().ether().vlan({.id = 7}).pppoe()));
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), 2U);
  EXPECT_EQ(flows[0].tuple, kUdp4);
  EXPECT_EQ(flows[0].forward.bytes, kUdp4Bytes);
  EXPECT_EQ(flows[1].tuple, kUdp6);
  EXPECT_EQ(flows[1].vlan, 7);
}

TEST_F(LinkTest, LlcSnap) {
  Replay replay;
  replay.push(udp4(Packet().ether().snap()).padded());
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tuple, kUdp4);
  EXPECT_EQ(flow.forward.bytes, kUdp4Bytes);
}

TEST_F(LinkTest, WhatIsNotIpIsCountedAsThat) {
  Bytes spanning_tree = Packet().ether({.type = 39}).raw({.bytes = {0x42, 0x42, 0x03}}).padded();
  Bytes lldp = Packet().ether({.type = 0x88cc}).raw({.bytes = Bytes(40, 1)}).bytes();
  const Bytes lcp =
      Packet().ether().pppoe({.protocol = 0xc021}).raw({.bytes = Bytes(30, 1)}).bytes();
  Replay replay;
  replay.push(Packet().ether().arp().padded()).push(spanning_tree).push(lldp).push(lcp);
  replay.push(Packet().ether().vlan({.id = 3}).arp().padded());
  EXPECT_TRUE(replay.flows().empty());
  const auto counters = replay.counters();
  EXPECT_EQ(counters.unattributed[static_cast<std::size_t>(Unattributed::kNonIp)], 5U);
  EXPECT_EQ(counters.unattributed_total(), 5U);
  replay.expect_exact();
}

TEST_F(LinkTest, InterfacesAreKeptApartAndJoinedInTheFlow) {
  Replay replay;
  replay.push(udp4(Packet().ether()), {.interface = 1})
      .push(udp4(Packet().ether()), {.interface = 2});
  const auto flows = replay.flows();
  // One packet seen at two points is one flow; its totals are of one point.
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].observations.size(), 2U);
  EXPECT_EQ(flows[0].forward, (Counters{1, kUdp4Bytes}));
  replay.expect_exact();
}

}  // namespace
}  // namespace netprobe::test
