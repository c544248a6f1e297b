// SPDX-License-Identifier: Apache-2.0
// IPv4 and IPv6 headers and what stands between them and the transport.
#include "prog/replay.h"

namespace netprobe::test {
namespace {

using IpTest = ProgTest;

TEST_F(IpTest, Ipv4Options) {
  Replay replay;
  replay.push(Packet().ether().ipv4({.options = {7, 39, 4, 0, 0, 0, 0}}).tcp().payload(5));
  replay.push(Packet().ether().ipv4({.options = Bytes(40, 1)}).tcp({.seq = 6}).payload(5));
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tuple, tuple("10.0.0.1", 1'000, "10.0.0.2", 80, kProtoTcp));
  EXPECT_EQ(flow.forward, (Counters{2, (28 + 20 + 5) + (60 + 20 + 5)}));
}

TEST_F(IpTest, DscpOfTheLastPacketAndSmallestTtl) {
  for (const bool v6 : {false, true}) {
    Replay replay;
    for (const auto& [dscp, ttl] : {std::pair{46, 60}, {10, 3}, {34, 61}}) {
      Packet packet = Packet().ether();
      if (v6)
        packet.ipv6({.hop_limit = static_cast<std::uint8_t>(ttl),
                     .dscp = static_cast<std::uint8_t>(dscp),
                     .flow_label = 0xfffff});
      else
        packet.ipv4(
            {.ttl = static_cast<std::uint8_t>(ttl), .dscp = static_cast<std::uint8_t>(dscp)});
      replay.push(packet.udp().payload(4));
    }
    const Flow flow = replay.only();
    EXPECT_EQ(flow.dscp, 34);
    EXPECT_EQ(flow.min_ttl, 3);
    EXPECT_EQ(flow.forward.packets, 3U);
  }
}

TEST_F(IpTest, Ipv6ExtensionHeadersAreSteppedOver) {
  const Packet ip = Packet().ether().ipv6();
  const struct {
    Packet before;
    std::uint64_t length;
  } cases[] = {
      {Packet(ip).hop_by_hop(), 8},
      {Packet(ip).destination(3), 32},
      {Packet(ip).routing(), 24},
      {Packet(ip).routing({.segments = {"fd00::5", "fd00::6"}}), 40},
      {Packet(ip).auth(), 24},
      {Packet(ip).auth({.words = 4}), 28},
      {Packet(ip).fragment({.id = 9}), 8},  // atomic (RFC 6946): whole
      {Packet(ip).hop_by_hop(1).destination().routing().fragment({.id = 9}).auth().destination(2),
       16 + 8 + 24 + 8 + 24 + 24},
  };
  for (const auto& one : cases) {
    Replay replay;
    replay.push(Packet(one.before).udp().payload(10));
    Packet tcp = one.before;
    replay.push(tcp.tcp({.flags = kTcpSyn}).payload(1));
    const auto flows = replay.flows();
    ASSERT_EQ(flows.size(), 2U);
    EXPECT_EQ(flows[0].tuple, tuple("fd00::1", 1'000, "fd00::2", 7'000, kProtoUdp));
    EXPECT_EQ(flows[0].forward, (Counters{1, 40 + one.length + 18}));
    EXPECT_FALSE(flows[0].no_ports);
    EXPECT_EQ(flows[0].fragments, 0U);
    EXPECT_EQ(flows[1].tuple, tuple("fd00::1", 1'000, "fd00::2", 80, kProtoTcp));
    EXPECT_EQ(flows[1].forward, (Counters{1, 40 + one.length + 21}));
    EXPECT_EQ(flows[1].tcp_forward.syns, 1U);
    replay.expect_exact();
  }
}

TEST_F(IpTest, AuthenticationHeaderInIpv4) {
  Replay replay;
  replay.push(Packet().ether().ipv4().auth().tcp().payload(9));
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tuple, tuple("10.0.0.1", 1'000, "10.0.0.2", 80, kProtoTcp));
  EXPECT_EQ(flow.forward.bytes, 20U + 24 + 20 + 9);
}

TEST_F(IpTest, OtherProtocolsHaveTheirNumberAndNoPorts) {
  Replay replay;
  for (const std::uint8_t protocol : std::initializer_list<std::uint8_t>{2, 50, 89, 112, 253})
    replay.push(Packet().ether().ipv4().raw({.bytes = Bytes(24, 0x77), .protocol = protocol}));
  replay.push(Packet().ether().ipv6().raw({.protocol = 59}));
  replay.push(Packet().ether().ipv6().raw({.bytes = Bytes(24, 0x77), .protocol = 89}));
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), 7U);
  EXPECT_EQ(flows[0].tuple, tuple("10.0.0.1", 0, "10.0.0.2", 0, 2));
  EXPECT_EQ(flows[4].tuple, tuple("10.0.0.1", 0, "10.0.0.2", 0, 253));
  EXPECT_EQ(flows[5].tuple, tuple("fd00::1", 0, "fd00::2", 0, 59));
  EXPECT_EQ(flows[5].forward, (Counters{1, 40}));
  EXPECT_EQ(flows[6].tuple, tuple("fd00::1", 0, "fd00::2", 0, 89));
  for (const auto& flow : flows) EXPECT_FALSE(flow.no_ports);
  replay.expect_exact();
}

TEST_F(IpTest, PortsOfEveryTransportThatHasThem) {
  Replay replay;
  replay.push(Packet().ether().ipv4().sctp().raw({.bytes = {11, 0, 0, 4}}));
  replay.push(
      Packet().ether().ipv6().sctp({.src = 65'535, .dst = 1}).raw({.bytes = {11, 0, 0, 4}}));
  const Bytes ports{0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0, 0, 0, 0, 0};
  for (const std::uint8_t protocol :
       std::initializer_list<std::uint8_t>{33, 136})  // DCCP, UDP-Lite
    replay.push(Packet().ether().ipv4().raw({.bytes = ports, .protocol = protocol}));
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), 4U);
  EXPECT_EQ(flows[0].tuple, tuple("10.0.0.1", 1'000, "10.0.0.2", 36'412, kProtoSctp));
  EXPECT_EQ(flows[1].tuple, tuple("fd00::1", 65'535, "fd00::2", 1, kProtoSctp));
  EXPECT_EQ(flows[2].tuple, tuple("10.0.0.1", 0x1234, "10.0.0.2", 0x5678, 33));
  EXPECT_EQ(flows[3].tuple, tuple("10.0.0.1", 0x1234, "10.0.0.2", 0x5678, 136));
}

// A super-packet over 64 KiB has length 0: what there is counts. IPv6 has real
// packets of length 0, so there it takes a super-packet (or a jumbogram).
TEST_F(IpTest, LengthZeroMeansWhatThereIs) {
  Replay replay;
  replay.push(Packet().ether().ipv4({.total_length = 0}).tcp().payload(100));
  replay.push(Packet().ether().ipv6({.payload_length = 0}).tcp().payload(100));
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), 2U);
  EXPECT_EQ(flows[0].forward, (Counters{1, 20 + 20 + 100}));
  EXPECT_EQ(flows[1].forward, (Counters{1, 40}));
  EXPECT_TRUE(flows[1].no_ports);
}

TEST_F(IpTest, ALengthThatLiesCountsWhatThereIs) {
  Replay replay;
  replay.push(Packet().ether().ipv4({.total_length = 5'000}).udp().payload(100));
  replay.push(Packet().ether().ipv6({.payload_length = 5'000}).udp().payload(100));
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), 2U);
  EXPECT_EQ(flows[0].forward, (Counters{1, 20 + 8 + 100}));
  EXPECT_EQ(flows[1].forward, (Counters{1, 40 + 8 + 100}));
}

// What a short capture left out was on the wire all the same.
TEST_F(IpTest, ACutCaptureCountsTheWholePacket) {
  for (const std::size_t keep : {34U + 8, 34U + 20, 34U + 40}) {
    Replay replay;
    const Packet packet = Packet().ether().ipv4().tcp({.flags = 0x18}).payload(1'000);
    Bytes cut = packet.bytes();
    const auto wire = static_cast<std::uint32_t>(cut.size());
    cut.resize(keep);
    replay.push(cut, {.wire_length = wire});
    const Flow flow = replay.only();
    EXPECT_EQ(flow.tuple, tuple("10.0.0.1", 1'000, "10.0.0.2", 80, kProtoTcp)) << keep;
    EXPECT_EQ(flow.forward, (Counters{1, 1'040})) << keep;
    replay.expect_exact();
  }
}

TEST_F(IpTest, ACutBeforeThePortsLeavesThemUnknown) {
  Replay replay;
  const Bytes whole = Packet().ether().ipv6().tcp().payload(1'000).bytes();
  replay.push(Bytes(whole.begin(), whole.begin() + 54 + 3), {.wire_length = 1'074});
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tuple, tuple("fd00::1", 0, "fd00::2", 0, kProtoTcp));
  EXPECT_TRUE(flow.no_ports);
  EXPECT_EQ(flow.forward, (Counters{1, 1'060}));
}

// What lies behind the end that the IP header gives is link padding, not ports.
TEST_F(IpTest, PortsAreNotReadFromPadding) {
  Replay replay;
  replay.push(Packet().ether().ipv4({.protocol = 17}).padded());
  replay.push(Packet().ether().ipv4({.protocol = 6}).padded());
  replay.push(Packet().ether().ipv4({.protocol = 1}).padded());
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), 3U);
  EXPECT_TRUE(flows[0].no_ports);
  EXPECT_TRUE(flows[1].no_ports);
  EXPECT_EQ(flows[0].forward, (Counters{1, 20}));
  EXPECT_EQ(flows[2].icmp, 0);
}

}  // namespace
}  // namespace netprobe::test
