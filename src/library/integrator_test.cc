// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <netprobe/kubernetes.h>
#include <netprobe/metrics_server.h>

#include <chrono>
#include <thread>

#include "library/kube_convert.h"

namespace netprobe::v0 {
namespace {

constexpr const char* kNoFile = "/nonexistent/kubeconfig";

template <typename Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 400; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  return false;
}

Address address(const char* text) { return Address::parse(text).value_or(Address{}); }

TEST(Integrator, AMissingKubeconfigIsAStateAndTheRestWorks) {
  auto integrator = NetworkIntegrator::create(kNoFile);
  ASSERT_TRUE(integrator) << integrator.error().message;
  EXPECT_EQ(integrator->status().state, "off");
  ASSERT_TRUE(integrator->start());
  EXPECT_TRUE(eventually([&] { return integrator->status().state == "failed"; }));
  EXPECT_NE(integrator->status().error.find(kNoFile), std::string::npos);
  const auto again = integrator->start();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, ErrorKind::kUsage);
  EXPECT_TRUE(integrator->topology().ip_to_pod.empty());
  EXPECT_TRUE(integrator->lookup(address("10.0.0.1")).kind.empty());
  EXPECT_FALSE(integrator->flannel_topology().used);
  integrator->stop();
  integrator->stop();
}

TEST(Integrator, RefusesOptionsThatCannotBe) {
  const auto bad = NetworkIntegrator::create(kNoFile, {.external_names = {{"office", "10.0/8x"}}});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind, ErrorKind::kUsage);
  EXPECT_NE(bad.error().message.find("office"), std::string::npos);
}

TEST(Integrator, EventsBecomeFlowsWithTheirNames) {
  auto integrator = NetworkIntegrator::create(
      kNoFile, {.node_name = "here", .external_names = {{"office", "192.0.2.0/24"}}});
  ASSERT_TRUE(integrator);
  // Nobody can be learned of either later: counted at once.
  integrator->handle_event({.source = address("198.51.100.7"),
                            .destination = address("192.0.2.9"),
                            .source_port = 40'000,
                            .destination_port = 443,
                            .counters = {2, 120},
                            .opens = true});
  integrator->handle_event({.source = address("192.0.2.9"),
                            .destination = address("198.51.100.7"),
                            .source_port = 443,
                            .destination_port = 40'000,
                            .counters = {1, 60}});
  integrator->handle_event({.source = address("2001:db8::1"),
                            .destination = address("2001:db8::2"),
                            .source_port = 5'000,
                            .destination_port = 53,
                            .protocol = kUdp,
                            .counters = {1, 80},
                            .vni = 7});
  const auto flows = integrator->flows();
  ASSERT_EQ(flows.size(), 2U);
  EXPECT_EQ(flows[0].flow.source.to_string(), "198.51.100.7");
  EXPECT_EQ(flows[0].flow.forward, (Counters{2, 120}));
  EXPECT_EQ(flows[0].flow.reverse, (Counters{1, 60}));
  EXPECT_EQ(flows[0].destination.kind, "external");
  EXPECT_EQ(flows[0].destination.name, "office");
  EXPECT_TRUE(flows[0].source.kind.empty());
  EXPECT_EQ(flows[1].flow.vni, 7U);
  const auto stats = integrator->traffic_stats();
  EXPECT_EQ(stats.total_flows, 2U);
  EXPECT_EQ(stats.vxlan_flows, 1U);
  EXPECT_EQ(stats.protocol_distribution.at("tcp"), 1U);
  EXPECT_EQ(stats.protocol_distribution.at("udp"), 1U);
  EXPECT_EQ(stats.port_distribution.at(443), 1U);
  std::uint64_t bytes = 0;
  for (const auto& [from, row] : stats.node_traffic_matrix)
    for (const auto& [to, sent] : row) bytes += sent;
  EXPECT_EQ(bytes, 120U + 60 + 80);
}

TEST(Integrator, ACollectorTellsOfItUntilItIsGone) {
  Collector collector;
  {
    auto integrator = NetworkIntegrator::create(kNoFile);
    ASSERT_TRUE(integrator);
    ASSERT_TRUE(integrator->start());
    collector.add(*integrator);
    const auto page = collector.render(MetricsFormat::kOpenMetrics);
    ASSERT_TRUE(page) << page.error().message;
    EXPECT_NE(page->find("netprobe_k8s_"), std::string::npos);
    EXPECT_TRUE(page->ends_with("# EOF\n"));
  }
  EXPECT_FALSE(collector.render());
}

TEST(Integrator, ManyThreadsMayUseItWhileItStops) {
  auto integrator = NetworkIntegrator::create(kNoFile);
  ASSERT_TRUE(integrator);
  ASSERT_TRUE(integrator->start());
  std::vector<std::thread> users;
  for (std::uint16_t t = 0; t < 3; ++t)
    users.emplace_back([&, t] {
      for (std::uint16_t i = 0; i < 200; ++i) {
        integrator->handle_event({.source = address("198.51.100.7"),
                                  .destination = address("203.0.113.9"),
                                  .source_port = static_cast<std::uint16_t>(1'000 * (t + 1) + i),
                                  .destination_port = 80,
                                  .counters = {1, 40}});
        if (i % 50 == 0) {
          (void)integrator->traffic_stats();
          (void)integrator->topology();
          (void)integrator->status();
        }
      }
    });
  integrator->stop();
  for (auto& user : users) user.join();
  EXPECT_EQ(integrator->traffic_stats().total_flows, 600U);
}

TEST(KubeConvert, TopologyIsOfNow) {
  netprobe::KubeView view;
  const auto holder = [](netprobe::IdentityKind kind, const char* space, const char* name) {
    auto made = std::make_shared<netprobe::Identity>();
    made->kind = kind;
    made->name = name;
    made->name_space = space;
    return made;
  };
  const auto ip = [](const char* text) { return *netprobe::IpAddress::parse(text); };
  view.claims = {{ip("10.244.0.2"), holder(netprobe::IdentityKind::kPod, "default", "old"), 1, 2},
                 {ip("10.244.0.2"), holder(netprobe::IdentityKind::kPod, "default", "web"), 3, 0},
                 {ip("fd00::1"), holder(netprobe::IdentityKind::kNode, "", "node1"), 1, 0}};
  view.service_addresses = {
      {ip("10.96.0.1"), holder(netprobe::IdentityKind::kService, "default", "kubernetes"), 1, 0}};
  auto node = std::make_shared<netprobe::KubeNode>();
  node->meta.name = "node1";
  node->pod_cidrs = {*netprobe::IpPrefix::parse("10.244.0.0/24")};
  view.nodes = {node};
  netprobe::FlannelReport flannel;
  flannel.nodes.push_back({.node = "node1", .backend_type = "vxlan", .vni = 1});
  const auto topology = public_topology(view, flannel);
  EXPECT_EQ(topology.ip_to_pod.size(), 1U);
  EXPECT_EQ(topology.ip_to_pod.at(address("10.244.0.2")), "default/web");
  EXPECT_EQ(topology.ip_to_node.at(address("fd00::1")), "node1");
  EXPECT_EQ(topology.ip_to_service.at(address("10.96.0.1")), "default/kubernetes");
  EXPECT_EQ(topology.cidr_to_node.at("10.244.0.0/24"), "node1");
  EXPECT_EQ(topology.vni_to_node.at(1), std::vector<std::string>{"node1"});
}

}  // namespace
}  // namespace netprobe::v0
