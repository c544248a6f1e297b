// SPDX-License-Identifier: Apache-2.0
#include "kube/flannel/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "kube/flannel/observed.h"
#include "kube/flannel/testing.h"

namespace netprobe {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(FlannelReport, NothingToSayWhereEverythingIsRight) {
  const auto report = vxlan_cluster(3).report();
  EXPECT_TRUE(report.used);
  EXPECT_EQ(vxlan_cluster(3).only(), "");
  EXPECT_EQ(report.error, "");
  EXPECT_EQ(report.vni, 1U);
  EXPECT_EQ(report.port, 8472U);
  EXPECT_EQ(report.devices.size(), 2U);
  ASSERT_EQ(report.peers.size(), 3U);
  EXPECT_TRUE(report.peers[0].self);
  for (const int n : {1, 2}) {
    const auto& peer = report.peers[static_cast<std::size_t>(n)];
    EXPECT_EQ(peer.node, name(n + 1));
    EXPECT_EQ(peer.device, "flannel.1");
    EXPECT_TRUE(peer.route && peer.route_expected);
    EXPECT_TRUE(peer.entries_expected && peer.neighbour && peer.forwarding);
  }
}

TEST(FlannelReport, WithoutAnnotationsWhatIsObserved) {
  Scene scene = vxlan_cluster(3);
  scene.nodes.clear();
  auto report = scene.report();
  EXPECT_TRUE(report.used);
  EXPECT_TRUE(report.nodes.empty());
  EXPECT_EQ(report.devices.size(), 2U);
  EXPECT_EQ(report.vni, 1U);
  EXPECT_EQ(scene.only(), "");
  // MTUs are wrong whatever is declared.
  scene.device("flannel.1").mtu = 1500;
  EXPECT_THAT(scene.kinds(), ElementsAre("mtu_mismatch "));
  scene.state.devices.clear();
  report = scene.report();
  EXPECT_FALSE(report.used);
  EXPECT_TRUE(report.findings.empty() && report.peers.empty());
}

TEST(FlannelReport, MissingRoute) {
  for (const auto& [net, shown] : {std::pair{net4(2) + "/24", "0.0.0.0/0 via 10.88.0.1 dev eth0"},
                                   std::pair{net6(2) + "/64", "::/0 via fd00:88::1 dev eth0"}}) {
    Scene scene = vxlan_cluster(3);
    std::erase_if(scene.state.routes,
                  [&](const Route& route) { return route.destination == prefix(net); });
    EXPECT_EQ(scene.only(), fmt::format("[node2] missing_route: there is no route to {} of node2: "
                                        "such packets go to {}",
                                        net, shown));
    const auto report = scene.report();
    EXPECT_FALSE(report.peers[1].route);
    EXPECT_TRUE(report.peers[1].neighbour);
    EXPECT_TRUE(report.peers[2].route);
    // Beyond the bound it may be there.
    scene.state.truncated = 1;
    EXPECT_EQ(scene.only(), "");
  }
  Scene scene = vxlan_cluster(2);
  std::erase_if(scene.state.routes, [](const Route& route) {
    return route.destination == prefix(net4(2) + "/24") || route.destination.length() == 0;
  });
  EXPECT_NE(scene.only().find("such packets are refused"), std::string::npos) << scene.only();
}

TEST(FlannelReport, WrongGatewayAndWrongDevice) {
  Scene scene = vxlan_cluster(3);
  scene.route(net4(2) + "/24").gateway = ip(net4(3));
  EXPECT_EQ(scene.only(),
            "[node2] wrong_gateway: the route to 10.100.2.0/24 of node2 goes via "
            "10.100.3.0 dev flannel.1, not via 10.100.2.0");
  scene = vxlan_cluster(3);
  scene.route(net6(3) + "/64").ifindex = kEth0;
  scene.route(net6(3) + "/64").interface = "eth0";
  EXPECT_EQ(scene.only(),
            "[node3] wrong_device: the route to fd10:244:3::/64 of node3 goes via "
            "fd10:244:3:: dev eth0, not by flannel-v6.1");
}

TEST(FlannelReport, DirectRoutingNeedsNoEntries) {
  Scene scene = vxlan_cluster(2);
  scene.route(net4(2) + "/24") = to(net4(2) + "/24", node4(2), "eth0", kEth0);
  scene.route(net6(2) + "/64") = to(net6(2) + "/64", node6(2), "eth0", kEth0);
  scene.state.neighbours.clear();
  scene.state.entries.clear();
  EXPECT_EQ(scene.only(), "");
  EXPECT_TRUE(scene.report().peers[1].route);
  EXPECT_FALSE(scene.report().peers[1].entries_expected);
}

TEST(FlannelReport, Neighbours) {
  Scene scene = vxlan_cluster(2);
  scene.neighbour(net6(2)).mac = *parse_mac("4e:70:00:ff:ff:ff");
  EXPECT_EQ(scene.only(),
            "[node2] wrong_vtep_mac: the neighbour entry for fd10:244:2:: at flannel-v6.1 is "
            "4e:70:00:ff:ff:ff, but node2 declares the VTEP MAC 4e:70:00:00:02:06");
  EXPECT_FALSE(scene.report().peers[1].neighbour);
  scene.state.neighbours.clear();
  EXPECT_THAT(scene.kinds(), ElementsAre("missing_neighbour node2", "missing_neighbour node2"));
  EXPECT_NE(scene.only().find("flannel.1 has no neighbour entry for 10.100.2.0 of node2, which "
                              "would be 4e:70:00:00:02:04"),
            std::string::npos);
}

TEST(FlannelReport, ForwardingEntries) {
  Scene scene = vxlan_cluster(2);
  scene.entry(mac(2, 4)).remote = ip("10.88.9.9");
  EXPECT_EQ(scene.only(),
            "[node2] wrong_forwarding_entry: the forwarding entry for 4e:70:00:00:02:04 at "
            "flannel.1 leads to 10.88.9.9, but node2 declares the public address 10.88.0.12");
  EXPECT_FALSE(scene.report().peers[1].forwarding);
  scene.state.entries.clear();
  EXPECT_THAT(scene.kinds(),
              ElementsAre("missing_forwarding_entry node2", "missing_forwarding_entry node2"));
  scene = vxlan_cluster(2);
  scene.state.entries.push_back(scene.entry(mac(2, 6)));
  scene.state.entries.back().remote = ip("fd00:88::99");
  EXPECT_EQ(scene.only(),
            "[node2] stale_forwarding_entry: flannel-v6.1 has a second forwarding "
            "entry for 4e:70:00:00:02:06 to fd00:88::99, but node2 declares "
            "fd00:88::12");
}

TEST(FlannelReport, WhatLeadsToANodeThatIsGone) {
  Scene scene = vxlan_cluster(3);
  scene.nodes.pop_back();
  EXPECT_THAT(scene.kinds(),
              ElementsAre("stale_route ", "stale_route ", "stale_neighbour ", "stale_neighbour ",
                          "stale_forwarding_entry ", "stale_forwarding_entry "));
  EXPECT_NE(scene.only().find("there is a route to 10.100.3.0/24 by flannel.1, but no node "
                              "declares this subnet"),
            std::string::npos);
  // Found by the kernel itself: it forgets by itself, too.
  for (auto& neighbour : scene.state.neighbours) neighbour.permanent = false;
  EXPECT_EQ(scene.kinds().size(), 4U);
}

TEST(FlannelReport, ANodeMadeAnewHasAnotherMac) {
  Scene scene = vxlan_cluster(2);
  scene.set(2, "backend-data", R"({"VNI":1,"VtepMAC":"4e:70:aa:aa:aa:aa"})");
  EXPECT_THAT(scene.kinds(), ElementsAre("wrong_vtep_mac node2", "missing_forwarding_entry node2",
                                         "stale_forwarding_entry node2"));
}

TEST(FlannelReport, MtuOfEitherFamily) {
  Scene scene = vxlan_cluster(2);
  scene.device("flannel-v6.1").mtu = 1450;
  EXPECT_EQ(scene.only(),
            "[node1] mtu_mismatch: flannel-v6.1 takes packets of 1450 bytes, which "
            "are 1520 with their wrapping, but eth0 takes 1500");
  scene.device("flannel-v6.1").mtu = 1430;
  scene.device("flannel.1").mtu = 1451;
  EXPECT_THAT(scene.kinds(), ElementsAre("mtu_mismatch node1"));
  scene.device("flannel.1").underlay_mtu = 0;
  EXPECT_THAT(scene.kinds(), IsEmpty());
}

TEST(FlannelReport, VniOfAPeerAndOfThisNode) {
  Scene scene = vxlan_cluster(2);
  scene.set(2, "backend-v6-data", fmt::format(R"({{"VNI":2,"VtepMAC":"{}"}})", mac(2, 6)));
  EXPECT_EQ(scene.only(),
            "[node2] vni_mismatch: node2 declares VNI 2, but flannel-v6.1 of this "
            "node has 1");
  scene = vxlan_cluster(2);
  scene.device("flannel.1").vni = 9;
  EXPECT_THAT(scene.kinds(), ElementsAre("own_vni_mismatch node1", "vni_mismatch node2"));
  // Before 0.12 Flannel did not say.
  scene = vxlan_cluster(2);
  scene.set(2, "backend-data", fmt::format(R"({{"VtepMAC":"{}"}})", mac(2, 4)));
  EXPECT_EQ(scene.only(), "");
}

TEST(FlannelReport, OwnDeclarationAgainstTheDevice) {
  Scene scene = vxlan_cluster(2);
  scene.device("flannel.1").mac = *parse_mac("4e:70:00:00:00:99");
  EXPECT_EQ(scene.only(),
            "[node1] own_vtep_mac_mismatch: node1 declares the VTEP MAC "
            "4e:70:00:00:01:04, but flannel.1 has 4e:70:00:00:00:99");
  scene = vxlan_cluster(2);
  scene.device("flannel-v6.1").local = ip("fd00:88::77");
  EXPECT_EQ(scene.only(),
            "[node1] own_public_ip_mismatch: node1 declares the public address "
            "fd00:88::11, but flannel-v6.1 sends from fd00:88::77");
  scene = vxlan_cluster(2);
  scene.device("flannel.1").up = false;
  EXPECT_THAT(scene.kinds(), ElementsAre("device_down node1"));
  scene = vxlan_cluster(2);
  std::erase_if(scene.state.devices, [](const auto& one) { return carries_v6(one); });
  EXPECT_EQ(scene.only(),
            "[node1] missing_device: node1 declares the backend vxlan, but has no "
            "device flannel-v6.1");
}

TEST(FlannelReport, AnOverwrittenAddressIsNotTheDevices) {
  Scene scene = vxlan_cluster(2);
  scene.set(1, "public-ip", "203.0.113.7");
  scene.nodes[0]->annotations.emplace_back("flannel.alpha.coreos.com/public-ip-overwrite",
                                           "203.0.113.7");
  EXPECT_EQ(scene.only(), "");
  scene.set(1, "public-ip", node4(1));
  EXPECT_THAT(scene.kinds(), ElementsAre("overwrite_not_taken node1"));
}

TEST(FlannelReport, WhatNodesDeclareByThemselves) {
  Scene scene = vxlan_cluster(3);
  scene.set(2, "backend-data", "{");
  // What leads there is not compared then, and is not called stale.
  EXPECT_THAT(scene.kinds(),
              ElementsAre("unreadable_annotations node2", "stale_forwarding_entry node2"));
  scene = vxlan_cluster(3);
  scene.nodes[2]->annotations.clear();
  EXPECT_EQ(scene.kinds().front(), "not_declared node3");
  scene = vxlan_cluster(3);
  scene.unset(3, "kube-subnet-manager");
  EXPECT_THAT(scene.kinds(), ElementsAre("not_managed node3"));
  scene = vxlan_cluster(3);
  scene.set(3, "public-ip", node4(2));
  EXPECT_EQ(scene.kinds().front(), "duplicate node3");
  scene = vxlan_cluster(3);
  scene.nodes[1]->pod_cidrs.clear();
  EXPECT_EQ(scene.kinds().front(), "missing_subnet node2");
}

TEST(FlannelReport, WhoThisNodeIs) {
  Scene scene = vxlan_cluster(2);
  // By the address of its tunnel, where the agent has another name for it.
  const auto report = scene.report("node1.example.org");
  EXPECT_TRUE(report.peers[0].self);
  EXPECT_TRUE(report.findings.empty());
  // An agent beside the cluster compares nothing.
  scene.state.devices.clear();
  const auto outside = scene.report("elsewhere");
  ASSERT_EQ(outside.findings.size(), 1U);
  EXPECT_EQ(outside.findings[0].kind, "own_node_not_declared");
  EXPECT_TRUE(outside.peers.empty());
}

TEST(FlannelReport, NothingIsMissingWhereNothingWasRead) {
  Scene scene = vxlan_cluster(3);
  scene.state = {};
  auto report = scene.report();
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.peers.size(), 3U);
  EXPECT_EQ(report.error, "routes and neighbours have not been read: the forwarding probe is off");
  scene.state.error = "cannot open a netlink socket";
  EXPECT_EQ(scene.report().error, scene.state.error);
}

TEST(FlannelReport, ManyFindingsAreBoundedAndCounted) {
  Scene scene = vxlan_cluster(600);
  scene.state.routes.clear();
  const auto report = scene.report();
  EXPECT_EQ(report.findings.size(), 1000U);
  EXPECT_EQ(report.more_findings, 198U);
}

TEST(FlannelReporter, MakesAnotherOnlyWhereItMayBeAnother) {
  Scene scene = vxlan_cluster(3);
  FlannelReporter reporter;
  const auto count = [&](Nanos now) {
    const std::vector<KubeNodePtr> nodes(scene.nodes.begin(), scene.nodes.end());
    return reporter.report(nodes, "node1", scene.state, scene.tunnels, now).findings.size();
  };
  EXPECT_EQ(count(kNow), 0U);
  scene.state.entries.clear();  // as if it were the same reading
  EXPECT_EQ(count(kNow + kSecond - 1), 0U);
  EXPECT_EQ(count(kNow + kSecond), 4U);
  scene.state.neighbours.clear();
  scene.state.taken_at += 1;
  EXPECT_EQ(count(kNow + kSecond + 1), 8U);
  scene.nodes.back() = kube_node(3, "host-gw");
  EXPECT_NE(count(kNow + kSecond + 2), 8U);
  // A clock that was set back.
  scene.state.truncated = 1;
  EXPECT_LT(count(kNow), 8U);
}

TEST(FlannelReport, AThousandNodesTakeMilliseconds) {
  const Scene scene = vxlan_cluster(1000);
  const std::vector<KubeNodePtr> nodes(scene.nodes.begin(), scene.nodes.end());
  Nanos best = kSecond;
  for (int i = 0; i < 5; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto report = flannel_report(nodes, "node1", scene.state, scene.tunnels, kNow);
    const auto took = std::chrono::steady_clock::now() - begin;
    best = std::min<Nanos>(best, std::chrono::nanoseconds(took).count());
    ASSERT_TRUE(report.findings.empty()) << report.findings[0].what;
  }
  RecordProperty("microseconds", static_cast<int>(best / kMicrosecond));
  // Twice the nodes, twice the time: 4 million comparisons would take longer.
  EXPECT_LT(best, 200 * kMillisecond);
  std::printf("1000 nodes: %.2f ms\n", static_cast<double>(best) / kMillisecond);
}

}  // namespace
}  // namespace netprobe
