// SPDX-License-Identifier: Apache-2.0
// The flow cache under pressure: records that are pushed out are merged again.
#include <map>
#include <random>

#include "prog/replay.h"

namespace netprobe::test {
namespace {

using CacheTest = ProgTest;

// Far more flows than slots, many rounds: sums must be exact for every flow.
TEST_F(CacheTest, EvictedRecordsAreMerged) {
  Replay replay({.slots = 256});
  std::mt19937 random(7);
  std::map<std::uint16_t, Counters> expected;
  for (int i = 0; i < 40'000; ++i) {
    // Skewed: a few elephants, many mice.
    const auto port =
        static_cast<std::uint16_t>(1 + (random() % 4 == 0 ? random() % 4'000 : random() % 20));
    const std::size_t size = random() % 100;
    replay.push(Packet().ether().ipv4().udp({.src = port}).payload(size),
                {.after = 20 * kMicrosecond});
    expected[port] += Counters{1, 28 + size};
  }
  replay.expect_exact();
  // Where a set was full of busier flows and the ring too, a packet may be
  // unattributed; this test drains often enough that none is.
  ASSERT_EQ(replay.counters().unattributed_total(), 0U);
  std::map<std::uint16_t, Counters> seen;
  for (const auto& flow : replay.flows()) {
    EXPECT_TRUE(seen.emplace(flow.tuple.src_port, flow.forward).second);
    EXPECT_EQ(flow.reverse, Counters{});
  }
  EXPECT_EQ(seen, expected);
}

TEST_F(CacheTest, DrainingTwiceCountsOnce) {
  Replay replay;
  const Packet packet = Packet().ether().ipv6().udp().payload(10);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    replay.push(packet);
    EXPECT_EQ(replay.only().forward.packets, i);
    EXPECT_EQ(replay.only().forward.packets, i);
  }
}

// A flow that was quiet for long, then goes on, is still one.
TEST_F(CacheTest, QuietFlowsGiveWayAndComeBack) {
  Replay replay({.slots = 16});
  for (int round = 0; round < 3; ++round)
    for (std::uint16_t port = 1; port <= 100; ++port)
      replay.push(Packet().ether().ipv4().udp({.src = port}).payload(1),
                  {.after = port == 1 ? 60 * kSecond : kMillisecond});
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), 100U);
  for (const auto& flow : flows) EXPECT_EQ(flow.forward, (Counters{3, 3 * 29}));
  replay.expect_exact();
}

// What is one bit apart in the key stays apart in the cache, also where the
// packet takes the shortest path: each is sent three times, on two interfaces.
TEST_F(CacheTest, NearlyEqualFlowsStayApart) {
  Replay replay;
  const std::vector<Packet> kinds = {
      Packet().ether().ipv4().udp({.src = 1000, .dst = 2000}).payload(10),
      Packet().ether().ipv4().udp({.src = 1000, .dst = 2001}).payload(11),
      Packet().ether().ipv4().udp({.src = 1001, .dst = 2000}).payload(12),
      Packet().ether().ipv4().tcp({.src = 1000, .dst = 2000}).payload(13),
      Packet().ether().ipv6().udp({.src = 1000, .dst = 2000}).payload(14),
      Packet().ether().ipv6().udp({.src = 1000, .dst = 2001}).payload(15),
      Packet().ether().ipv6().tcp({.src = 1000, .dst = 2000}).payload(16),
  };
  constexpr std::uint64_t kRounds = 3;
  for (std::uint64_t round = 0; round < kRounds; ++round)
    for (const auto& packet : kinds)
      for (const std::uint32_t interface : {1U, 2U}) replay.push(packet, {.interface = interface});
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), kinds.size());
  for (std::size_t i = 0; i < flows.size(); ++i) {
    const std::uint64_t size = kinds[i].bytes().size() - 14;
    EXPECT_EQ(flows[i].forward, (Counters{kRounds, kRounds * size})) << i;
    ASSERT_EQ(flows[i].observations.size(), 2U) << i;
    for (const auto& point : flows[i].observations)
      EXPECT_EQ(point.forward, (Counters{kRounds, kRounds * size})) << i;
  }
  replay.expect_exact();
}

}  // namespace
}  // namespace netprobe::test
