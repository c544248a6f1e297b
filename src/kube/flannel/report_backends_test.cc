// SPDX-License-Identifier: Apache-2.0
// Backends other than VXLAN.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kube/flannel/testing.h"

namespace netprobe {
namespace {

using namespace testing;
using ::testing::ElementsAre;

Scene host_gw() {
  Scene scene = bare(3, "host-gw");
  for (const int n : {2, 3}) {
    scene.state.routes.push_back(to(net4(n) + "/24", node4(n), "eth0", kEth0));
    scene.state.routes.push_back(to(net6(n) + "/64", node6(n), "eth0", kEth0));
  }
  return scene;
}

TEST(FlannelBackends, HostGwRoutesByTheNodesAddresses) {
  Scene scene = host_gw();
  EXPECT_EQ(scene.only(), "");
  const auto report = scene.report();
  EXPECT_TRUE(report.peers[1].route);
  EXPECT_EQ(report.peers[1].device, "eth0");
  EXPECT_FALSE(report.peers[1].entries_expected);
  scene.route(net6(2) + "/64").gateway = ip(node6(3));
  EXPECT_EQ(scene.only(),
            "[node2] wrong_gateway: the route to fd10:244:2::/64 of node2 goes via "
            "fd00:88::13 dev eth0, not via fd00:88::12");
  scene = host_gw();
  std::erase_if(scene.state.routes,
                [](const Route& route) { return route.destination == prefix(net4(3) + "/24"); });
  EXPECT_THAT(scene.kinds(), ElementsAre("missing_route node3"));
}

Scene covered(const std::string& backend, const std::string& kind, const std::string& device) {
  Scene scene = bare(3, backend);
  scene.state.devices = {{.interface = device,
                          .ifindex = 7,
                          .kind = kind,
                          .up = true,
                          .mtu = 1420,
                          .underlay = "eth0",
                          .underlay_mtu = 1500,
                          .overhead = 60}};
  scene.state.routes.push_back(to("10.96.0.0/11", "", device, 7));
  scene.state.routes.push_back(to("fd10:244::/32", "", device, 7));
  return scene;
}

TEST(FlannelBackends, WireguardHasOneRouteForAll) {
  Scene scene = covered("wireguard", "wireguard", "flannel-wg");
  EXPECT_EQ(scene.only(), "");
  EXPECT_TRUE(scene.report().peers[2].route);
  EXPECT_EQ(scene.report().peers[2].device, "flannel-wg");
  scene.state.routes.push_back(to(net4(3) + "/24", node4(9), "eth0", kEth0));
  EXPECT_EQ(scene.only(),
            "[node3] wrong_device: packets to 10.100.3.0/24 of node3 go to "
            "10.100.3.0/24 via 10.88.0.19 dev eth0, not by flannel-wg");
  scene.state.routes.pop_back();
  scene.state.routes.pop_back();
  EXPECT_THAT(scene.kinds(), ElementsAre("missing_route node2", "missing_route node3"));
  scene.state.devices[0].mtu = 1500;
  EXPECT_EQ(scene.kinds().front(), "mtu_mismatch node1");
  scene.state.devices.clear();
  EXPECT_THAT(scene.kinds(), ElementsAre("missing_device node1", "missing_device node1"));
}

TEST(FlannelBackends, UdpToo) {
  Scene scene = covered("udp", "tun", "flannel0");
  for (const int n : {1, 2, 3}) scene.unset(n, "public-ipv6");
  EXPECT_EQ(scene.only(), "");
  scene.state.devices.clear();
  EXPECT_EQ(scene.only(),
            "[node1] missing_device: node1 declares the backend udp, but has no "
            "device flannel0");
}

Scene ipip() {
  Scene scene = bare(3, "ipip");
  scene.state.devices = {{.interface = "flannel.ipip",
                          .ifindex = 8,
                          .kind = "ipip",
                          .local = ip(node4(1)),
                          .up = true,
                          .mtu = 1480,
                          .underlay = "eth0",
                          .underlay_mtu = 1500,
                          .overhead = 20}};
  for (const int n : {1, 2, 3}) {
    scene.unset(n, "public-ipv6");
    scene.nodes[static_cast<std::size_t>(n - 1)]->pod_cidrs.pop_back();
  }
  for (const int n : {2, 3})
    scene.state.routes.push_back(to(net4(n) + "/24", node4(n), "flannel.ipip", 8));
  return scene;
}

TEST(FlannelBackends, IpipGoesByItsDeviceOrStraight) {
  Scene scene = ipip();
  EXPECT_EQ(scene.only(), "");
  scene.route(net4(2) + "/24").ifindex = kEth0;
  scene.route(net4(2) + "/24").interface = "eth0";
  EXPECT_EQ(scene.only(), "");
  scene.route(net4(2) + "/24").gateway = ip("10.88.0.1");
  EXPECT_THAT(scene.kinds(), ElementsAre("wrong_device node2"));
  scene = ipip();
  scene.nodes.pop_back();
  EXPECT_THAT(scene.kinds(), ElementsAre("stale_route "));
  TunnelTraffic row{.kind = Tunnel::kIpip,
                    .outer_src = ip(node4(1)),
                    .outer_dst = ip(node4(2)),
                    .direction = Direction::kEgress,
                    .interface = "eth0",
                    .counters = {4, 400},
                    .first_seen = kNow - kSecond,
                    .last_seen = kNow};
  scene = ipip();
  scene.tunnels.traffic = {row};
  EXPECT_EQ(scene.only(), "");
  EXPECT_EQ(scene.report().peers[1].sent.packets, 4U);
}

TEST(FlannelBackends, OthersAreNamedAndNotCompared) {
  Scene scene = bare(3, "ali-vpc");
  EXPECT_EQ(scene.only(),
            "[] backend_not_compared: the backend ali-vpc is declared: what it sets "
            "up is not in a node's routes and tunnels, so they are not compared");
  EXPECT_FALSE(scene.report().peers[1].route_expected);
}

TEST(FlannelBackends, TwoBackendsPassOverEachOther) {
  Scene scene = vxlan_cluster(3);
  scene.nodes[1] = kube_node(2, "host-gw");
  EXPECT_EQ(scene.kinds().front(), "backend_mismatch node2");
}

}  // namespace
}  // namespace netprobe
