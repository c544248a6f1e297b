// SPDX-License-Identifier: Apache-2.0
// The block stage by BPF_PROG_TEST_RUN: what it drops, and what it never does.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <random>
#include <thread>

#include "prog/block_machine.h"
#include "prog/replay.h"

namespace netprobe::test {
namespace {

constexpr std::size_t kAddress = 0;  // of kBlockCauses
constexpr std::size_t kNetwork = 1;
constexpr std::size_t kSourceLimit = 4;
constexpr std::size_t kTargetLimit = 5;
constexpr std::size_t kSynLimit = 6;
constexpr Nanos kHour = 3'600 * kSecond;

class BlockTest : public ProgTest {
 protected:
  void SetUp() override {
    ProgTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(machine_.emplace().ready());
  }
  Status block(std::string_view what, BlockMode mode = BlockMode::kEnforce,
               Nanos remaining = kHour) {
    return plane().put(PlaneBlock{.what = net(what), .mode = mode, .remaining = remaining});
  }
  Status allow(std::string_view what) {
    const IpPrefix one[] = {net(what)};
    return plane().allow(one);
  }
  XdpBlockPlane& plane() { return machine_->plane(); }
  bool drops(const Packet& packet) { return machine_->drops(packet); }
  static Packet tcp_from(const Address& source, Tcp tcp = {}) {
    return Packet()
        .ether()
        .ip(source, source.value.is_v4() ? Address("10.0.0.9") : "fd00::9")
        .tcp(tcp);
  }
  std::optional<BlockMachine> machine_;
};

TEST_F(BlockTest, PassesAllWhenNothingIsBlocked) {
  EXPECT_FALSE(drops(tcp_from("10.0.0.1")));
  EXPECT_FALSE(drops(tcp_from("fd00::1")));
  EXPECT_FALSE(drops(Packet().ether().arp()));
  EXPECT_EQ(plane().counters().looked, 0U);
}

TEST_F(BlockTest, DropsAnAddressAndNoOther) {
  ASSERT_TRUE(block("10.0.0.1"));
  ASSERT_TRUE(block("fd00::1"));
  EXPECT_TRUE(drops(tcp_from("10.0.0.1")));
  EXPECT_TRUE(drops(tcp_from("fd00::1")));
  EXPECT_FALSE(drops(tcp_from("10.0.0.2")));
  EXPECT_FALSE(drops(tcp_from("fd00::2")));
  // Only as a source: the answer to it is not its packet.
  EXPECT_FALSE(drops(Packet().ether().ip("10.0.0.9", "10.0.0.1").tcp()));
  const auto counted = plane().counters();
  EXPECT_EQ(counted.dropped[kAddress].packets, 2U);
  EXPECT_EQ(counted.dropped[kAddress].bytes,
            tcp_from("10.0.0.1").bytes().size() + tcp_from("fd00::1").bytes().size());
  EXPECT_EQ(machine_->dropped(), 2U);
  ASSERT_TRUE(plane().remove(net("10.0.0.1")));
  EXPECT_FALSE(drops(tcp_from("10.0.0.1")));
  EXPECT_TRUE(drops(tcp_from("fd00::1")));
}

TEST_F(BlockTest, SeesThroughTagsOptionsExtensionsAndFragments) {
  ASSERT_TRUE(block("10.0.0.1"));
  ASSERT_TRUE(block("fd00::1"));
  const Packet eth = Packet().ether();
  const Ipv6 six{.src = "fd00::1"};
  EXPECT_TRUE(drops(Packet(eth).vlan({.id = 7}).ipv4().tcp()));
  EXPECT_TRUE(drops(Packet(eth).qinq(1, 2).ipv6(six).udp()));
  EXPECT_TRUE(drops(Packet(eth).mpls({5}).ipv4().udp()));
  EXPECT_TRUE(drops(Packet(eth).ipv4({.options = {1}}).tcp()));
  EXPECT_TRUE(drops(Packet(eth).ipv6(six).hop_by_hop().destination().tcp()));
  EXPECT_TRUE(drops(Packet(eth).ipv6(six).routing().udp()));
  for (const auto& piece : Packet(eth).ipv4().udp().payload(2'000).fragments(1'000, 5))
    EXPECT_TRUE(machine_->drops(piece));
  EXPECT_TRUE(drops(Packet(eth).ipv4().echo(1, 1)));
}

TEST_F(BlockTest, WhatCannotBeParsedPasses) {
  ASSERT_TRUE(block("10.0.0.1"));
  Bytes bad = tcp_from("10.0.0.1").bytes();
  bad[14] = 0x42;  // a header of 8 bytes
  EXPECT_FALSE(machine_->drops(bad));
  EXPECT_FALSE(machine_->drops(Bytes(bad.begin(), bad.begin() + 30)));
  EXPECT_FALSE(drops(Packet().ether().arp()));
}

// Random bytes, with everything in force: the program answers, and what it does not drop
// by the block of the whole network it passes.
TEST_F(BlockTest, HoldsAgainstGarbage) {
  ASSERT_TRUE(block("10.0.0.0/16"));
  ASSERT_TRUE(plane().put(PlaneLimit{.address = Address("10.0.0.9").value,
                                     .side = LimitSide::kTarget,
                                     .mode = BlockMode::kEnforce,
                                     .rate = 1,
                                     .burst = 1,
                                     .remaining = kHour}));
  const Packet packets[] = {tcp_from("10.0.0.1"), tcp_from("fd00::1"),
                            Packet().ether().qinq(1, 2).ipv6().hop_by_hop().udp()};
  std::mt19937 random(11);
  std::uint64_t dropped = 0;
  for (int i = 0; i < 3'000; ++i) {
    Bytes frame = packets[random() % 3].bytes();
    for (unsigned n = random() % 8; n > 0; --n)
      frame[12 + random() % (frame.size() - 12)] = static_cast<std::uint8_t>(random());
    dropped += machine_->drops(frame) ? 1 : 0;
  }
  EXPECT_EQ(machine_->dropped(), dropped);
  EXPECT_GT(dropped, 0U);
}

TEST_F(BlockTest, NetworksOfEveryLength) {
  for (const char* what :
       {"10.1.0.0/16", "10.2.3.0/24", "10.3.4.16/28", "10.4.0.0/22", "2001:db8::/32",
        "2001:db9:1::/48", "2001:dba:1:2::/64", "2001:dbb:1:2:3:4:5:0/120", "2001:dbc:8000::/36"})
    ASSERT_TRUE(block(what)) << what;
  for (const char* source : {"10.1.0.0", "10.1.255.255", "10.2.3.77", "10.3.4.16", "10.3.4.31",
                             "10.4.3.255", "2001:db8:ffff::1", "2001:db9:1:ffff::1",
                             "2001:dba:1:2:ffff::", "2001:dbb:1:2:3:4:5:ff", "2001:dbc:8fff::1"})
    EXPECT_TRUE(drops(tcp_from(source))) << source;
  for (const char* source : {"10.0.255.255", "10.2.0.0", "10.2.2.255", "10.2.4.0", "10.3.4.15",
                             "10.3.4.32", "10.4.4.0", "2001:db7::1", "2001:db9:2::1",
                             "2001:dba:1:3::1", "2001:dbb:1:2:3:4:6:0", "2001:dbc:9000::1"})
    EXPECT_FALSE(drops(tcp_from(source))) << source;
  EXPECT_EQ(plane().counters().dropped[kNetwork].packets, 11U);
  ASSERT_EQ(plane().blocks().size(), 9U);
}

// Against the definition: random prefixes, random sources near them.
TEST_F(BlockTest, RandomPrefixesAgainstTheirDefinition) {
  std::mt19937 random(5);
  std::vector<IpPrefix> blocked;
  for (int i = 0; i < 60; ++i) {
    std::array<std::uint8_t, 16> bytes{};
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random() % 4);
    const bool four = i % 2 == 0;
    bytes[0] = 0x20;  // an IPv6 prefix around all of IPv4 is the policy's to refuse
    const IpAddress address =
        four ? IpAddress::v4(0x0a000000 | (random() & 0x0003f3ff)) : IpAddress(bytes);
    blocked.push_back(IpPrefix::of(address, four ? 16 + static_cast<int>(random() % 17)
                                                 : 32 + static_cast<int>(random() % 97)));
    ASSERT_TRUE(plane().put(PlaneBlock{blocked.back(), BlockMode::kEnforce, kHour}));
  }
  int dropped = 0;
  for (int i = 0; i < 2'000; ++i) {
    const IpPrefix& near = blocked[random() % blocked.size()];
    auto bytes = near.network().bytes();
    bytes[(near.network().is_v4() ? 13U : 4U) + random() % (near.network().is_v4() ? 3 : 12)] ^=
        static_cast<std::uint8_t>(1U << random() % 8);
    const IpAddress source(bytes);
    const bool expected =
        std::ranges::any_of(blocked, [&](const IpPrefix& p) { return p.contains(source); });
    ASSERT_EQ(drops(tcp_from(source)), expected) << source.to_string() << [&] {
      std::string around;
      for (const IpPrefix& p : blocked)
        if (p.contains(source)) around += " in " + p.to_string();
      return around;
    }();
    dropped += expected ? 1 : 0;
  }
  EXPECT_GT(dropped, 100);
  EXPECT_LT(dropped, 1'900);
}

TEST_F(BlockTest, TheAllowListComesFirst) {
  ASSERT_TRUE(block("10.0.0.0/16"));
  ASSERT_TRUE(block("10.0.0.1"));
  ASSERT_TRUE(allow("10.0.0.0/30"));
  EXPECT_FALSE(drops(tcp_from("10.0.0.1")));
  EXPECT_TRUE(drops(tcp_from("10.0.0.4")));
  EXPECT_EQ(plane().counters().allowed, 1U);
  // A new list in place of the old one.
  ASSERT_TRUE(allow("fd00::/64"));
  EXPECT_TRUE(drops(tcp_from("10.0.0.1")));
  ASSERT_TRUE(block("fd00::1"));
  EXPECT_FALSE(drops(tcp_from("fd00::1")));
}

TEST_F(BlockTest, ADryRunCountsAndDropsNothing) {
  ASSERT_TRUE(block("10.0.0.1", BlockMode::kDryRun));
  ASSERT_TRUE(block("fd00::/48", BlockMode::kDryRun));
  EXPECT_FALSE(drops(tcp_from("10.0.0.1")));
  EXPECT_FALSE(drops(tcp_from("fd00::1")));
  const auto counted = plane().counters();
  EXPECT_EQ(counted.would_drop[kAddress].packets, 1U);
  EXPECT_EQ(counted.would_drop[kNetwork].packets, 1U);
  EXPECT_EQ(counted.dropped[kAddress].packets + counted.dropped[kNetwork].packets, 0U);
  for (const auto& each : plane().blocks()) {
    EXPECT_EQ(each.packets, 1U) << each.what.to_string();
    EXPECT_GT(each.bytes, 0U);
  }
}

// What is more particular must not free anybody from what is wider.
TEST_F(BlockTest, ADryRunOrAnEndedBlockInsideABlockFreesNobody) {
  ASSERT_TRUE(block("10.5.0.0/16"));
  ASSERT_TRUE(block("10.5.5.0/24", BlockMode::kDryRun));
  ASSERT_TRUE(block("10.5.5.0/28", BlockMode::kEnforce, 0));  // is over
  ASSERT_TRUE(block("10.5.5.5", BlockMode::kDryRun));
  EXPECT_TRUE(drops(tcp_from("10.5.5.5")));
  EXPECT_TRUE(drops(tcp_from("10.5.5.6")));
  EXPECT_TRUE(drops(tcp_from("10.5.6.1")));
}

TEST_F(BlockTest, EndsByItselfWithNobodyThere) {
  ASSERT_TRUE(block("10.0.0.1", BlockMode::kEnforce, 300 * kMillisecond));
  ASSERT_TRUE(block("10.6.0.0/24", BlockMode::kEnforce, 300 * kMillisecond));
  ASSERT_TRUE(block("10.7.0.0/24", BlockMode::kEnforce, kHour));
  const bool early = drops(tcp_from("10.0.0.1")) && drops(tcp_from("10.6.0.1"));
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  EXPECT_FALSE(drops(tcp_from("10.0.0.1")));
  EXPECT_FALSE(drops(tcp_from("10.6.0.1")));
  EXPECT_TRUE(drops(tcp_from("10.7.0.1")));
  EXPECT_TRUE(early);
}

TEST_F(BlockTest, ClearEndsEverythingAtOnce) {
  ASSERT_TRUE(block("10.0.0.1"));
  ASSERT_TRUE(block("10.6.0.0/24"));
  const IpPrefix feed[] = {net("10.8.0.1"), net("10.9.0.0/24")};
  ASSERT_TRUE(plane().load_feed(feed, BlockMode::kEnforce, kHour));
  EXPECT_TRUE(drops(tcp_from("10.8.0.1")));
  ASSERT_TRUE(plane().clear());
  for (const char* source : {"10.0.0.1", "10.6.0.1", "10.8.0.1", "10.9.0.1"})
    EXPECT_FALSE(drops(tcp_from(source))) << source;
  EXPECT_TRUE(plane().blocks().empty());
  ASSERT_TRUE(block("10.0.0.1"));
  EXPECT_TRUE(drops(tcp_from("10.0.0.1")));
}

TEST_F(BlockTest, AFullListSaysSo) {
  BlockMachine small({.addresses = 2, .networks = 1, .feed_addresses = 1, .feed_networks = 1});
  ASSERT_TRUE(small.ready());
  ASSERT_TRUE(small.plane().put(PlaneBlock{net("10.0.0.1"), BlockMode::kEnforce, kHour}));
  ASSERT_TRUE(small.plane().put(PlaneBlock{net("10.0.0.2"), BlockMode::kEnforce, kHour}));
  const auto third = small.plane().put(PlaneBlock{net("10.0.0.3"), BlockMode::kEnforce, kHour});
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().kind, ErrorKind::kBusy);
  EXPECT_NE(third.error().message.find("no room to block 10.0.0.3"), std::string::npos)
      << third.error().message;
  const IpPrefix feed[] = {net("10.8.0.1"), net("10.8.0.2")};
  EXPECT_EQ(small.plane().load_feed(feed, BlockMode::kEnforce, kHour).error().kind,
            ErrorKind::kBusy);
  // To put it anew needs no room.
  EXPECT_TRUE(small.plane().put(PlaneBlock{net("10.0.0.2"), BlockMode::kDryRun, kHour}));
}

TEST_F(BlockTest, ALimitLetsTheBurstThroughAndNoMore) {
  struct Case {
    LimitSide side;
    std::size_t cause;
    const char* address;
    Packet packet;
    Packet other;
  };
  const Case cases[] = {
      {LimitSide::kSource, kSourceLimit, "10.0.0.1", tcp_from("10.0.0.1"), tcp_from("10.0.0.2")},
      {LimitSide::kTarget, kTargetLimit, "fd00::9", tcp_from("fd00::1"),
       Packet().ether().ip("fd00::1", "fd00::8").tcp()}};
  for (const Case& one : cases) {
    SCOPED_TRACE(to_string(one.side));
    PlaneLimit limit{.address = Address(one.address).value,
                     .side = one.side,
                     .mode = BlockMode::kEnforce,
                     .rate = 1,
                     .burst = 20,
                     .remaining = kHour};
    ASSERT_TRUE(plane().put(limit));
    int passed = 0;
    for (int i = 0; i < 50; ++i) passed += drops(one.packet) ? 0 : 1;
    EXPECT_GE(passed, 20);  // and one for each second that this took
    EXPECT_LT(passed, 50);
    for (int i = 0; i < 50; ++i) EXPECT_FALSE(drops(one.other));
    EXPECT_EQ(plane().counters().dropped[one.cause].packets, static_cast<unsigned>(50 - passed));
    // Asked for anew, its bucket is as empty as before, and it counts on.
    limit.mode = BlockMode::kDryRun;
    ASSERT_TRUE(plane().put(limit));
    for (int i = 0; i < 50; ++i) EXPECT_FALSE(drops(one.packet));
    EXPECT_GT(plane().counters().would_drop[one.cause].packets, 0U);
    for (const auto& each : plane().limits()) {
      if (each.side != one.side) continue;
      EXPECT_EQ(each.rate, 1U);
      EXPECT_EQ(each.burst, 20U);
      EXPECT_GT(each.over_packets, 30U);
    }
    ASSERT_TRUE(plane().remove_limit(limit));
    for (int i = 0; i < 50; ++i) EXPECT_FALSE(drops(one.packet));
  }
}

TEST_F(BlockTest, ALimitOfBytes) {
  ASSERT_TRUE(plane().put(PlaneLimit{.address = Address("10.0.0.1").value,
                                     .side = LimitSide::kSource,
                                     .mode = BlockMode::kEnforce,
                                     .bytes = true,
                                     .rate = 100,
                                     .burst = 10'000,
                                     .remaining = kHour}));
  const Packet big = tcp_from("10.0.0.1").payload(946);  // a frame of 1,000 bytes
  ASSERT_EQ(big.bytes().size(), 1'000U);
  int passed = 0;
  for (int i = 0; i < 30; ++i) passed += drops(big) ? 0 : 1;
  EXPECT_GE(passed, 10);
  EXPECT_LT(passed, 30);
}

TEST_F(BlockTest, SynsOverTheLimitPassWhenTheyAreRepeatedInTime) {
  ASSERT_TRUE(plane().put(PlaneLimit{.address = Address("10.0.0.9").value,
                                     .port = 80,
                                     .side = LimitSide::kSyn,
                                     .mode = BlockMode::kEnforce,
                                     .rate = 1,
                                     .burst = 1,
                                     .remaining = kHour}));
  const auto syn = [](const Address& source, std::uint16_t port, std::uint32_t seq) {
    return tcp_from(source, {.src = 4'000, .dst = port, .flags = 0x02, .seq = seq});
  };
  // The flood: no two alike.
  for (std::uint32_t i = 0; i < 50; ++i) (void)drops(syn(IpAddress::v4(0x0b000000 + i), 80, i));
  EXPECT_GT(plane().counters().dropped[kSynLimit].packets, 40U);
  // Everything else of the service goes on.
  EXPECT_FALSE(drops(syn("10.0.0.1", 81, 1)));
  EXPECT_FALSE(drops(tcp_from("10.0.0.1", {.dst = 80, .flags = 0x10})));
  // The honest client: the same again, but not at once.
  EXPECT_TRUE(drops(syn("10.0.0.1", 80, 77)));
  EXPECT_TRUE(drops(syn("10.0.0.1", 80, 77)));
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  (void)drops(syn("11.9.9.9", 80, 1));  // takes what token there is by now
  EXPECT_FALSE(drops(syn("10.0.0.1", 80, 77)));
  EXPECT_EQ(plane().counters().proven, 1U);
  // It is believed from now on; the flood is not.
  for (std::uint32_t i = 0; i < 10; ++i) EXPECT_FALSE(drops(syn("10.0.0.1", 80, 1'000 + i)));
  int flood = 0;
  for (std::uint32_t i = 0; i < 50; ++i)
    flood += drops(syn(IpAddress::v4(0x0b100000 + i), 80, i)) ? 0 : 1;
  EXPECT_LT(flood, 10);
}

// While more come than a limit is for, none passes that is not repeated: the flood's own
// would fill a service's queue. When it ends, so does that.
TEST_F(BlockTest, AFloodOfSynsGetsNoTokens) {
  const PlaneLimit limit{.address = Address("fd00::9").value,
                         .port = 80,
                         .side = LimitSide::kSyn,
                         .mode = BlockMode::kEnforce,
                         .rate = 1,
                         .burst = 5,
                         .remaining = kHour};
  ASSERT_TRUE(plane().put(limit));
  std::array<std::uint8_t, 16> source{0xfd, 0x0b};
  std::uint32_t number = 0;
  const auto passes = [&] {
    ++number;
    std::memcpy(&source[12], &number, 4);
    return !drops(tcp_from(IpAddress(source), {.dst = 80, .flags = 0x02, .seq = number}));
  };
  using Clock = std::chrono::steady_clock;
  const auto begun = Clock::now();
  auto last = begun;
  auto longest = Clock::duration{};
  int passed = 0;
  while (last - begun < std::chrono::milliseconds(2'500)) {
    passed += passes() ? 1 : 0;
    const auto now = Clock::now();
    longest = std::max(longest, now - last);
    last = now;
  }
  // A machine that stood still for a second did not flood.
  if (longest < std::chrono::milliseconds(900)) EXPECT_EQ(passed, 5);
  EXPECT_GT(plane().counters().dropped[kSynLimit].packets, 5U);
  std::this_thread::sleep_for(std::chrono::milliseconds(2'100));
  EXPECT_TRUE(passes());
}

TEST_F(BlockTest, WhoIsAllowedPassesALimitOfSyns) {
  ASSERT_TRUE(allow("10.0.0.1"));
  ASSERT_TRUE(plane().put(PlaneLimit{.address = Address("10.0.0.9").value,
                                     .port = 80,
                                     .side = LimitSide::kSyn,
                                     .mode = BlockMode::kEnforce,
                                     .rate = 1,
                                     .burst = 1,
                                     .remaining = kHour}));
  for (std::uint32_t i = 0; i < 50; ++i) {
    (void)drops(tcp_from(IpAddress::v4(0x0b000000 + i), {.dst = 80, .flags = 0x02, .seq = i}));
    EXPECT_FALSE(drops(tcp_from("10.0.0.1", {.dst = 80, .flags = 0x02, .seq = i})));
  }
  EXPECT_EQ(plane().counters().allowed, 50U);
  EXPECT_GT(plane().counters().dropped[kSynLimit].packets, 40U);
}

}  // namespace
}  // namespace netprobe::test
