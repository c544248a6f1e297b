// SPDX-License-Identifier: Apache-2.0
// The three invariants of docs/flows.md to the packet, after mixed traffic
// during which pods come and go. NETPROBE_CHURN_PODS and NETPROBE_CHURN_SECONDS
// make it longer; the defaults are for every day.
#include <gtest/gtest.h>

#include <sys/socket.h>

#include <cstdlib>
#include <deque>
#include <sstream>

#include "cluster.h"
#include "quiet.h"
#include "raw_device.h"
#include "support/packet_builder.h"

namespace netprobe::test {
namespace {

constexpr int kFixedPods = 8;
constexpr std::size_t kComingPods = 12;  // there at once, besides the fixed ones

int setting(const char* name, int fallback) {
  const char* value = std::getenv(name);
  return value == nullptr ? fallback : std::atoi(value);
}

class Exactness : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    if (!have_program("iperf3")) GTEST_SKIP() << "needs the program iperf3";
    auto made = Cluster::make();
    ASSERT_TRUE(made) << made.error().message;
    cluster_.emplace(std::move(*made));
    for (int i = 1; i <= kFixedPods; ++i) {
      auto pod = cluster_->add_pod(i);
      ASSERT_TRUE(pod) << pod.error().message;
      pods_.push_back(std::move(*pod));
    }
    auto agent = Agent::start(node());
    ASSERT_TRUE(agent) << agent.error().message;
    agent_.emplace(std::move(*agent));
  }
  NetNamespace& node() { return cluster_->node; }

  void start_traffic(int seconds);
  void send_tagged(int count);
  void come_and_go(int pods, int seconds);
  std::map<std::uint64_t, std::string> all_flows(const Sample& sample) const;

  std::optional<Cluster> cluster_;
  std::vector<Pod> pods_;
  std::optional<Agent> agent_;
  Background traffic_;
  std::optional<Process> stream_;
  std::int64_t tagged_ = 0;  ///< frames sent to eth0
};

#define ASSERT_DONE(expression)                  \
  do {                                           \
    const auto done_ = (expression);             \
    ASSERT_TRUE(done_) << done_.error().message; \
  } while (false)

/// Loads are small: the agent may be under sanitizers. Kinds are many.
void Exactness::start_traffic(int seconds) {
  const auto& peer = cluster_->peer;
  const auto iperf = [&](const NetNamespace& from, const NetNamespace& to, const std::string& at,
                         std::vector<std::string> flags) {
    return traffic_.iperf(from, to, at, seconds, std::move(flags));
  };
  const auto ping = [&](const NetNamespace& from, const std::string& to) {
    return traffic_.start(from, {"ping", "-q", "-i", "0.02", "-w", std::to_string(seconds), to});
  };
  // Super-packets over the bridge, the tunnel and the uplink, both ways.
  ASSERT_DONE(iperf(pods_[0].ns, pods_[1].ns, pods_[1].v4, {"-b", "60M"}));
  ASSERT_DONE(iperf(pods_[2].ns, peer, "10.250.0.2", {"-b", "30M"}));
  ASSERT_DONE(iperf(pods_[3].ns, peer, "10.250.0.2", {"-b", "20M", "-R"}));
  ASSERT_DONE(iperf(pods_[4].ns, peer, "fd25::2", {"-b", "10M"}));
  ASSERT_DONE(iperf(node(), peer, "192.0.2.2", {"-b", "30M"}));
  ASSERT_DONE(iperf(pods_[5].ns, pods_[0].ns, pods_[0].v6, {"-b", "20M"}));
  // Small datagrams, and ones that travel in pieces.
  ASSERT_DONE(iperf(pods_[6].ns, peer, "10.250.0.2", {"-u", "-l", "64", "-b", "500K"}));
  ASSERT_DONE(iperf(pods_[7].ns, pods_[1].ns, pods_[1].v4, {"-u", "-l", "64", "-b", "1M"}));
  ASSERT_DONE(iperf(pods_[6].ns, peer, "10.250.0.2", {"-u", "-l", "4000", "-b", "2M"}));
  ASSERT_DONE(iperf(node(), peer, "fd88::2", {"-u", "-l", "5000", "-b", "1M"}));
  ASSERT_DONE(ping(pods_[0].ns, "10.250.0.2"));
  ASSERT_DONE(ping(pods_[1].ns, pods_[2].v6));
  ASSERT_DONE(ping(cluster_->peer, pods_[3].v4));
}

/// VLAN-tagged frames both ways over the uplink, from packet sockets: a kernel
/// need not have VLAN devices.
void Exactness::send_tagged(int count) {
  const auto to = packet_socket(node(), "eth0");
  const auto from = packet_socket(cluster_->peer, "eth0");
  ASSERT_TRUE(to && from);
  const Bytes v4 = Packet().ether().vlan({.id = 7}).ipv4().udp().payload(100).bytes();
  const Bytes v6 = Packet().ether().qinq(8, 9).ipv6().udp().payload(50).bytes();
  for (int i = 0; i < count; ++i) {
    for (const auto& frame : {v4, v6}) {
      ASSERT_GT(::send(to->get(), frame.data(), frame.size(), 0), 0);
      ASSERT_GT(::send(from->get(), frame.data(), frame.size(), 0), 0);
      ++tagged_;
    }
  }
}

/// Pods that talk from their first moment to their last: half of them lose
/// their interface, half vanish with their namespace.
void Exactness::come_and_go(int pods, int seconds) {
  struct Coming {
    Pod pod;
    Process ping;
  };
  std::deque<Coming> there;
  const auto began = std::chrono::steady_clock::now();
  const auto remove_oldest = [&](int number) {
    if (number % 2 == 0) (void)node().ip({"link", "delete", there.front().pod.veth});
    there.pop_front();
  };
  for (int i = 0; i < pods; ++i) {
    std::this_thread::sleep_until(began + std::chrono::milliseconds(1000L * seconds * i / pods));
    auto pod = cluster_->add_pod(1000 + i);
    ASSERT_TRUE(pod) << pod.error().message;
    auto ping = pod->ns.start(
        {"ping", "-q", "-i", "0.05", pods_[static_cast<std::size_t>(i) % kFixedPods].v4});
    ASSERT_TRUE(ping);
    there.push_back({std::move(*pod), std::move(*ping)});
    if (there.size() > kComingPods) remove_oldest(i);
    if (i % 10 == 0) send_tagged(20);
  }
  while (!there.empty()) remove_oldest(static_cast<int>(there.size()));
}

/// Those that are there and those that ended meanwhile, as the stream told.
std::map<std::uint64_t, std::string> Exactness::all_flows(const Sample& sample) const {
  std::map<std::uint64_t, std::string> flows;
  std::istringstream lines(stream_->out());
  for (std::string line; std::getline(lines, line);)
    if (line.ends_with('}')) flows[number_of(Json(line).root(), "id")] = line;
  for (const auto flow : simdjson::dom::array(sample.flows["flows"]))
    flows[number_of(flow, "id")] = simdjson::minify(flow);
  return flows;
}

void expect_accounted(simdjson::dom::element point) {
  const std::string where = simdjson::minify(point);
  EXPECT_EQ(std::int64_t(point["difference"]), 0) << where;
  for (const char* cause : {"malformed", "cache_full", "too_deep"})
    EXPECT_EQ(std::uint64_t(point["unattributed"][cause]), 0U) << where;
}

void expect_exact(const Sample& sample) {
  const auto accounting = sample.stats["accounting"];
  expect_accounted(accounting["total"]);
  EXPECT_GT(std::uint64_t(accounting["total"]["packets"]), 0U);
  for (const char* part : {"interfaces", "retired"})
    for (const auto point : simdjson::dom::array(accounting[part])) expect_accounted(point);
  for (const auto loss : simdjson::dom::array(sample.stats["losses"]))
    if (text_of(loss, "cause") != "icmp_error_without_flow")
      EXPECT_EQ(number_of(loss, "count"), 0U) << simdjson::minify(loss);
}

/// The kernel's own counters and the agent's must have grown alike since the
/// first sample; docs/flows.md has the differences of definition. `tagged` are
/// frames with a VLAN tag that came in at eth0.
void expect_as_kernel(const Sample& first, const Sample& last, std::int64_t tagged) {
  constexpr std::int64_t kEthernet = 14;
  constexpr std::int64_t kTag = 4;
  for (const auto& [name, there] : last.agent) {
    if (!first.agent.contains(name)) continue;
    LinkSide kernel_rx = last.kernel.at(name).rx - first.kernel.at(name).rx;
    LinkSide kernel_tx = last.kernel.at(name).tx - first.kernel.at(name).tx;
    const LinkSide rx = there.rx - first.agent.at(name).rx;
    const LinkSide tx = there.tx - first.agent.at(name).tx;
    EXPECT_GT(rx.packets, 0) << name;
    EXPECT_GT(tx.packets, 0) << name;
    const bool tunnel = name == "vx0";
    // A tunnel counts before it merges segments (GRO), the hook after that.
    if (tunnel) EXPECT_LE(rx.packets, kernel_rx.packets) << name;
    if (!tunnel) EXPECT_EQ(rx.packets, kernel_rx.packets) << name;
    // What a device drops in sending has passed the hook.
    EXPECT_EQ(tx.packets, kernel_tx.packets + kernel_tx.dropped) << name;
    if (tunnel || name == "cni0") kernel_rx.bytes += kEthernet * kernel_rx.packets;
    if (tunnel) kernel_tx.bytes += kEthernet * kernel_tx.packets;
    if (name == "eth0") kernel_rx.bytes -= kTag * tagged;
    if (rx.packets == kernel_rx.packets) EXPECT_EQ(rx.bytes, kernel_rx.bytes) << name;
    if (kernel_tx.dropped == 0) EXPECT_EQ(tx.bytes, kernel_tx.bytes) << name;
  }
}

TEST_F(Exactness, HoldsWhilePodsComeAndGo) {
  const int pods = setting("NETPROBE_CHURN_PODS", 60);
  const int seconds = setting("NETPROBE_CHURN_SECONDS", 15);
  auto stream = node().start({cli_binary(), "observe", "-o", "json"});
  ASSERT_TRUE(stream);
  stream_.emplace(std::move(*stream));
  const Sample first = quiet_sample(*agent_, node());
  ASSERT_NO_FATAL_FAILURE(start_traffic(seconds));
  ASSERT_NO_FATAL_FAILURE(come_and_go(pods, seconds));
  traffic_.stop();
  const Sample last = quiet_sample(*agent_, node());

  expect_exact(last);
  expect_as_kernel(first, last, tagged_);
  EXPECT_EQ(stream_->err(), "");
  const PointSums sums = point_sums(all_flows(last));
  for (const auto each : simdjson::dom::array(last.interfaces["interfaces"])) {
    const auto ifindex = number_of(each, "ifindex");
    for (const auto& [side, direction] : {std::pair{"rx", "ingress"}, std::pair{"tx", "egress"}}) {
      const auto found = sums.find({ifindex, direction});
      EXPECT_EQ(std::uint64_t(each[side]["flow_packets"]), found == sums.end() ? 0 : found->second)
          << text_of(each, "name") << " " << direction;
    }
  }
}

}  // namespace
}  // namespace netprobe::test
