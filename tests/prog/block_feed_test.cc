// SPDX-License-Identifier: Apache-2.0
// Whole lists: loaded, replaced, dropped, and the filter made anew.
#include <random>

#include "prog/block_machine.h"
#include "prog/replay.h"

namespace netprobe::test {
namespace {

constexpr Nanos kHour = 3'600 * kSecond;
constexpr PlaneRoom kRoom{.feed_addresses = 20'000, .feed_networks = 500};

class BlockFeedTest : public ProgTest {
 protected:
  void SetUp() override {
    ProgTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_TRUE(machine_.emplace(kRoom).ready());
  }
  XdpBlockPlane& plane() { return machine_->plane(); }
  bool drops(const IpAddress& source) {
    return machine_->drops(
        Packet().ether().ip(source, source.is_v4() ? Address("10.0.0.9") : "fd00::9").udp());
  }
  /// `count` addresses, every other one IPv6, numbered from `first` on.
  static IpAddress address(std::uint32_t n) {
    if (n % 2 == 0) return IpAddress::v4(0x14000000 + n);
    auto bytes = Address("2001:db8::").value.bytes();
    bytes[6] = static_cast<std::uint8_t>(n >> 16);
    bytes[14] = static_cast<std::uint8_t>(n >> 8);
    bytes[15] = static_cast<std::uint8_t>(n);
    return IpAddress(bytes);
  }
  static std::vector<IpPrefix> list(std::uint32_t first, std::uint32_t count) {
    std::vector<IpPrefix> result;
    for (std::uint32_t n = first; n < first + count; ++n)
      result.push_back(IpPrefix::of(address(n), 128));
    return result;
  }
  std::optional<BlockMachine> machine_;
};

TEST_F(BlockFeedTest, LoadsReplacesAndDrops) {
  auto first = list(0, 15'000);
  first.push_back(net("30.1.0.0/16"));
  first.push_back(net("2001:dead::/40"));
  ASSERT_TRUE(plane().load_feed(first, BlockMode::kEnforce, kHour));
  for (std::uint32_t n = 0; n < 15'000; n += 37) ASSERT_TRUE(drops(address(n))) << n;
  for (std::uint32_t n = 15'000; n < 20'000; n += 37) ASSERT_FALSE(drops(address(n))) << n;
  EXPECT_TRUE(drops(Address("30.1.2.3").value));
  EXPECT_TRUE(drops(Address("2001:dead:00ff::1").value));
  EXPECT_TRUE(plane().in_feed(first[0]));
  EXPECT_FALSE(plane().in_feed(net("30.1.2.0/24")));

  // The next list shares 5,000; together they are more than there is room for.
  ASSERT_TRUE(plane().load_feed(list(10'000, 18'000), BlockMode::kEnforce, kHour));
  for (std::uint32_t n = 10'000; n < 28'000; n += 37) ASSERT_TRUE(drops(address(n))) << n;
  for (std::uint32_t n = 0; n < 10'000; n += 37) ASSERT_FALSE(drops(address(n))) << n;
  EXPECT_FALSE(drops(Address("30.1.2.3").value));
  EXPECT_FALSE(plane().in_feed(first[0]));

  plane().drop_feed();
  for (std::uint32_t n = 0; n < 28'000; n += 37) ASSERT_FALSE(drops(address(n))) << n;
  ASSERT_TRUE(plane().load_feed(list(0, 100), BlockMode::kDryRun, kHour));
  EXPECT_FALSE(drops(address(1)));
  EXPECT_EQ(plane().counters().would_drop[2].packets, 1U);
}

// The first test is nobody's judgement: it must know each entry, whatever was
// removed, added and made anew, and forget what is gone.
TEST_F(BlockFeedTest, TheFilterMadeAnewKnowsAllAndForgetsTheRest) {
  ASSERT_TRUE(plane().load_feed(list(0, 10'000), BlockMode::kEnforce, kHour));
  ASSERT_TRUE(plane().put(PlaneBlock{net("40.0.0.0/20"), BlockMode::kEnforce, kHour}));
  ASSERT_TRUE(plane().put(PlaneBlock{net("2001:dead:1::/48"), BlockMode::kEnforce, kHour}));
  ASSERT_TRUE(plane().put(PlaneBlock{net("41.0.0.1"), BlockMode::kEnforce, kHour}));
  plane().make_filter_anew();
  for (std::uint32_t n = 0; n < 10'000; n += 37) ASSERT_TRUE(drops(address(n))) << n;
  for (const char* source : {"40.0.15.255", "2001:dead:1:ffff::1", "41.0.0.1"})
    EXPECT_TRUE(drops(Address(source).value)) << source;
  // A block that comes after is in both halves.
  ASSERT_TRUE(plane().put(PlaneBlock{net("42.0.0.1"), BlockMode::kEnforce, kHour}));
  plane().make_filter_anew();
  EXPECT_TRUE(drops(Address("42.0.0.1").value));

  plane().drop_feed();
  for (int i = 0; i < 10; ++i) plane().tidy();
  const auto before = plane().counters();
  for (std::uint32_t n = 0; n < 10'000; n += 37) ASSERT_FALSE(drops(address(n))) << n;
  EXPECT_LE(plane().counters().looked - before.looked, 3U);  // of 271
  EXPECT_TRUE(drops(Address("42.0.0.1").value));
}

TEST_F(BlockFeedTest, OneBlockedByItselfStaysWhenTheListGoes) {
  ASSERT_TRUE(plane().load_feed(list(0, 10), BlockMode::kEnforce, kHour));
  ASSERT_TRUE(plane().put(PlaneBlock{IpPrefix::of(address(4), 128), BlockMode::kEnforce, kHour}));
  plane().drop_feed();
  EXPECT_TRUE(drops(address(4)));
  EXPECT_FALSE(drops(address(5)));
}

}  // namespace
}  // namespace netprobe::test
