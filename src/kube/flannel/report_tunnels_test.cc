// SPDX-License-Identifier: Apache-2.0
// What the packets of tunnels say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/flannel/testing.h"

namespace netprobe {
namespace {

using namespace testing;
using ::testing::ElementsAre;

TunnelTraffic row(const std::string& src, const std::string& dst, std::uint32_t vni = 1) {
  return {
      .kind = Tunnel::kVxlan,
      .vni = vni,
      .outer_src = ip(src),
      .outer_dst = ip(dst),
      .direction = src == node4(1) || src == node6(1) ? Direction::kEgress : Direction::kIngress,
      .ifindex = kEth0,
      .interface = "eth0",
      .counters = {10, 1000},
      .first_seen = kNow - 90 * kSecond,
      .last_seen = kNow - kSecond};
}

TEST(FlannelTunnels, TrafficIsThePeers) {
  Scene scene = vxlan_cluster(3);
  scene.tunnels.traffic = {row(node4(1), node4(2)), row(node4(2), node4(1)),
                           row(node6(1), node6(2)), row(node6(2), node6(1))};
  scene.tunnels.traffic.push_back(scene.tunnels.traffic[0]);
  scene.tunnels.traffic.back().interface = "bond0p1";
  scene.tunnels.traffic.back().counted_above = true;
  const auto report = scene.report();
  EXPECT_EQ(scene.only(), "");
  EXPECT_EQ(report.peers[1].sent, (Counters{20, 2000}));
  EXPECT_EQ(report.peers[1].received, (Counters{20, 2000}));
  EXPECT_EQ(report.peers[1].last_seen, kNow - kSecond);
  EXPECT_EQ(report.peers[2].last_seen, 0);
}

TEST(FlannelTunnels, AnEndpointThatNobodyDeclares) {
  for (const auto& [own, other] :
       {std::pair{node4(1), "192.0.2.9"}, std::pair{node6(1), "2001:db8::9"}}) {
    Scene scene = vxlan_cluster(2);
    // Both directions are one.
    scene.tunnels.traffic = {row(own, other), row(other, own)};
    EXPECT_EQ(scene.only(),
              fmt::format("[] undeclared_tunnel: vxlan (VNI 1) between {} and {}, seen at eth0: no "
                          "node declares {}; {} of this node is such a device",
                          own, other, other, "flannel.1"));
    for (auto& one : scene.tunnels.traffic) one.last_seen = kNow - 300 * kSecond;
    EXPECT_EQ(scene.only(), "");
  }
}

TEST(FlannelTunnels, ANetworkIdOrKindThatNobodyDeclares) {
  Scene scene = vxlan_cluster(2);
  scene.tunnels.traffic = {row(node4(2), node4(1), 77)};
  EXPECT_EQ(scene.only(),
            "[node2] undeclared_tunnel: vxlan (VNI 77) between 10.88.0.12 and "
            "10.88.0.11, seen at eth0: VNI 77 is not declared, but 1");
  scene.tunnels.traffic[0].kind = Tunnel::kGre;
  scene.tunnels.traffic[0].vni = 0;
  EXPECT_EQ(scene.only(),
            "[node2] undeclared_tunnel: gre between 10.88.0.12 and 10.88.0.11, seen "
            "at eth0: the backend's tunnels are vxlan");
  scene.tunnels.traffic = {row("192.0.2.1", "192.0.2.2", 5)};
  EXPECT_THAT(scene.kinds(), ElementsAre("undeclared_tunnel "));
  // Who declares nothing cannot have undeclared ones.
  scene.nodes.clear();
  EXPECT_EQ(scene.only(), "");
}

TEST(FlannelTunnels, APeerThatIsSentToAndSilent) {
  Scene scene = vxlan_cluster(2);
  scene.tunnels.traffic = {row(node4(1), node4(2))};
  EXPECT_EQ(scene.only(),
            "[node2] silent_peer: 10 packets were sent to node2 by the tunnel, and 0 "
            "were received: none of late");
  scene.tunnels.traffic.push_back(row(node4(2), node4(1)));
  EXPECT_EQ(scene.only(), "");
  scene.tunnels.traffic[1].last_seen = kNow - 60 * kSecond;
  EXPECT_THAT(scene.kinds(), ElementsAre("silent_peer node2"));
  // Not while it may still answer, nor when nobody asks any more.
  scene.tunnels.traffic.pop_back();
  scene.tunnels.traffic[0].first_seen = kNow - 10 * kSecond;
  EXPECT_EQ(scene.only(), "");
  scene.tunnels.traffic[0].first_seen = kNow - 900 * kSecond;
  scene.tunnels.traffic[0].last_seen = kNow - 600 * kSecond;
  EXPECT_EQ(scene.only(), "");
}

}  // namespace
}  // namespace netprobe
