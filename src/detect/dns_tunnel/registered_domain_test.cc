// SPDX-License-Identifier: Apache-2.0
#include "detect/dns_tunnel/registered_domain.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

TEST(RegisteredDomain, IsBelowThePublicSuffix) {
  const auto of = [](const std::string& name) { return std::string(registered_domain(name)); };
  EXPECT_EQ(of("a.b.example.com"), "example.com");
  EXPECT_EQ(of("example.com"), "example.com");
  EXPECT_EQ(of("a.b.example.co.uk"), "example.co.uk");
  EXPECT_EQ(of("x.someone.github.io"), "someone.github.io");
  EXPECT_EQ(of("a.b.nosuchtop"), "b.nosuchtop");
}

TEST(RegisteredDomain, IsNoneWhereNobodyRegisters) {
  for (const char* name : {"", "com", "co.uk", "1.0.0.10.in-addr.arpa",
                           "web.shop.svc.cluster.local", "db.internal", "localhost", "printer.lan"})
    EXPECT_EQ(registered_domain(name), "") << name;
}

TEST(RegisteredDomain, KnowsNamesThatAreWholeAsTheyStand) {
  EXPECT_TRUE(is_whole_name("api.example.com"));
  EXPECT_TRUE(is_whole_name("www.example.co.uk"));
  for (const char* name : {"", "com", "www", "a1b2.c3d4", "deadbeef.00ff"})
    EXPECT_FALSE(is_whole_name(name)) << name;
}

}  // namespace
}  // namespace netprobe
