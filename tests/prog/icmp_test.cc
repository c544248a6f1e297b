// SPDX-License-Identifier: Apache-2.0
// ICMP and ICMPv6: queries are flows by identifier, errors belong to the flow
// whose packet they quote.
#include "prog/replay.h"

namespace netprobe::test {
namespace {

using IcmpTest = ProgTest;

/// The table knows all that was pushed so far.
void settle(Replay& replay) { (void)replay.flows(); }

std::optional<Flow> find(Replay& replay, const FlowTuple& tuple) {
  for (auto& flow : replay.flows())
    if (flow.tuple == tuple) return flow;
  return {};
}

TEST_F(IcmpTest, EchoAndReplyAreOneFlow) {
  Replay replay;
  for (std::uint16_t i = 1; i <= 3; ++i) {
    replay.push(Packet().ether().ipv4().echo(77, i).payload(56));
    replay.push(Packet().ether().ip("10.0.0.2", "10.0.0.1").echo(77, i, true).payload(56));
    replay.push(Packet().ether().ipv6().echo(78, i).payload(56));
    replay.push(Packet().ether().ip("fd00::2", "fd00::1").echo(78, i, true).payload(56));
  }
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), 2U);
  EXPECT_EQ(flows[0].tuple, tuple("10.0.0.1", 77, "10.0.0.2", 77, kProtoIcmp));
  EXPECT_EQ(flows[0].forward, (Counters{3, 3 * 84}));
  EXPECT_EQ(flows[0].reverse, (Counters{3, 3 * 84}));
  EXPECT_EQ(flows[1].tuple, tuple("fd00::1", 78, "fd00::2", 78, kProtoIcmp6));
  EXPECT_EQ(flows[1].forward, (Counters{3, 3 * 104}));
  EXPECT_EQ(flows[1].reverse, (Counters{3, 3 * 104}));
  replay.expect_exact();
}

TEST_F(IcmpTest, OtherMessagesHaveNoPorts) {
  Replay replay;
  replay.push(
      Packet().ether().ipv6({.dst = "ff02::1:ff00:2"}).icmp({.type = 135, .v6 = true}).payload(24));
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tuple, tuple("fd00::1", 0, "ff02::1:ff00:2", 0, kProtoIcmp6));
  EXPECT_EQ(flow.icmp, 135 << 8);
  EXPECT_FALSE(flow.no_ports);
}

TEST_F(IcmpTest, ErrorsAreTiedToTheFlowTheyQuote) {
  const struct {
    const char* what;
    Packet failed;
    FlowTuple flow;
    const char* reporter;
    std::uint8_t type, code;
  } cases[] = {
      {"port unreachable", Packet().ether().ipv4().udp().payload(30),
       tuple("10.0.0.1", 1'000, "10.0.0.2", 7'000, kProtoUdp), "10.0.0.2", 3, 3},
      {"fragmentation needed", Packet().ether().ipv4().tcp({.flags = 0x18}).payload(1'400),
       tuple("10.0.0.1", 1'000, "10.0.0.2", 80, kProtoTcp), "10.9.9.9", 3, 4},
      {"time exceeded for an echo", Packet().ether().ipv4({.ttl = 1}).echo(5, 1).payload(30),
       tuple("10.0.0.1", 5, "10.0.0.2", 5, kProtoIcmp), "10.9.9.9", 11, 0},
      {"with options in the quoted header",
       Packet().ether().ipv4({.options = {1, 1, 1}}).udp().payload(30),
       tuple("10.0.0.1", 1'000, "10.0.0.2", 7'000, kProtoUdp), "10.9.9.9", 12, 0},
      {"SCTP", Packet().ether().ipv4().sctp().payload(30),
       tuple("10.0.0.1", 1'000, "10.0.0.2", 36'412, kProtoSctp), "10.9.9.9", 3, 2},
      {"IPv6 port unreachable", Packet().ether().ipv6().udp().payload(30),
       tuple("fd00::1", 1'000, "fd00::2", 7'000, kProtoUdp), "fd00::2", 1, 4},
      {"packet too big", Packet().ether().ipv6().tcp({.flags = 0x18}).payload(1'400),
       tuple("fd00::1", 1'000, "fd00::2", 80, kProtoTcp), "fd00::9", 2, 0},
      {"IPv6 time exceeded for an echo", Packet().ether().ipv6().echo(6, 1).payload(30),
       tuple("fd00::1", 6, "fd00::2", 6, kProtoIcmp6), "fd00::9", 3, 0},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.what);
    Replay replay;
    replay.push(one.failed);
    settle(replay);
    const Address back(one.flow.src);
    replay.push(
        Packet().ether().ip(one.reporter, back).icmp_error(one.type, one.code, one.failed, 80));
    ASSERT_EQ(replay.flows().size(), 2U);
    const auto flow = find(replay, one.flow);
    ASSERT_TRUE(flow);
    EXPECT_EQ(flow->icmp_errors, 1U);
    EXPECT_EQ(flow->last_icmp_error, one.type << 8 | one.code);
    EXPECT_EQ(flow->forward.packets, 1U);  // the error itself is no packet of the flow
    const auto error = find(
        replay, tuple(one.reporter, 0, back, 0, back.value.is_v4() ? kProtoIcmp : kProtoIcmp6));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->icmp, one.type << 8 | one.code);
    EXPECT_EQ(replay.table().unmatched_icmp_errors(), 0U);
    replay.expect_exact();
  }
}

TEST_F(IcmpTest, AnErrorAboutTheReplyIsTiedToo) {
  Replay replay;
  const Packet reply =
      Packet().ether().ip("10.0.0.2", "10.0.0.1").udp({.src = 7'000, .dst = 1'000}).payload(9);
  replay.push(Packet().ether().ipv4().udp().payload(30)).push(reply);
  settle(replay);
  replay.push(Packet().ether().ip("10.0.0.1", "10.0.0.2").icmp_error(3, 3, reply));
  const auto flow = find(replay, tuple("10.0.0.1", 1'000, "10.0.0.2", 7'000, kProtoUdp));
  ASSERT_TRUE(flow);
  EXPECT_EQ(flow->icmp_errors, 1U);
}

// The error travels through the ring, its flow still stands in the cache: the
// first datagram to a closed port and its answer are read together.
TEST_F(IcmpTest, AnErrorThatIsReadTogetherWithItsFlow) {
  Replay replay;
  const Packet failed = Packet().ether().ipv4().udp().payload(30);
  replay.push(failed);
  replay.push(Packet().ether().ip("10.0.0.2", "10.0.0.1").icmp_error(3, 3, failed));
  const auto flow = find(replay, tuple("10.0.0.1", 1'000, "10.0.0.2", 7'000, kProtoUdp));
  ASSERT_TRUE(flow);
  EXPECT_EQ(flow->icmp_errors, 1U);
}

TEST_F(IcmpTest, AnErrorAboutNothingKnownIsCounted) {
  Replay replay;
  replay.push(Packet().ether().ipv4().icmp_error(
      3, 1, Packet().ipv4({.src = "10.4.4.4"}).udp().payload(9)));
  EXPECT_EQ(replay.flows().size(), 1U);
  EXPECT_EQ(replay.table().unmatched_icmp_errors(), 1U);
}

TEST_F(IcmpTest, InsideATunnelTheyAreTiedThere) {
  Replay replay;
  const Packet around = Packet().ether().ipv4().udp({.dst = 4'789}).vxlan({.vni = 3}).ether();
  const Packet failed = Packet().ip("192.168.0.1", "192.168.0.2").udp().payload(9);
  replay.push(Packet(around).ip("192.168.0.1", "192.168.0.2").udp().payload(9));
  settle(replay);
  replay.push(Packet(around).ip("192.168.0.2", "192.168.0.1").icmp_error(3, 3, failed));
  const auto flow = find(replay, tuple("192.168.0.1", 1'000, "192.168.0.2", 7'000, kProtoUdp));
  ASSERT_TRUE(flow);
  EXPECT_EQ(flow->icmp_errors, 1U);
}

// A later fragment that an error quotes has data where ports would be.
TEST_F(IcmpTest, AQuotedLaterFragmentHasNoPorts) {
  Replay replay;
  // Its payload reads as the ports of a flow that has nothing to do with it.
  replay.push(Packet().ether().ipv4().udp({.src = 0x1111, .dst = 0x2222}).payload(8));
  settle(replay);
  const Packet later = Packet()
                           .ipv4({.id = 9, .offset = 100, .protocol = kProtoUdp})
                           .raw({.bytes = {0x11, 0x11, 0x22, 0x22, 0, 0, 0, 0}});
  replay.push(Packet().ether().ip("10.9.9.9", "10.0.0.1").icmp_error(11, 0, later));
  const auto flow = find(replay, tuple("10.0.0.1", 0x1111, "10.0.0.2", 0x2222, kProtoUdp));
  ASSERT_TRUE(flow);
  EXPECT_EQ(flow->icmp_errors, 0U);
}

// IPv6 extension headers in the quoted packet are stepped over.
TEST_F(IcmpTest, AQuotedExtensionHeaderIsSteppedOver) {
  Replay replay;
  const Packet failed = Packet().ether().ipv6().destination().udp().payload(30);
  replay.push(failed);
  settle(replay);
  replay.push(Packet().ether().ip("fd00::9", "fd00::1").icmp_error(1, 0, failed, 200));
  const auto flow = find(replay, tuple("fd00::1", 1'000, "fd00::2", 7'000, kProtoUdp));
  ASSERT_TRUE(flow);
  EXPECT_EQ(flow->icmp_errors, 1U);
}

TEST_F(IcmpTest, AShortQuoteDoesNoHarm) {
  for (const std::size_t limit : {0U, 1U, 19U, 20U, 23U, 27U}) {
    Replay replay;
    replay.push(Packet().ether().ipv4().icmp_error(3, 1, Packet().ipv4().udp().payload(9), limit));
    EXPECT_EQ(replay.only().icmp, 3 << 8 | 1);
    replay.expect_exact();
  }
}

}  // namespace
}  // namespace netprobe::test
