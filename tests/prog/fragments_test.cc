// SPDX-License-Identifier: Apache-2.0
// Later fragments have no ports; they join their datagram's flow by its id.
#include <algorithm>

#include "prog/replay.h"

namespace netprobe::test {
namespace {

using FragmentsTest = ProgTest;

TEST_F(FragmentsTest, LaterOnesJoinTheirDatagram) {
  const Packet packets[] = {
      Packet().ether().ipv4().udp().payload(2'000),
      Packet().ether().vlan({.id = 4}).ipv4({.options = {1}}).udp().payload(2'000),
      Packet().ether().mpls({5}).ipv4().udp().payload(2'000),
      Packet().ether().ipv4().tcp({.dst = 7'000}).payload(2'000),
      Packet().ether().ipv4().sctp({.dst = 7'000}).payload(2'000),
  };
  const std::uint8_t protocols[] = {kProtoUdp, kProtoUdp, kProtoUdp, kProtoTcp, kProtoSctp};
  const std::uint64_t headers[] = {20, 24, 20, 20, 20};
  const std::uint64_t transport[] = {8, 8, 8, 20, 12};
  for (std::size_t i = 0; i < 5; ++i) {
    SCOPED_TRACE(i);
    Replay replay;
    const auto pieces = packets[i].fragments(720, 1'234);
    ASSERT_EQ(pieces.size(), 3U);
    replay.push(pieces);
    const Flow flow = replay.only();
    EXPECT_EQ(flow.tuple, tuple("10.0.0.1", 1'000, "10.0.0.2", 7'000, protocols[i]));
    EXPECT_EQ(flow.forward, (Counters{3, 3 * headers[i] + transport[i] + 2'000}));
    EXPECT_EQ(flow.fragments, 3U);
    EXPECT_FALSE(flow.no_ports);
    replay.expect_exact();
  }
}

TEST_F(FragmentsTest, DatagramsAreToldApartByTheirId) {
  Replay replay;
  const auto one = Packet().ether().ipv6().udp({.src = 1}).payload(300).fragments(160, 0xaaaa0001);
  const auto two = Packet().ether().ipv6().udp({.src = 2}).payload(300).fragments(160, 0xbbbb0001);
  replay.push(one[0]).push(two[0]).push(two[1]).push(one[1]);
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), 2U);
  for (const auto& flow : flows) {
    EXPECT_EQ(flow.forward, (Counters{2, 2 * 48 + 308}));
    EXPECT_EQ(flow.fragments, 2U);
  }
}

TEST_F(FragmentsTest, WithoutTheFirstThePortsAreUnknown) {
  for (const bool v6 : {false, true}) {
    Replay replay;
    Packet packet = Packet().ether();
    packet.ip(v6 ? "fd00::1" : "10.0.0.1", v6 ? "fd00::2" : "10.0.0.2");
    const auto pieces = packet.udp().payload(900).fragments(400, 5);
    ASSERT_EQ(pieces.size(), 3U);
    replay.push(pieces[1]).push(pieces[2]);
    const Flow flow = replay.only();
    EXPECT_TRUE(flow.no_ports);
    EXPECT_EQ(flow.tuple.src_port, 0);
    EXPECT_EQ(flow.tuple.protocol, kProtoUdp);
    EXPECT_EQ(flow.fragments, 2U);
    EXPECT_EQ(flow.forward.packets, 2U);
    replay.expect_exact();
  }
}

TEST_F(FragmentsTest, TheLastOneFirst) {
  Replay replay;
  auto pieces = Packet().ether().ipv4().udp().payload(900).fragments(400, 5);
  std::ranges::reverse(pieces);
  replay.push(pieces);
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), 2U);  // two without ports, one with
  EXPECT_TRUE(flows[0].no_ports);
  EXPECT_EQ(flows[0].forward.packets, 2U);
  EXPECT_FALSE(flows[1].no_ports);
  EXPECT_EQ(flows[1].forward.packets, 1U);
  replay.expect_exact();
}

TEST_F(FragmentsTest, OfAnEchoRequestJoinByItsIdentifier) {
  Replay replay;
  replay.push(Packet().ether().ipv4().echo(77, 1).payload(2'000).fragments(1'000, 6));
  replay.push(Packet().ether().ipv6().echo(78, 1).payload(2'000).fragments(1'000, 6));
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), 2U);
  EXPECT_EQ(flows[0].tuple, tuple("10.0.0.1", 77, "10.0.0.2", 77, kProtoIcmp));
  EXPECT_EQ(flows[0].forward, (Counters{3, 3 * 20 + 2'008}));
  EXPECT_EQ(flows[1].tuple, tuple("fd00::1", 78, "fd00::2", 78, kProtoIcmp6));
  EXPECT_EQ(flows[1].forward, (Counters{3, 3 * 48 + 2'008}));
}

// Protocols without ports: all fragments are one flow, whose ports are not
// "unknown", since there are none.
TEST_F(FragmentsTest, OfProtocolsWithoutPorts) {
  for (const std::uint8_t protocol : std::initializer_list<std::uint8_t>{50, 89}) {
    Replay replay;
    replay.push(Packet()
                    .ether()
                    .ipv4()
                    .raw({.bytes = Bytes(1'000, 0x11), .protocol = protocol})
                    .fragments(400, 8));
    const Flow flow = replay.only();
    EXPECT_EQ(flow.tuple, tuple("10.0.0.1", 0, "10.0.0.2", 0, protocol));
    EXPECT_EQ(flow.forward, (Counters{3, 3 * 20 + 1'000}));
    EXPECT_FALSE(flow.no_ports) << int{protocol};
  }
}

// RFC 8200 4.5: destination options may follow the fragment header.
TEST_F(FragmentsTest, WithAnExtensionHeaderInTheFragmentedPart) {
  Replay replay;
  replay.push(Packet().ether().ipv6().destination().udp().payload(900).fragments(400, 5));
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tuple, tuple("fd00::1", 1'000, "fd00::2", 7'000, kProtoUdp));
  EXPECT_EQ(flow.forward, (Counters{3, 3 * 48 + 8 + 908}));
}

TEST_F(FragmentsTest, BehindHopByHopAndRouting) {
  Replay replay;
  replay.push(Packet().ether().ipv6().hop_by_hop().routing().udp().payload(900).fragments(400, 5));
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tuple, tuple("fd00::1", 1'000, "fd00::2", 7'000, kProtoUdp));
  EXPECT_EQ(flow.forward, (Counters{3, 3 * (48 + 8 + 24) + 908}));
}

// The inner packet of a tunnel whose outer one was fragmented is whole in
// length, though only its beginning is in the first fragment.
TEST_F(FragmentsTest, OfATunnelCountTheInnerPacketOnce) {
  Replay replay;
  replay.push(Packet()
                  .ether()
                  .ipv4()
                  .udp({.dst = 4'789})
                  .vxlan({.vni = 3})
                  .ether()
                  .ip("192.168.0.1", "192.168.0.2")
                  .tcp()
                  .payload(1'400)
                  .fragments(800, 5));
  const Flow outside = replay.only(0);
  const Flow inside = replay.only(1);
  EXPECT_EQ(outside.forward, (Counters{2, 2 * 20 + 8 + 8 + 14 + 1'440}));
  EXPECT_EQ(inside.forward, (Counters{1, 1'440}));
  EXPECT_EQ(inside.vni, 3U);
  replay.expect_exact();
}

TEST_F(FragmentsTest, InsideATunnelJoinThere) {
  Replay replay;
  for (const auto& piece :
       Packet().ether().ip("192.168.0.1", "192.168.0.2").udp().payload(900).fragments(400, 5))
    replay.push(
        Packet().ether().ipv4().udp({.dst = 4'789}).vxlan({.vni = 3}).raw({.bytes = piece}));
  const Flow inside = replay.only(1);
  EXPECT_EQ(inside.tuple, tuple("192.168.0.1", 1'000, "192.168.0.2", 7'000, kProtoUdp));
  EXPECT_EQ(inside.forward, (Counters{3, 3 * 20 + 908}));
  EXPECT_EQ(inside.fragments, 3U);
  EXPECT_EQ(replay.only(0).fragments, 0U);
  replay.expect_exact();
}

TEST_F(FragmentsTest, OfPacketsInPackets) {
  Replay replay;
  replay.push(Packet()
                  .ether()
                  .ipv4()
                  .gre()
                  .ip("192.168.0.1", "192.168.0.2")
                  .udp()
                  .payload(900)
                  .fragments(400, 5));
  const Flow outside = replay.only(0);
  EXPECT_EQ(outside.forward, (Counters{3, 3 * 20 + 4 + 20 + 908}));
  EXPECT_EQ(outside.fragments, 3U);
  EXPECT_FALSE(outside.no_ports);
}

}  // namespace
}  // namespace netprobe::test
