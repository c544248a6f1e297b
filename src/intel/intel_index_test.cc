// SPDX-License-Identifier: Apache-2.0
#include "intel/intel_index.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "intel/testing/read.h"

namespace netprobe::intel {
namespace {

using testing::read;

TEST(IntelIndex, FindsTheNarrowestEntry) {
  const auto list = read(
      "203.0.113.0/24 ; wide\n203.0.113.64/26 ; narrow\n203.0.113.70 ; single\n"
      "2001:db8::/32 # six\n2001:db8:1::/48\n2001:db8:1::9\n");
  ASSERT_TRUE(list.status);
  EXPECT_EQ(list.of("203.0.113.1"), "203.0.113.0/24 wide");
  EXPECT_EQ(list.of("203.0.113.63"), "203.0.113.0/24 wide");
  EXPECT_EQ(list.of("203.0.113.64"), "203.0.113.64/26 narrow");
  EXPECT_EQ(list.of("203.0.113.70"), "203.0.113.70 single");
  EXPECT_EQ(list.of("203.0.113.127"), "203.0.113.64/26 narrow");
  EXPECT_EQ(list.of("203.0.113.128"), "203.0.113.0/24 wide");
  EXPECT_EQ(list.of("203.0.114.0"), "-");
  EXPECT_EQ(list.of("203.0.112.255"), "-");
  EXPECT_EQ(list.of("2001:db8::1"), "2001:db8::/32 six");
  EXPECT_EQ(list.of("2001:db8:1::1"), "2001:db8:1::/48");
  EXPECT_EQ(list.of("2001:db8:1::9"), "2001:db8:1::9");
  EXPECT_EQ(list.of("2001:db8:2::"), "2001:db8::/32 six");
  EXPECT_EQ(list.of("2001:db9::"), "-");
}

TEST(IntelIndex, TellsItsNetworksForThoseWhoBlockThem) {
  const auto list = read(
      "203.0.113.0/24\n203.0.113.64/26\n203.0.112.0/24\n198.51.100.7\n"
      "2001:db8::/33\n2001:db8:8000::/33\n2001:db9::9\n");
  ASSERT_TRUE(list.status);
  std::set<std::string> have;
  for (const IpPrefix& each : list.index->lists()[0].list->networks())
    have.insert(each.to_string());
  // Nested and neighbouring ones come together.
  EXPECT_EQ(have, (std::set<std::string>{"198.51.100.7/32", "2001:db9::9/128", "203.0.112.0/23",
                                         "2001:db8::/32"}));
  // What belongs to the node is cut out, to the address.
  const auto own = std::make_shared<const Guard>(
      std::vector<IpPrefix>{*IpPrefix::parse("203.0.113.9"), *IpPrefix::parse("198.51.100.7")});
  const IntelIndex index({{.name = "a", .list = list.index->lists()[0].list}}, own);
  EXPECT_TRUE(index.networks(std::vector<std::string>{"b"}).empty());
  const auto networks = index.networks(std::vector<std::string>{"a"});
  const auto blocks = [&](const char* text) {
    return std::ranges::any_of(
        networks, [&](const IpPrefix& each) { return each.contains(*IpAddress::parse(text)); });
  };
  for (const char* in : {"203.0.112.0", "203.0.113.8", "203.0.113.10", "203.0.113.255",
                         "2001:db8:ffff::", "2001:db9::9"})
    EXPECT_TRUE(blocks(in)) << in;
  for (const char* out :
       {"203.0.113.9", "198.51.100.7", "203.0.114.0", "203.0.111.255", "2001:db9::8"})
    EXPECT_FALSE(blocks(out)) << out;
}

TEST(IntelIndex, FindsNamesByTheirEnd) {
  const auto list = read("bad.example\n*.worse.example\n.worst.example # both\n");
  ASSERT_TRUE(list.status);
  EXPECT_EQ(list.of("bad.example"), "bad.example");
  EXPECT_EQ(list.of("BAD.Example."), "bad.example");
  EXPECT_EQ(list.of("www.bad.example"), "-");
  EXPECT_EQ(list.of("notbad.example"), "-");
  EXPECT_EQ(list.of("worse.example"), "-");
  EXPECT_EQ(list.of("a.b.worse.example"), "*.worse.example");
  EXPECT_EQ(list.of("reworse.example"), "-");
  EXPECT_EQ(list.of("worst.example"), "worst.example both");
  EXPECT_EQ(list.of("x.worst.example"), "*.worst.example both");
  EXPECT_EQ(list.of("example"), "-");
  EXPECT_EQ(list.of("*.worse.example"), "-");
}

TEST(IntelIndex, TellsAllListsThatMatch) {
  const auto guard = std::make_shared<const Guard>();
  const auto make = [&](std::string_view text) {
    ListBuilder builder(guard, 100, 0);
    const auto parser = make_plain_parser(builder);
    EXPECT_TRUE(parser->take(text));
    EXPECT_TRUE(parser->finish());
    return builder.finish();
  };
  const IntelIndex index({{"one", Severity::kCritical, 0.9, make("203.0.113.7 c2\n")},
                          {"two", Severity::kLow, 0.3, make("198.51.100.1\n")},
                          {"three", Severity::kMedium, 0.5, make("203.0.113.0/28\n")}},
                         guard);
  const auto matches = index.find(IpAddress::parse("203.0.113.7").value());
  ASSERT_EQ(matches.size(), 2);
  EXPECT_EQ(matches[0].list, "one");
  EXPECT_EQ(matches[0].reason, "c2");
  EXPECT_EQ(matches[0].severity, Severity::kCritical);
  EXPECT_DOUBLE_EQ(matches[0].confidence, 0.9);
  EXPECT_EQ(matches[1].list, "three");
  EXPECT_EQ(matches[1].entry, "203.0.113.0/28");
  EXPECT_FALSE(IntelIndex().has(IpAddress::v4(1)));
  EXPECT_TRUE(IntelIndex().find_name("bad.example").empty());
}

TEST(IntelIndex, LeavesOutWhatIsGuardedInsideAPrefix) {
  const auto guard = std::make_shared<const Guard>(
      std::vector<IpPrefix>{IpPrefix::parse("198.51.100.64/26").value()});
  const auto list = read("198.51.100.0/24\n8.8.8.0/24\n192.0.0.0/8\n", {}, 0, guard);
  EXPECT_EQ(list.counts.taken, 3);
  EXPECT_EQ(list.counts.trimmed, 3);
  EXPECT_EQ(list.of("198.51.100.63"), "198.51.100.0/24");
  EXPECT_EQ(list.of("198.51.100.64"), "-");
  EXPECT_EQ(list.of("198.51.100.128"), "198.51.100.0/24");
  EXPECT_EQ(list.of("8.8.8.8"), "-");
  EXPECT_EQ(list.of("8.8.8.9"), "8.8.8.0/24");
  EXPECT_EQ(list.of("192.168.1.1"), "-");
  EXPECT_EQ(list.of("192.169.1.1"), "192.0.0.0/8");
}

TEST(IntelIndex, AgreesWithASlowOneOnRandomLists) {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    // Few bits are free, so that much is nested, meets or stands there twice.
    const auto draw = [&] { return 0xcb007000U + static_cast<std::uint32_t>(random() & 0x3ffU); };
    std::set<IpAddress> singles;
    std::vector<IpPrefix> prefixes;
    std::string text;
    for (int i = 0; i < 200; ++i) {
      if (random() % 2 == 0) {
        const IpAddress address = IpAddress::v4(draw());
        singles.insert(address);
        text += address.to_string() + "\n";
      } else {
        const IpPrefix prefix =
            IpPrefix::of(IpAddress::v4(draw()), 24 + static_cast<int>(random() % 8));
        prefixes.push_back(prefix);
        text += prefix.to_string() + "\n";
      }
    }
    const auto list = read(text);
    for (std::uint32_t key = 0xcb006f00U; key < 0xcb007500U; ++key) {
      const IpAddress address = IpAddress::v4(key);
      const IpPrefix* best = nullptr;
      for (const IpPrefix& prefix : prefixes)
        if (prefix.contains(address) && (best == nullptr || prefix.bits() > best->bits()))
          best = &prefix;
      const std::string expected = singles.contains(address) ? address.to_string()
                                   : best != nullptr         ? best->to_string()
                                                             : "-";
      ASSERT_EQ(list.of(address.to_string()), expected) << "round " << round;
    }
  }
}

TEST(IntelIndex, HasRoomForTheEndsOfTheNumbers) {
  // Nothing is guarded here that is above: the last address of each family.
  PrefixRanges<V4Key> v4({{0xffffff00U, 24, 1}, {0, 8, 2}, {0xffffffffU, 32, 3}});
  EXPECT_EQ(v4.find(0xffffffffU)->length, 32);
  EXPECT_EQ(v4.find(0xfffffffeU)->length, 24);
  EXPECT_FALSE(v4.find(0xfffffeffU));
  EXPECT_EQ(v4.find(0)->length, 8);
  EXPECT_FALSE(v4.find(0x01000000U));
  PrefixRanges<V6Key> v6({{~V6Key{0} << 64U, 64, 1}});
  EXPECT_EQ(v6.find(~V6Key{0})->length, 64);
  EXPECT_FALSE(v6.find((~V6Key{0} << 64U) - 1));
}

TEST(IntelIndex, CountsItsMemory) {
  std::string text;
  for (std::uint32_t i = 0; i < 100'000; ++i)
    text += IpAddress::v4(0xcb000000U + i * 7).to_string() + "\n";
  const auto list = read(text);
  const ListIndex& index = *list.index->lists().front().list;
  EXPECT_EQ(index.addresses(), 100'000);
  EXPECT_GE(index.bytes(), 400'000);
  EXPECT_LE(index.bytes(), 500'000);
}

}  // namespace
}  // namespace netprobe::intel
