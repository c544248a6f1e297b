// SPDX-License-Identifier: Apache-2.0
#include "probes/vxlan/mtu_check.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

InterfaceMap cluster(std::uint32_t tunnel_mtu, std::uint32_t uplink_mtu, std::uint32_t overhead) {
  InterfaceMap links;
  links[2] = {.ifindex = 2, .name = "eth0", .role = Role::kUplink, .mtu = uplink_mtu, .up = true};
  links[3] = {
      .ifindex = 3,
      .name = "flannel.1",
      .kind = "vxlan",
      .role = Role::kTunnel,
      .mtu = tunnel_mtu,
      .up = true,
      .tunnel = {.vni = 1, .over_ipv6 = overhead == 70, .overhead = overhead, .underlay = 2}};
  return links;
}

TEST(MtuCheck, WhatFitsIsNoTrouble) {
  EXPECT_TRUE(find_mtu_troubles(cluster(1450, 1500, 50)).empty());
  EXPECT_TRUE(find_mtu_troubles(cluster(1430, 1500, 70)).empty());
  EXPECT_TRUE(find_mtu_troubles(cluster(8950, 9000, 50)).empty());
}

TEST(MtuCheck, ASentenceWithTheNumbers) {
  const auto troubles = find_mtu_troubles(cluster(1500, 1500, 50));
  ASSERT_EQ(troubles.size(), 1U);
  EXPECT_EQ(troubles[0].interface, "flannel.1");
  EXPECT_EQ(troubles[0].underlay, "eth0");
  EXPECT_EQ(troubles[0].inner_mtu, 1500U);
  EXPECT_EQ(troubles[0].path_mtu, 1500U);
  EXPECT_EQ(troubles[0].overhead, 50U);
  EXPECT_EQ(
      troubles[0].what,
      "flannel.1 (vxlan over IPv4) takes packets of up to 1500 bytes, which are 1550 with "
      "their wrapping, but eth0 takes only 1500: set the MTU of flannel.1 to 1450 or less, or "
      "that of eth0 to 1550 or more");
  // One byte is enough, and IPv6 outside takes 20 more.
  EXPECT_EQ(find_mtu_troubles(cluster(1451, 1500, 50)).size(), 1U);
  EXPECT_EQ(find_mtu_troubles(cluster(1450, 1500, 70)).size(), 1U);
}

TEST(MtuCheck, SaysNothingWhereItKnowsNothing) {
  auto links = cluster(1500, 1500, 50);
  links[3].tunnel.underlay = 0;
  EXPECT_TRUE(find_mtu_troubles(links).empty());
  links = cluster(1500, 1500, 0);
  EXPECT_TRUE(find_mtu_troubles(links).empty());
  links = cluster(1500, 1500, 50);
  links[3].up = false;
  EXPECT_TRUE(find_mtu_troubles(links).empty());
  links = cluster(1500, 1500, 50);
  links.erase(2);
  EXPECT_TRUE(find_mtu_troubles(links).empty());
}

}  // namespace
}  // namespace netprobe
