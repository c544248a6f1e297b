// SPDX-License-Identifier: Apache-2.0
// Tunnels by real devices: what the agent says of them is what was sent.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <set>
#include <stdexcept>

#include "agent.h"
#include "cluster.h"
#include "raw_device.h"
#include "support/packet_builder.h"

namespace netprobe::test {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;

class Tunnels : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
  }
};

/// The value of a series; -1 where there is none.
long long metric(const Agent& agent, const std::string& series) {
  const std::string page = "\n" + agent.get("/metrics");
  const auto at = page.find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::stoll(page.substr(at + series.size() + 2));
}

/// What the kernel counted at a device: "rx" or "tx", "packets" or "bytes".
std::uint64_t kernel_counter(const NetNamespace& ns, const std::string& device,
                             const std::string& side, const std::string& what) {
  const auto text = ns.run({"ip", "-json", "-stats", "link", "show", "dev", device});
  if (!text) throw std::runtime_error(text.error().message);
  const Json json(*text);
  return json.root().at(0)["stats64"][side][what];
}

/// The one row of /api/tunnels; throws where there is not exactly one.
element only_row(const Json& page) {
  const array rows = page["tunnels"];
  if (rows.size() != 1) throw std::runtime_error(simdjson::minify(page.root()));
  return rows.at(0);
}

TEST_F(Tunnels, SumsAreWhatTheTunnelDeviceSentAndReceived) {
  auto cluster = Cluster::make();
  ASSERT_TRUE(cluster) << cluster.error().message;
  auto pod = cluster->add_pod(1);
  ASSERT_TRUE(pod) << pod.error().message;
  auto agent = Agent::start(cluster->node);
  ASSERT_TRUE(agent) << agent.error().message;
  const auto sent_before = kernel_counter(cluster->node, "vx0", "tx", "packets");
  const std::string series =
      R"(netprobe_vxlan_packets_total{tunnel="vxlan",vni="42",direction="egress"})";
  const auto counted_before = std::max(metric(*agent, series), 0LL);
  ASSERT_TRUE(pod->ns.run({"ping", "-q", "-c", "20", "-i", "0.02", "-s", "472", "10.250.0.2"}));
  ASSERT_TRUE(pod->ns.run({"ping", "-q", "-c", "10", "-i", "0.02", "-s", "100", "fd25::2"}));

  // Nobody else sends through vx0 but the kernel's own neighbour discovery: the
  // device counted that too.
  EXPECT_TRUE(eventually([&] {
    return metric(*agent, series) - counted_before ==
           static_cast<long long>(kernel_counter(cluster->node, "vx0", "tx", "packets") -
                                  sent_before);
  })) << agent->get("/api/tunnels");
  EXPECT_GE(metric(*agent, series), 30);

  const Json page = agent->json("/api/tunnels?vni=42&direction=egress&outer_ip=192.0.2.2");
  const element row = only_row(page);
  EXPECT_EQ(text_of(row, "tunnel"), "vxlan");
  EXPECT_EQ(text_of(row, "interface"), "eth0");
  EXPECT_EQ(text_of(row, "outer_src_ip"), "192.0.2.1");
  EXPECT_EQ(text_of(row, "outer_dst_ip"), "192.0.2.2");
  EXPECT_EQ(number_of(row, "fragments"), 0U);
  // The outer flows have the same packets and bytes.
  const Json flows = agent->json("/api/flows?protocol=udp&port=8472&src_ip=192.0.2.1&limit=1000");
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  for (const element flow : array(flows["flows"])) {
    packets += number_of(flow, "packets");
    bytes += number_of(flow, "bytes");
  }
  const Json later = agent->json("/api/tunnels?vni=42&direction=egress");
  EXPECT_GE(number_of(only_row(later), "packets"), packets);
  EXPECT_GE(number_of(row, "bytes"), 20U * (500 + 50) + 10U * (148 + 50));
  EXPECT_LE(number_of(row, "packets"), packets);
  EXPECT_LE(number_of(row, "bytes"), bytes);

  EXPECT_EQ(metric(*agent, "netprobe_vxlan_tunnels_active"), 1);
  EXPECT_EQ(metric(*agent, "netprobe_vxlan_tunnels_new_total"), 1);
  EXPECT_GE(metric(*agent, R"(netprobe_vxlan_vni_stats{tunnel="vxlan",vni="42",kind="packets"})"),
            60);
  EXPECT_EQ(number_of(agent->json("/api/tunnels?vni=43").root(), "total"), 0U);
  EXPECT_EQ(number_of(agent->json("/api/tunnels?outer_ip=203.0.113.0/24").root(), "total"), 0U);
  EXPECT_EQ(array(page["mtu"]).size(), 0U) << simdjson::minify(page.root());
}

// Frames as a peer would send them: not every kernel has these devices.
TEST_F(Tunnels, NewOnesOfEveryKindAreTold) {
  auto cluster = Cluster::make();
  ASSERT_TRUE(cluster) << cluster.error().message;
  auto agent = Agent::start(cluster->node);
  ASSERT_TRUE(agent) << agent.error().message;
  const auto socket = packet_socket(cluster->peer, "eth0");
  ASSERT_TRUE(socket) << socket.error().message;
  const Packet v4 = Packet().ether().ip("192.0.2.2", "192.0.2.1");
  const Packet v6 = Packet().ether().ip("fd88::2", "fd88::1");
  struct Case {
    const char* selection;
    Packet outside;
    const char* outer_src;
    unsigned packets;
  };
  const Case cases[] = {
      {"tunnel=geneve&vni=77", Packet(v4).udp({.dst = 6'081}).geneve({.vni = 77}).ether(),
       "192.0.2.2", 7},
      {"tunnel=gre&vni=99", Packet(v6).gre({.key = 99}), "fd88::2", 5},
      {"tunnel=ipip&vni=0", v4, "192.0.2.2", 4},
      {"tunnel=vxlan&vni=12345", Packet(v6).udp({.dst = 4'789}).vxlan({.vni = 12'345}).ether(),
       "fd88::2", 3},
  };
  for (const auto& one : cases) {
    const Bytes frame = Packet(one.outside).ip("10.66.0.2", "10.66.0.1").udp().payload(100).bytes();
    for (unsigned i = 0; i < one.packets; ++i)
      ASSERT_EQ(::send(socket->get(), frame.data(), frame.size(), 0),
                static_cast<ssize_t>(frame.size()));
    const std::string path = std::string("/api/tunnels?direction=ingress&") + one.selection;
    EXPECT_TRUE(eventually([&] {
      const Json page = agent->json(path);
      return number_of(page.root(), "total") == 1 &&
             number_of(only_row(page), "packets") == one.packets &&
             number_of(only_row(page), "bytes") == one.packets * (frame.size() - 14) &&
             text_of(only_row(page), "outer_src_ip") == one.outer_src;
    })) << agent->get(path);
  }
  std::set<std::string> told;
  const Json page = agent->json("/api/tunnels");
  for (const element one : array(page["newest"])) {
    std::string_view inner;
    if (one["inner_src_ip"].get(inner) != simdjson::SUCCESS || inner != "10.66.0.2") continue;
    EXPECT_EQ(text_of(one, "inner_dst_ip"), "10.66.0.1");
    EXPECT_EQ(text_of(one, "interface"), "eth0");
    told.insert(text_of(one, "tunnel") + " " + std::to_string(number_of(one, "vni")) + " " +
                text_of(one, "outer_src_ip"));
  }
  EXPECT_EQ(told, (std::set<std::string>{"geneve 77 192.0.2.2", "gre 99 fd88::2",
                                         "ipip 0 192.0.2.2", "vxlan 12345 fd88::2"}));
}

TEST_F(Tunnels, AnMtuThatDoesNotFitIsFoundInTheSetUpAndInTraffic) {
  auto cluster = Cluster::make();
  ASSERT_TRUE(cluster) << cluster.error().message;
  auto agent = Agent::start(cluster->node);
  ASSERT_TRUE(agent) << agent.error().message;
  const auto troubles = [&](std::string_view kind) {
    std::vector<std::string> found;
    const Json page = agent->json("/api/tunnels");
    for (const element one : array(page["mtu"]))
      if (text_of(one, "kind") == kind) found.push_back(text_of(one, "what"));
    return found;
  };
  EXPECT_TRUE(troubles("device").empty());
  ASSERT_TRUE(cluster->node.ip({"link", "set", "vx0", "mtu", "1480"}));
  EXPECT_TRUE(eventually([&] { return troubles("device").size() == 1; }));
  const auto what = troubles("device");
  ASSERT_EQ(what.size(), 1U);
  for (const char* part : {"vx0", "1480", "1530", "eth0", "1500", "1450"})
    EXPECT_NE(what[0].find(part), std::string::npos) << part << " in: " << what[0];
  EXPECT_EQ(metric(*agent, R"(netprobe_tunnel_mtu_excess_bytes{interface="vx0",underlay="eth0"})"),
            30);
  // A packet of full size goes out in two pieces.
  ASSERT_TRUE(cluster->peer.ip({"link", "set", "vx0", "mtu", "1480"}));
  ASSERT_TRUE(
      cluster->node.run({"ping", "-q", "-c", "2", "-i", "0.05", "-s", "1452", "10.250.0.2"}));
  EXPECT_TRUE(eventually([&] { return !troubles("fragmented").empty(); }));
  // Mended, it goes.
  ASSERT_TRUE(cluster->node.ip({"link", "set", "vx0", "mtu", "1450"}));
  EXPECT_TRUE(eventually([&] { return troubles("device").empty(); }));
  EXPECT_EQ(metric(*agent, R"(netprobe_tunnel_mtu_excess_bytes{interface="vx0",underlay="eth0"})"),
            -1);
}

TEST_F(Tunnels, FragmentationNeededIsTiedToItsFlow) {
  auto cluster = Cluster::make();
  ASSERT_TRUE(cluster) << cluster.error().message;
  auto pod = cluster->add_pod(1);
  ASSERT_TRUE(pod) << pod.error().message;
  auto agent = Agent::start(cluster->node);
  ASSERT_TRUE(agent) << agent.error().message;
  // The pod thinks 1500, vx0 takes 1450 with the don't-fragment bit set: the
  // node says so by ICMP and ICMPv6.
  (void)pod->ns.run({"ping", "-q", "-c", "1", "-W", "1", "-M", "do", "-s", "1472", "10.250.0.2"});
  (void)pod->ns.run({"ping", "-q", "-c", "1", "-W", "1", "-M", "do", "-s", "1452", "fd25::2"});
  for (const char* selection : {"protocol=icmp&ip=10.250.0.2", "protocol=icmp6&ip=fd25::2"}) {
    const Json page = flows_when(*agent, selection, [](const Json& p) {
      std::uint64_t mtu = 0;
      return number_of(p.root(), "total") == 1 &&
             p["flows"].at(0)["path_mtu"].get(mtu) == simdjson::SUCCESS;
    });
    ASSERT_EQ(number_of(page.root(), "total"), 1U) << simdjson::minify(page.root());
    const element flow = page["flows"].at(0);
    EXPECT_EQ(number_of(flow, "path_mtu"), 1450U);
    // The error passes bridge and veth; it was one packet.
    EXPECT_EQ(number_of(flow, "path_mtu_errors"), 1U);
  }
  EXPECT_EQ(metric(*agent, "netprobe_path_mtu_errors_total"), 2);
  std::set<std::string> sources;
  const Json page = agent->json("/api/tunnels");
  for (const element one : array(page["mtu"])) {
    if (text_of(one, "kind") != "reported") continue;
    EXPECT_EQ(number_of(one, "path_mtu"), 1450U);
    sources.insert(text_of(one["flow"], "src_ip"));
  }
  EXPECT_EQ(sources, (std::set<std::string>{pod->v4, pod->v6}));
}

TEST_F(Tunnels, OffOrRefusedTheRestRuns) {
  auto cluster = Cluster::make();
  ASSERT_TRUE(cluster) << cluster.error().message;
  const auto state = [](const Agent& agent) {
    const Json page = agent.json("/api/probes");
    for (const element probe : array(page["probes"]))
      if (text_of(probe, "name") == "vxlan")
        return text_of(probe, "state") + ": " + text_of(probe, "why");
    return std::string("none");
  };
  {
    auto agent = Agent::start(cluster->node, {"--enable-vxlan=false"});
    ASSERT_TRUE(agent) << agent.error().message;
    EXPECT_EQ(state(*agent), "off: --enable-vxlan=false");
    ASSERT_TRUE(cluster->node.run({"ping", "-q", "-c", "2", "-i", "0.05", "10.250.0.2"}));
    EXPECT_EQ(number_of(agent->json("/api/tunnels").root(), "total"), 0U);
    EXPECT_TRUE(eventually(
        [&] { return number_of(agent->json("/api/flows?protocol=icmp").root(), "total") == 1; }));
  }
  {
    auto agent =
        Agent::start(cluster->node, {}, {.environment = {{"NETPROBE_FAULT_LOAD", "vxlan"}}});
    ASSERT_TRUE(agent) << agent.error().message;
    EXPECT_EQ(state(*agent).substr(0, 7), "failed:");
    EXPECT_NE(state(*agent).find("the kernel does not take"), std::string::npos);
    EXPECT_TRUE(agent->watches("eth0"));
    ASSERT_TRUE(cluster->node.run({"ping", "-q", "-c", "2", "-i", "0.05", "10.250.0.2"}));
    EXPECT_TRUE(eventually([&] {
      return number_of(agent->json("/api/flows?protocol=icmp&vni=42").root(), "total") == 1;
    }));
  }
  {
    auto agent = Agent::start(cluster->node, {"--enable-tc=false"});
    ASSERT_TRUE(agent) << agent.error().message;
    EXPECT_EQ(state(*agent).substr(0, 4), "off:");
  }
}

}  // namespace
}  // namespace netprobe::test
