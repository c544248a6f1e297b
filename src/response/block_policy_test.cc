// SPDX-License-Identifier: Apache-2.0
#include "response/block_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

namespace netprobe {
namespace {

IpPrefix net(std::string_view text) { return *IpPrefix::parse(text); }

std::string said(const Status& status) { return status ? "" : status.error().message; }

const AllowList kAllowed({{net("10.0.0.1"), "API server"},
                          {net("10.9.0.0/24"), "nodes"},
                          {net("fd00::53"), "DNS"}});

TEST(BlockPolicy, WhatTouchesTheAllowListIsRefusedWithTheReason) {
  // The same, one inside, one around; and those beside.
  EXPECT_EQ(said(check_block(net("10.0.0.1"), kAllowed, {})),
            "10.0.0.1/32 is not blocked: 10.0.0.1/32 is on the allow list (API server)");
  EXPECT_NE(said(check_block(net("10.9.0.7"), kAllowed, {})).find("(nodes)"), std::string::npos);
  EXPECT_NE(said(check_block(net("10.9.0.0/16"), kAllowed, {})).find("(nodes)"), std::string::npos);
  EXPECT_NE(said(check_block(net("fd00::/64"), kAllowed, {})).find("(DNS)"), std::string::npos);
  for (const char* what : {"10.0.0.2", "10.9.1.0/24", "10.1.0.0/16", "fd00::54", "fd00:0:0:1::/64"})
    EXPECT_TRUE(check_block(net(what), kAllowed, {})) << what;
}

TEST(BlockPolicy, TouchesWhatLookingAtEachOneDoes) {
  std::mt19937 random(11);
  const auto any = [&](int most) {
    // Few bits, so that they meet: of IPv4, and of IPv6 around and beside it.
    const bool v4 = random() % 2 == 0;
    std::array<std::uint8_t, 16> bytes{};
    bytes[15] = static_cast<std::uint8_t>(random() % 8);
    bytes[14] = static_cast<std::uint8_t>(random() % 2);
    if (v4) bytes[10] = bytes[11] = 0xff;
    if (!v4 && random() % 2 == 0) bytes[0] = 0xfd;
    const int length =
        v4 ? 22 + static_cast<int>(random() % 11) : most - static_cast<int>(random() % 128);
    return IpPrefix::of(IpAddress(bytes), length);
  };
  for (int round = 0; round < 2'000; ++round) {
    std::vector<AllowedNetwork> networks;
    for (std::uint32_t i = random() % 6; i > 0; --i) networks.push_back({any(128), "some"});
    const AllowList list(networks);
    for (int i = 0; i < 20; ++i) {
      const IpPrefix what = any(128);
      // Networks that meet at all are in one another.
      const bool any_of_them = std::ranges::any_of(networks, [&](const AllowedNetwork& each) {
        return each.network.bits() <= what.bits() ? each.network.contains(what.network())
                                                  : what.contains(each.network.network());
      });
      const AllowedNetwork* found = list.touched_by(what);
      ASSERT_EQ(found != nullptr, any_of_them) << what.to_string();
      if (found != nullptr) {
        EXPECT_TRUE(what.contains(found->network.network()) ||
                    found->network.contains(what.network()));
      }
    }
  }
  const AllowList twice({{net("10.0.0.1"), "first"}, {net("10.0.0.1"), "second"}});
  EXPECT_EQ(twice.touched_by(net("10.0.0.0/24"))->reason, "first");
  const AllowList all({{*IpPrefix::parse("::/0"), "all"}});
  EXPECT_NE(all.touched_by(net("192.0.2.1")), nullptr) << "IPv4 as well";
}

TEST(BlockPolicy, TheWidestNetworks) {
  EXPECT_TRUE(check_block(net("11.0.0.0/16"), {}, {}));
  EXPECT_NE(said(check_block(net("11.0.0.0/15"), {}, {})).find("wider than /16"),
            std::string::npos);
  EXPECT_FALSE(check_block(net("0.0.0.0/0"), {}, {}));
  EXPECT_TRUE(check_block(net("2001:db8::/32"), {}, {}));
  EXPECT_NE(said(check_block(net("2001:db8::/31"), {}, {})).find("wider than /32"),
            std::string::npos);
  EXPECT_FALSE(check_block(net("::/0"), {}, {}));
  EXPECT_FALSE(check_block(net("::/32"), {}, {}));  // all of IPv4 is in it
  EXPECT_FALSE(check_block(net("::/64"), {}, {}));
  EXPECT_TRUE(check_block(net("::ffff:11.0.0.0"), {}, {}));  // an IPv4 address
}

TEST(BlockPolicy, WhatIsNoHostIsNotBlocked) {
  for (const char* what : {"127.0.0.1", "::1", "224.0.0.1", "ff02::1", "255.255.255.255",
                           "169.254.1.1", "fe80::1", "0.0.0.0", "::"})
    EXPECT_FALSE(check_block(net(what), {}, {})) << what;
}

TEST(BlockPolicy, ARequestNeedsAReasonANameAndAnEnd) {
  const BlockCaps caps;
  EXPECT_TRUE(check_words("scan", "ann", kSecond, caps));
  EXPECT_FALSE(check_words("", "ann", kSecond, caps));
  EXPECT_FALSE(check_words("scan", "", kSecond, caps));
  EXPECT_FALSE(check_words("scan", "ann", 0, caps));
  EXPECT_FALSE(check_words("scan", "ann", caps.longest + 1, caps));
  EXPECT_FALSE(check_words(std::string(257, 'x'), "ann", kSecond, caps));
  EXPECT_FALSE(check_words("\xff", "ann", kSecond, caps));
}

TEST(BlockPolicy, Limits) {
  PlaneLimit limit{.address = *IpAddress::parse("10.0.0.1"), .rate = 10, .burst = 10};
  EXPECT_FALSE(check_limit(limit, kAllowed));  // a source that is allowed
  limit.side = LimitSide::kTarget;
  EXPECT_TRUE(check_limit(limit, kAllowed));
  limit.bytes = true;
  EXPECT_NE(said(check_limit(limit, kAllowed)).find("longest frame"), std::string::npos);
  limit.burst = 65'536;
  EXPECT_TRUE(check_limit(limit, kAllowed));
  limit.port = 80;
  EXPECT_FALSE(check_limit(limit, kAllowed));
  limit.side = LimitSide::kSyn;
  EXPECT_FALSE(check_limit(limit, kAllowed));  // of bytes
  limit.bytes = false;
  EXPECT_TRUE(check_limit(limit, kAllowed));
  limit.port = 0;
  EXPECT_FALSE(check_limit(limit, kAllowed));
  limit.rate = 0;
  EXPECT_FALSE(check_limit(limit, kAllowed));
}

TEST(BlockPolicy, SoManyAMinuteAndThenAsTimeGoes) {
  MinuteCap cap(6);
  Nanos now = 1'000 * kSecond;
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(cap.take(now));
  EXPECT_FALSE(cap.take(now));
  EXPECT_FALSE(cap.take(now - kSecond));  // a clock that went back gives nothing
  EXPECT_FALSE(cap.take(now += 9 * kSecond));
  EXPECT_TRUE(cap.take(now += 2 * kSecond));
  EXPECT_FALSE(cap.take(now));
  now += 3'600 * kSecond;
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(cap.take(now));
  EXPECT_FALSE(cap.take(now));
}

}  // namespace
}  // namespace netprobe
