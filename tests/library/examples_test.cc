// SPDX-License-Identifier: Apache-2.0
// Each example of libnetprobe prints what was really sent.
#include "examples.h"

#include <gtest/gtest.h>

#include <fstream>
#include <regex>

#include "agent.h"
#include "cluster.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

using testing::Test;

class Examples : public Test {
 protected:
  void SetUp() override {
    if (const auto why = examples_obstacle(); !why.empty()) GTEST_SKIP() << why;
  }
};

std::size_t count(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  return static_cast<std::size_t>(
      std::distance(std::sregex_iterator(text.begin(), text.end(), regex), {}));
}

TEST_F(Examples, NetworkMonitorCountsWhatPingSent) {
  auto pair = NodeAndPod::make();
  ASSERT_TRUE(pair) << pair.error().message;
  auto example = start_example(pair->node, "network_monitor", {"eth0"}, "watching eth0");
  ASSERT_TRUE(example) << example.error().message;
  ASSERT_TRUE(pair->node.run({"ping", "-q", "-c", "7", "-i", "0.05", "-s", "100", "10.77.0.2"}));
  ASSERT_TRUE(pair->node.run({"ping", "-q", "-c", "3", "-i", "0.05", "-s", "56", "fd77::2"}));
  const auto out = end_example(*example);
  ASSERT_TRUE(out) << out.error().message;
  // 100 bytes of data, 8 of ICMP, 20 of IP; and 56 + 8 + 40.
  EXPECT_EQ(count(*out,
                  "\nicmp 10.77.0.1 [0-9]+ -> 10.77.0.2 [0-9]+: 7 packets 896 bytes, "
                  "back 7 packets 896 bytes\n"),
            1U)
      << *out;
  EXPECT_EQ(count(*out,
                  "\nicmp6 fd77::1 [0-9]+ -> fd77::2 [0-9]+: 3 packets 312 bytes, "
                  "back 3 packets 312 bytes\n"),
            1U)
      << *out;
  EXPECT_EQ(count(*out, "\nreceived [1-9][0-9]* packets [0-9]+ bytes, sent [1-9]"), 1U) << *out;
  EXPECT_EQ(count(*out, "lost:"), 0U) << *out;
  EXPECT_EQ(tc_hooks(pair->node).size(), 0U);
}

TEST_F(Examples, SocketEventsTellOfAConnectionFromBothSides) {
  auto pair = NodeAndPod::make();
  ASSERT_TRUE(pair) << pair.error().message;
  auto server = pair->pod.start({"socat", "TCP6-LISTEN:7777,fork,reuseaddr", "EXEC:cat"});
  ASSERT_TRUE(server) << server.error().message;
  auto example = start_example(pair->node, "socket_events", {}, "listening for connections");
  ASSERT_TRUE(example) << example.error().message;
  const std::string send =
      "for i in 1 2 3 4 5 6 7 8 9 10; do "
      "printf 0123456789 | socat -t2 - TCP:$1:7777,connect-timeout=1 && exit 0; sleep 0.2; done";
  for (const char* to : {"10.77.0.2", "[fd77::2]"})
    ASSERT_TRUE(pair->node.run({"sh", "-c", send, "sh", to}));
  const std::string v4 = "10.77.0.1 [0-9]+ 10.77.0.2 7777 pid [1-9][0-9]* comm socat sent ";
  const std::string v6 = "fd77::1 [0-9]+ fd77::2 7777 pid [1-9][0-9]* comm socat sent ";
  EXPECT_TRUE(eventually([&] {
    return count(example->out(), "close " + v4 + "10 received 10\n") == 1 &&
           count(example->out(), "close " + v6 + "10 received 10\n") == 1;
  })) << example->out();
  // A port at which nobody listens.
  (void)pair->node.run({"socat", "-", "TCP:10.77.0.2:7778"});
  EXPECT_TRUE(eventually([&] {
    return count(example->out(),
                 "connect 10.77.0.1 [0-9]+ 10.77.0.2 7778 pid [1-9][0-9]* comm "
                 "socat sent 0 received 0 error Connection refused\n") == 1;
  })) << example->out();
  const auto out = end_example(*example);
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_GE(count(*out, "connect " + v4), 1U) << *out;
  EXPECT_GE(count(*out, "connect " + v6), 1U) << *out;
  EXPECT_GE(count(*out, "accept 10.77.0.2 7777 10.77.0.1 [0-9]+ "), 1U) << *out;
  EXPECT_GE(count(*out, "accept fd77::2 7777 fd77::1 [0-9]+ "), 1U) << *out;
  EXPECT_EQ(count(*out, "\nconnects [0-9]+, accepts [0-9]+, closes [0-9]+\n"), 1U) << *out;
}

TEST_F(Examples, VxlanEventsTellOfATunnelOnceAndWhatItCarried) {
  for (const Underlay underlay : {Underlay::kIpv4, Underlay::kIpv6}) {
    auto cluster = Cluster::make(underlay);
    ASSERT_TRUE(cluster) << cluster.error().message;
    auto example = start_example(cluster->node, "vxlan_events", {"eth0"}, "looking for tunnels");
    ASSERT_TRUE(example) << example.error().message;
    ASSERT_TRUE(cluster->node.run({"ping", "-q", "-c", "5", "-i", "0.05", "10.250.0.2"}));
    const bool v4 = underlay == Underlay::kIpv4;
    const std::string ends = v4 ? "192.0.2.1 -> 192.0.2.2" : "fd88::1 -> fd88::2";
    const std::string back = v4 ? "192.0.2.2 -> 192.0.2.1" : "fd88::2 -> fd88::1";
    EXPECT_TRUE(eventually([&] {
      return count(example->out(), "new vxlan vni 42 egress " + ends + " ") == 1 &&
             count(example->out(), "new vxlan vni 42 ingress " + back + " ") == 1;
    })) << example->out();
    const auto out = end_example(*example);
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(count(*out, "new vxlan vni 42 egress "), 1U) << *out;
    // Five pings at least; neighbour discovery passes the tunnel as well.
    for (const auto& way : {"egress " + ends, "ingress " + back}) {
      std::smatch found;
      const std::regex total("total vxlan vni 42 " + way + ": ([0-9]+) packets ([0-9]+) bytes\n");
      ASSERT_TRUE(std::regex_search(*out, found, total)) << *out;
      EXPECT_GE(std::stoul(found[1]), 5U);
      // 84 bytes each, and what is around them: Ethernet, VXLAN, UDP, IP.
      EXPECT_GE(std::stoul(found[2]), 5U * (84 + 14 + 8 + 8 + (v4 ? 20 : 40)));
    }
  }
}

TEST_F(Examples, MetricsServerAnswersWhatPromtoolAccepts) {
  if (!have_program("promtool")) GTEST_SKIP() << "needs the program promtool";
  auto pair = NodeAndPod::make();
  ASSERT_TRUE(pair) << pair.error().message;
  auto example = start_example(pair->node, "metrics_server", {"eth0"}, "/metrics\n");
  ASSERT_TRUE(example) << example.error().message;
  std::smatch found;
  const std::string said = example->out();
  ASSERT_TRUE(std::regex_search(said, found, std::regex("serving (http://[0-9.:]+)/metrics\n")));
  const std::string base = found[1];
  ASSERT_TRUE(pair->pod.run({"ping", "-q", "-c", "4", "-i", "0.05", "10.77.0.1"}));
  const auto check = pair->node.run(
      {"sh", "-c", "curl -sf \"$1\" | promtool check metrics", "sh", base + "/metrics"});
  EXPECT_TRUE(check) << check.error().message;
  const auto page = pair->node.run({"curl", "-sf", base + "/metrics"});
  ASSERT_TRUE(page) << page.error().message;
  std::smatch packets;
  ASSERT_TRUE(std::regex_search(
      *page, packets,
      std::regex("netprobe_interface_rx_packets_total\\{interface=\"eth0\"[^}]*\\} ([0-9]+)")))
      << *page;
  EXPECT_GE(std::stoul(packets[1]), 4U);
  EXPECT_NE(page->find("netprobe_socket_events_total"), std::string::npos);
  const auto open_metrics = pair->node.run(
      {"curl", "-sf", "-H", "Accept: application/openmetrics-text", base + "/metrics"});
  ASSERT_TRUE(open_metrics) << open_metrics.error().message;
  EXPECT_TRUE(open_metrics->ends_with("# EOF\n"));
  for (const char* path : {"/healthz", "/readyz"})
    EXPECT_TRUE(pair->node.run({"curl", "-sf", base + path})) << path;
  EXPECT_FALSE(pair->node.run({"curl", "-sf", base + "/nothing"}));
  EXPECT_TRUE(end_example(*example));
}

TEST_F(Examples, AnInterfaceThatIsNotThereIsOneSentence) {
  auto ns = NetNamespace::create();
  ASSERT_TRUE(ns) << ns.error().message;
  for (const char* name : {"network_monitor", "vxlan_events", "metrics_server"}) {
    auto process = ns->start({example_path(name), "eth7"});
    ASSERT_TRUE(process) << process.error().message;
    const auto finished = process->wait(kPatience);
    ASSERT_TRUE(finished) << finished.error().message;
    EXPECT_EQ(finished->exit_code, 1);
    EXPECT_EQ(finished->err, "error: there is no interface 'eth7'; there are: lo\n");
  }
}

TEST_F(Examples, AKubeconfigThatIsMissingOrBadIsOneSentence) {
  auto ns = NetNamespace::create();
  ASSERT_TRUE(ns) << ns.error().message;
  const TempDir dir;
  const std::string bad = dir.path() + "/bad";
  std::ofstream(bad) << "clusters: [\n";
  for (const std::string& file : {dir.path() + "/missing", bad}) {
    auto process = ns->start({example_path("kubernetes_topology"), file, "--seconds", "2"});
    ASSERT_TRUE(process) << process.error().message;
    const auto finished = process->wait(kPatience);
    ASSERT_TRUE(finished) << finished.error().message;
    EXPECT_EQ(finished->exit_code, 1);
    EXPECT_TRUE(finished->out.starts_with("failed: ")) << finished->out;
    EXPECT_NE(finished->out.find(file), std::string::npos) << finished->out;
    EXPECT_TRUE(finished->out.ends_with("flows 0 intra-node 0 inter-node 0 pod-to-pod 0\n"))
        << finished->out;
  }
}

TEST_F(Examples, UsageIsToldAndSecondsEndThem) {
  auto ns = NetNamespace::create();
  ASSERT_TRUE(ns) << ns.error().message;
  for (const char* name : {"network_monitor", "socket_events", "vxlan_events", "metrics_server",
                           "kubernetes_topology"}) {
    const auto help = ns->run({example_path(name), "--help"});
    ASSERT_TRUE(help) << help.error().message;
    EXPECT_TRUE(help->starts_with(std::string("usage: ") + name)) << *help;
    auto wrong = ns->start({example_path(name), "--seconds=soon"});
    ASSERT_TRUE(wrong);
    const auto finished = wrong->wait(kPatience);
    ASSERT_TRUE(finished);
    EXPECT_EQ(finished->exit_code, 2);
  }
  const auto out = ns->run({example_path("network_monitor"), "lo", "--seconds", "1"});
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(count(*out, "lo: in "), 1U) << *out;
}

}  // namespace
}  // namespace netprobe::test
