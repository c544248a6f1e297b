// SPDX-License-Identifier: Apache-2.0
#include "intel/guard.h"

#include <gtest/gtest.h>

namespace netprobe::intel {
namespace {

std::string judged(const Guard& guard, std::string_view text) {
  bool trimmed = false;
  const auto why = guard.refuses(parse_entry(text).value(), trimmed);
  return why ? std::string(to_string(*why)) : trimmed ? "trimmed" : "taken";
}

TEST(Guard, RefusesWhatIsNotOfTheInternet) {
  const Guard guard;
  EXPECT_EQ(judged(guard, "0.0.0.0"), "reserved");
  EXPECT_EQ(judged(guard, "10.1.2.3"), "private");
  EXPECT_EQ(judged(guard, "10.0.0.0/8"), "private");
  EXPECT_EQ(judged(guard, "172.31.255.255"), "private");
  EXPECT_EQ(judged(guard, "172.32.0.0"), "taken");
  EXPECT_EQ(judged(guard, "192.168.4.0/24"), "private");
  EXPECT_EQ(judged(guard, "100.64.0.1"), "private");
  EXPECT_EQ(judged(guard, "127.0.0.1"), "loopback");
  EXPECT_EQ(judged(guard, "169.254.169.254"), "link_local");
  EXPECT_EQ(judged(guard, "239.1.1.1"), "multicast");
  EXPECT_EQ(judged(guard, "255.255.255.255"), "reserved");
  EXPECT_EQ(judged(guard, "::"), "reserved");
  EXPECT_EQ(judged(guard, "::1"), "loopback");
  EXPECT_EQ(judged(guard, "fd00::1"), "private");
  EXPECT_EQ(judged(guard, "fe80::1"), "link_local");
  EXPECT_EQ(judged(guard, "ff02::1"), "multicast");
  EXPECT_EQ(judged(guard, "2001:db8::1"), "taken");
  EXPECT_EQ(judged(guard, "203.0.113.7"), "taken");
}

TEST(Guard, RefusesPublicResolversAndKeepsTheirNeighbours) {
  const Guard guard;
  for (const std::string_view resolver : {"8.8.8.8", "1.1.1.1", "9.9.9.9", "2606:4700:4700::1111"})
    EXPECT_EQ(judged(guard, resolver), "well_known");
  EXPECT_EQ(judged(guard, "8.8.8.9"), "taken");
  EXPECT_EQ(judged(guard, "8.8.8.0/24"), "trimmed");
  EXPECT_TRUE(guard.guards(IpAddress::v4(0x08080808)));
  EXPECT_FALSE(guard.guards(IpAddress::v4(0x08080809)));
}

TEST(Guard, RefusesWhatIsTooWide) {
  const Guard guard;
  EXPECT_EQ(judged(guard, "0.0.0.0/0"), "too_wide");
  EXPECT_EQ(judged(guard, "::/0"), "too_wide");
  EXPECT_EQ(judged(guard, "128.0.0.0/1"), "too_wide");
  EXPECT_EQ(judged(guard, "44.0.0.0/7"), "too_wide");
  EXPECT_EQ(judged(guard, "44.0.0.0/8"), "taken");
  EXPECT_EQ(judged(guard, "2a00::/15"), "too_wide");
  EXPECT_EQ(judged(guard, "2a00::/16"), "taken");
  EXPECT_EQ(judged(guard, "com"), "too_wide");
  EXPECT_EQ(judged(guard, "*.com"), "too_wide");
}

TEST(Guard, KnowsItsOwn) {
  const Guard guard({IpPrefix::parse("198.51.100.0/25").value(),
                     IpPrefix::parse("10.244.0.0/16").value(),
                     IpPrefix::parse("2001:db8:5::/48").value()});
  EXPECT_EQ(judged(guard, "198.51.100.3"), "own");
  EXPECT_EQ(judged(guard, "198.51.100.200"), "taken");
  EXPECT_EQ(judged(guard, "198.51.100.0/24"), "trimmed");
  EXPECT_EQ(judged(guard, "10.244.1.1"), "own");
  EXPECT_EQ(judged(guard, "10.0.0.0/8"), "private");
  EXPECT_EQ(judged(guard, "2001:db8:5::7"), "own");
  EXPECT_EQ(judged(guard, "2001:db8::/32"), "trimmed");
  EXPECT_TRUE(guard.guards(IpAddress::parse("198.51.100.127").value()));
  EXPECT_FALSE(guard.guards(IpAddress::parse("198.51.100.128").value()));
}

TEST(Guard, RefusesNamesOfThisNetwork) {
  const Guard guard;
  EXPECT_EQ(judged(guard, "localhost"), "loopback");
  EXPECT_EQ(judged(guard, "web.shop.svc.cluster.local"), "loopback");
  EXPECT_EQ(judged(guard, "notlocal.example"), "taken");
  EXPECT_EQ(judged(guard, "bad.mylocal"), "taken");
}

}  // namespace
}  // namespace netprobe::intel
