// SPDX-License-Identifier: Apache-2.0
// One flow through devices of all kinds: a pod's veth, bridge, VXLAN, uplink;
// and devices without a link header.
#include <gtest/gtest.h>

#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <optional>
#include <set>
#include <thread>

#include "agent.h"
#include "cluster.h"
#include "raw_device.h"

namespace netprobe::test {
namespace {

using simdjson::dom::element;

/// "veth1 ingress 0 pod", one for each observation.
std::set<std::string> points_of(element flow) {
  std::set<std::string> points;
  for (const auto point : simdjson::dom::array(flow["observations"]))
    points.insert(text_of(point, "interface") + " " + text_of(point, "direction") + " " +
                  std::to_string(number_of(point, "depth")) + " " + text_of(point, "role"));
  return points;
}

element point_at(element flow, std::string_view interface, std::string_view direction) {
  for (const auto point : simdjson::dom::array(flow["observations"]))
    if (text_of(point, "interface") == interface && text_of(point, "direction") == direction)
      return point;
  throw std::runtime_error("no such point in " + simdjson::minify(flow));
}

/// A packet of the kernel's own (router solicitation, MLD) may be between its
/// interface's counter and its flow when a snapshot is taken; a real difference
/// stays.
void expect_exact(const Agent& agent) {
  const auto settled = [](const Json& stats) {
    for (const auto point : simdjson::dom::array(stats["accounting"]["interfaces"]))
      if (std::int64_t(point["difference"]) != 0) return false;
    return true;
  };
  (void)eventually([&] { return settled(agent.json("/api/stats")); });
  const Json stats = agent.json("/api/stats");
  for (const auto point : simdjson::dom::array(stats["accounting"]["interfaces"]))
    EXPECT_EQ(std::int64_t(point["difference"]), 0) << simdjson::minify(point);
}

/// Waits until one flow of the selection has this many packets both ways.
Json flow_with(const Agent& agent, const std::string& selection, std::uint64_t packets) {
  return flows_when(agent, selection, [&](const Json& page) {
    return number_of(page.root(), "total") == 1 &&
           std::uint64_t(page["flows"].at(0)["packets"]) >= packets &&
           std::uint64_t(page["flows"].at(0)["reverse_packets"]) >= packets;
  });
}

class Devices : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
  }
};

TEST_F(Devices, APodsFlowIsOneFromItsVethToInsideTheTunnel) {
  auto cluster = Cluster::make();
  ASSERT_TRUE(cluster) << cluster.error().message;
  auto pod = cluster->add_pod(1);
  ASSERT_TRUE(pod) << pod.error().message;
  auto agent = Agent::start(cluster->node);
  ASSERT_TRUE(agent) << agent.error().message;
  // 500 bytes of IP are 472 of ping's.
  ASSERT_TRUE(pod->ns.run({"ping", "-q", "-c", "10", "-i", "0.05", "-s", "472", "10.250.0.2"}));

  const Json page = flow_with(*agent, "protocol=icmp", 10);
  ASSERT_EQ(number_of(page.root(), "total"), 1U) << simdjson::minify(page.root());
  const element flow = page["flows"].at(0);
  EXPECT_EQ(text_of(flow, "src_ip"), pod->v4);
  EXPECT_EQ(text_of(flow, "dst_ip"), "10.250.0.2");
  EXPECT_EQ(text_of(flow, "direction"), "inter-node");
  EXPECT_EQ(
      points_of(flow),
      (std::set<std::string>{"veth1 ingress 0 pod", "veth1 egress 0 pod", "cni0 ingress 0 bridge",
                             "cni0 egress 0 bridge", "vx0 egress 0 tunnel", "vx0 ingress 0 tunnel",
                             "eth0 egress 1 uplink", "eth0 ingress 1 uplink"}));
  // Counted once, at the pod; nothing was lost on the way.
  EXPECT_EQ(number_of(flow, "packets"), 10U);
  EXPECT_EQ(number_of(flow, "bytes"), 5000U);
  EXPECT_EQ(number_of(flow, "reverse_packets"), 10U);
  EXPECT_EQ(number_of(flow, "reverse_bytes"), 5000U);
  for (const auto point : simdjson::dom::array(flow["observations"])) {
    const bool forth = (text_of(point, "direction") == "egress") ==
                       (text_of(point, "role") == "tunnel" || text_of(point, "role") == "uplink");
    EXPECT_EQ(number_of(point, forth ? "packets" : "reverse_packets"), 10U);
    EXPECT_EQ(number_of(point, forth ? "bytes" : "reverse_bytes"), 5000U);
    EXPECT_EQ(number_of(point, forth ? "reverse_packets" : "packets"), 0U);
  }
  const element inside = point_at(flow, "eth0", "egress");
  EXPECT_EQ(text_of(inside, "tunnel"), "vxlan");
  EXPECT_EQ(number_of(inside, "vni"), 42U);
  EXPECT_EQ(text_of(inside, "outer_src_ip"), "192.0.2.1");
  EXPECT_EQ(text_of(inside, "outer_dst_ip"), "192.0.2.2");

  // The outside of the tunnel is a flow of its own at the uplink alone.
  const Json outer = agent->json("/api/flows?protocol=udp&port=8472&src_ip=192.0.2.1");
  ASSERT_GT(number_of(outer.root(), "total"), 0U);
  for (const auto each : simdjson::dom::array(outer["flows"])) {
    EXPECT_EQ(text_of(each, "carries"), "vxlan");
    for (const auto point : simdjson::dom::array(each["observations"]))
      EXPECT_EQ(text_of(point, "interface"), "eth0");
  }
  expect_exact(*agent);
}

/// Hands packets from one TUN device to the other, as a VPN's program does.
class Pump {
 public:
  Pump(int left, int right) : thread_([this, left, right] { run(left, right); }) {}
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;
  ~Pump() {
    stop_ = true;
    thread_.join();
  }

 private:
  void run(int left, int right) {
    std::array<char, 65536> packet{};
    while (!stop_) {
      std::array<pollfd, 2> fds{pollfd{left, POLLIN, 0}, pollfd{right, POLLIN, 0}};
      ::poll(fds.data(), fds.size(), 20);
      for (const auto& [from, to] : {std::pair{left, right}, std::pair{right, left}})
        for (ssize_t size = 0; (size = ::read(from, packet.data(), packet.size())) > 0;)
            [[maybe_unused]]
          const auto written = ::write(to, packet.data(), static_cast<std::size_t>(size));
    }
  }
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

TEST_F(Devices, WithoutALinkHeader) {
  auto here = NetNamespace::create();
  auto there = NetNamespace::create();
  ASSERT_TRUE(here && there);
  const auto left = tun_device(*here, "tun0");
  if (!left) GTEST_SKIP() << left.error().message;
  const auto right = tun_device(*there, "tun0");
  ASSERT_TRUE(right) << right.error().message;
  const Pump pump(left->get(), right->get());
  for (const auto& [ns, number] : {std::pair{&*here, "1"}, std::pair{&*there, "2"}}) {
    ASSERT_TRUE(ns->add_address("tun0", std::string("10.9.0.") + number + "/24"));
    ASSERT_TRUE(ns->add_address("tun0", std::string("fd09::") + number + "/64"));
    ASSERT_TRUE(ns->set_up("tun0"));
  }
  auto agent = Agent::start(*here);
  ASSERT_TRUE(agent) << agent.error().message;
  ASSERT_TRUE(here->run({"ping", "-q", "-c", "7", "-i", "0.05", "-s", "172", "10.9.0.2"}));
  ASSERT_TRUE(there->run({"ping", "-q", "-c", "3", "-i", "0.05", "-s", "52", "fd09::1"}));

  const Json v4 = flow_with(*agent, "protocol=icmp", 7);
  ASSERT_EQ(number_of(v4.root(), "total"), 1U) << simdjson::minify(v4.root());
  const element flow = v4["flows"].at(0);
  EXPECT_EQ(number_of(flow, "bytes"), 7U * 200);
  EXPECT_EQ(number_of(flow, "reverse_bytes"), 7U * 200);
  EXPECT_EQ(points_of(flow),
            (std::set<std::string>{"tun0 ingress 0 tunnel", "tun0 egress 0 tunnel"}));
  const Json v6 = flow_with(*agent, "protocol=icmp6&ip=fd09::2", 3);
  ASSERT_EQ(number_of(v6.root(), "total"), 1U) << simdjson::minify(v6.root());
  EXPECT_EQ(std::uint64_t(v6["flows"].at(0)["bytes"]), 3U * 100);
  expect_exact(*agent);
  const Json stats = agent->json("/api/stats");
  for (const char* cause : {"non_ip", "malformed"})
    EXPECT_EQ(std::uint64_t(stats["accounting"]["total"]["unattributed"][cause]), 0U) << cause;
}

}  // namespace
}  // namespace netprobe::test
