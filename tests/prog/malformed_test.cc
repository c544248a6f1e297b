// SPDX-License-Identifier: Apache-2.0
// What cannot be read is counted, by cause, and never lost.
#include "prog/replay.h"

namespace netprobe::test {
namespace {

using MalformedTest = ProgTest;

std::uint64_t count(Replay& replay, Unattributed cause) {
  return replay.counters().unattributed[static_cast<std::size_t>(cause)];
}

Bytes cut(const Packet& packet, std::size_t size) {
  Bytes bytes = packet.bytes();
  bytes.resize(size);
  return bytes;
}

TEST_F(MalformedTest, HeadersThatAreCutOff) {
  const Packet v4 = Packet().ether().ipv4().udp().payload(9);
  const Packet v6 = Packet().ether().ipv6().udp().payload(9);
  const Bytes cases[] = {
      cut(v4, 0),
      cut(v4, 1),
      cut(v4, 13),
      cut(v4, 14),
      cut(v4, 33),
      cut(v6, 15),
      cut(v6, 53),
      cut(Packet().ether().vlan({.id = 1}).ipv4(), 16),
      cut(Packet().ether().mpls({1}).ipv4(), 17),
      cut(Packet().ether().pppoe().ipv4(), 20),
      cut(Packet().ether().vlan({.id = 1}).ipv4(), 20),
  };
  for (const auto& bytes : cases) {
    Replay replay;
    replay.push(bytes);
    EXPECT_TRUE(replay.flows().empty()) << bytes.size();
    EXPECT_EQ(count(replay, Unattributed::kMalformed), 1U) << bytes.size();
    replay.expect_exact();
  }
}

TEST_F(MalformedTest, IpHeadersThatAreNone) {
  const Packet eth = Packet().ether();
  Bytes version = Packet(eth).ipv4().udp().payload(9).bytes();
  version[14] = 0x75;
  for (const auto& bytes :
       {Packet(eth).ipv4({.header_words = 4}).udp().payload(9).bytes(),
        Packet(eth).ipv4({.header_words = 0}).udp().payload(9).bytes(),
        Packet(eth).ipv4({.total_length = 19}).udp().payload(9).bytes(),
        Packet(eth).ipv4({.header_words = 15, .total_length = 40}).udp().payload(50).bytes(),
        version, Bytes(60, 0)}) {
    Bytes frame = bytes;
    frame[12] = 0x08;  // of the frame of zeros
    Replay replay;
    replay.push(frame);
    EXPECT_TRUE(replay.flows().empty());
    EXPECT_EQ(count(replay, Unattributed::kMalformed), 1U);
    replay.expect_exact();
  }
}

TEST_F(MalformedTest, BareIpThatIsNone) {
  Replay replay;
  replay.push(Bytes(40, 0), {.bare_ip = true}).push(Bytes(19, 0x45), {.bare_ip = true});
  EXPECT_EQ(count(replay, Unattributed::kMalformed), 2U);
  replay.expect_exact();
}

TEST_F(MalformedTest, MoreHeadersThanTheParserTakes) {
  Packet deep = Packet().ether();
  for (std::uint16_t i = 0; i < 40; ++i) deep.vlan({.id = i});
  Packet stack = Packet().ether();
  for (std::uint32_t i = 0; i < 60; ++i) stack.mpls({i});
  Replay replay;
  replay.push(deep.ipv4().udp().payload(9)).push(stack.ipv4().udp().payload(9));
  EXPECT_TRUE(replay.flows().empty());
  EXPECT_EQ(count(replay, Unattributed::kTooDeep), 2U);
  replay.expect_exact();
}

// Where the IP header itself was good, its flow keeps the packet.
TEST_F(MalformedTest, ExtensionHeadersWithoutEnd) {
  Packet packet = Packet().ether().ipv6();
  for (int i = 0; i < 60; ++i) packet.destination();
  Replay replay;
  replay.push(packet.udp().payload(9));
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tuple, tuple("fd00::1", 0, "fd00::2", 0, 60));
  EXPECT_TRUE(flow.no_ports);
  EXPECT_EQ(flow.forward, (Counters{1, 40 + 60 * 8 + 17}));
  replay.expect_exact();
}

TEST_F(MalformedTest, AnExtensionHeaderThatPointsOutOfThePacket) {
  Bytes frame = Packet().ether().ipv6().destination().udp().payload(9).bytes();
  frame[14 + 40 + 1] = 0xff;  // its length
  Replay replay;
  replay.push(frame);
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tuple, tuple("fd00::1", 0, "fd00::2", 0, kProtoUdp));
  EXPECT_TRUE(flow.no_ports);
  EXPECT_EQ(flow.forward.packets, 1U);
}

TEST_F(MalformedTest, TransportHeadersThatAreCutOff) {
  Replay replay;
  for (const std::uint8_t protocol : {kProtoTcp, kProtoUdp, kProtoSctp})
    replay.push(Packet().ether().ipv4().raw({.bytes = {1, 2, 3}, .protocol = protocol}));
  for (const auto& flow : replay.flows()) {
    EXPECT_TRUE(flow.no_ports);
    EXPECT_EQ(flow.forward, (Counters{1, 23}));
  }
  EXPECT_EQ(replay.flows().size(), 3U);
  replay.expect_exact();
}

// The outer flow keeps what the tunnel made of its payload.
TEST_F(MalformedTest, ATunnelWithNoPacketInside) {
  const Packet v4 = Packet().ether().ipv4();
  Replay replay;
  replay.push(Packet(v4).udp({.dst = 4'789}).vxlan());
  replay.push(Packet(v4).udp({.dst = 4'789}));
  replay.push(Packet(v4).udp({.dst = 4'789}).vxlan().ether().ipv4({.header_words = 2}));
  replay.push(Packet(v4).udp({.dst = 6'081}).geneve().ether().arp());
  replay.push(Packet(v4).gre({.key = 1}));
  replay.push(Packet(v4).raw({.bytes = {0x45}, .protocol = 4}));
  EXPECT_TRUE(replay.flows_at(1).empty());
  std::uint64_t packets = 0;
  for (const auto& flow : replay.flows_at(0)) packets += flow.forward.packets;
  EXPECT_EQ(packets, 6U);
  EXPECT_EQ(replay.counters().unattributed_total(), 0U);
  replay.expect_exact();
}

}  // namespace
}  // namespace netprobe::test
