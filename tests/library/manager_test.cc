// SPDX-License-Identifier: Apache-2.0
// libnetprobe's Manager and integrator in the process of the test itself, linked
// against the shared library.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netprobe/kubernetes.h>
#include <netprobe/log.h>
#include <netprobe/manager.h>
#include <netprobe/metrics_server.h>
#include <sched.h>

#include <atomic>
#include <functional>
#include <thread>

#include "agent.h"
#include "base/unique_fd.h"
#include "cluster.h"

namespace netprobe::test {
namespace {

class Managers : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    auto made = NodeAndPod::make();
    ASSERT_TRUE(made) << made.error().message;
    pair_.emplace(std::move(*made));
    inside([&] {
      auto made_manager = v0::Manager::create();
      ASSERT_TRUE(made_manager) << made_manager.error().message;
      manager_.emplace(std::move(*made_manager));
    });
    ASSERT_TRUE(manager_);
  }
  /// In the node's namespace, as a program in it would.
  void inside(const std::function<void()>& work) const {
    std::thread([&] {
      const UniqueFd ns(::open(pair_->node.path().c_str(), O_RDONLY | O_CLOEXEC));
      ASSERT_EQ(::setns(ns.get(), CLONE_NEWNET), 0);
      work();
    }).join();
  }
  void ping(int count) const {
    ASSERT_TRUE(
        pair_->node.run({"ping", "-q", "-c", std::to_string(count), "-i", "0.02", "10.77.0.2"}));
  }
  void connect() const {
    ASSERT_TRUE(
        pair_->node.run({"socat", "-u", "/dev/null", "TCP:10.77.0.2:7777,retry=20,interval=0.1"}));
  }

  std::optional<NodeAndPod> pair_;
  std::optional<v0::Manager> manager_;
};

TEST_F(Managers, AttachAndDetachWhenAskedAndSayWhatIsWrong) {
  EXPECT_TRUE(manager_->attached_interfaces().empty());
  EXPECT_EQ(tc_hooks_at(pair_->node, "eth0"), 0U);
  const auto unknown = manager_->attach_network_monitor("eth7");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, v0::ErrorKind::kNotFound);
  const auto glob = manager_->attach_network_monitor("eth*");
  ASSERT_FALSE(glob);
  EXPECT_EQ(glob.error().kind, v0::ErrorKind::kNotFound);

  ASSERT_TRUE(manager_->attach_network_monitor("eth0"));
  ASSERT_TRUE(manager_->attach_network_monitor("eth0"));
  EXPECT_EQ(manager_->attached_interfaces(), std::vector<std::string>{"eth0"});
  EXPECT_EQ(tc_hooks_at(pair_->node, "eth0"), 2U);
  ping(5);
  const auto statistics = manager_->statistics();
  ASSERT_TRUE(statistics) << statistics.error().message;
  const auto* eth0 = statistics->interface("eth0");
  ASSERT_NE(eth0, nullptr);
  EXPECT_TRUE(eth0->attached);
  EXPECT_GE(eth0->sent.packets, 5U);
  EXPECT_GE(eth0->sent.bytes, 5U * 98);
  EXPECT_EQ(statistics->interface("eth7"), nullptr);
  EXPECT_FALSE(statistics->interface("lo")->attached);

  ASSERT_TRUE(manager_->detach_network_monitor("eth0"));
  EXPECT_EQ(tc_hooks_at(pair_->node, "eth0"), 0U);
  const auto again = manager_->detach_network_monitor("eth0");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, v0::ErrorKind::kNotFound);
  manager_.reset();
  EXPECT_EQ(tc_hooks(pair_->node).size(), 0U);
}

TEST_F(Managers, TwoWatchTheSameInterface) {
  inside([&] {
    auto other = v0::Manager::create();
    ASSERT_TRUE(other) << other.error().message;
    ASSERT_TRUE(manager_->attach_network_monitor("eth0"));
    ASSERT_TRUE(other->attach_network_monitor("eth0"));
    ping(4);
    for (const v0::Manager* each : {&*manager_, &*other}) {
      const auto flows = each->flows();
      ASSERT_TRUE(flows) << flows.error().message;
      const auto icmp = std::ranges::find(*flows, v0::kIcmp, &v0::Flow::protocol);
      ASSERT_NE(icmp, flows->end());
      EXPECT_EQ(icmp->forward, (v0::Counters{4, 4 * 84}));
      EXPECT_EQ(icmp->reverse, (v0::Counters{4, 4 * 84}));
    }
    *manager_ = std::move(*other);  // the first one detaches
    EXPECT_EQ(tc_hooks_at(pair_->node, "eth0"), 2U);
    EXPECT_TRUE(manager_->statistics());
  });
}

TEST_F(Managers, AHandlerHearsUntilItIsDetachedAndMayAskTheManager) {
  auto server = pair_->pod.start({"socat", "-u", "TCP-LISTEN:7777,fork,reuseaddr", "/dev/null"});
  ASSERT_TRUE(server) << server.error().message;
  std::atomic<int> events{0};
  std::atomic<bool> asked{false};
  ASSERT_TRUE(manager_->attach_socket_monitor([&](const v0::SocketEvent& event) {
    if (event.remote_port != 7777) return;
    ++events;
    if (!asked.exchange(true)) EXPECT_TRUE(manager_->statistics());
  }));
  connect();
  EXPECT_TRUE(eventually([&] { return events >= 2; }));  // connect and close
  const auto connections = manager_->connections();
  ASSERT_TRUE(connections);
  EXPECT_TRUE(std::ranges::any_of(*connections, [](const v0::Connection& c) {
    return c.remote_port == 7777 && c.comm == "socat" && c.local.to_string() == "10.77.0.1";
  }));
  ASSERT_TRUE(manager_->detach_socket_monitor());
  const int before = events;
  connect();
  EXPECT_TRUE(manager_->connections()->empty());
  EXPECT_EQ(events, before);
  // And once more, as if it were new.
  ASSERT_TRUE(manager_->attach_socket_monitor([&](const v0::SocketEvent&) { ++events; }));
  connect();
  EXPECT_TRUE(eventually([&] { return events > before; }));
}

TEST_F(Managers, AnIntegratorFollowsItsFlowsToThePacket) {
  ASSERT_TRUE(manager_->attach_network_monitor("eth0"));
  auto integrator =
      v0::NetworkIntegrator::create("/nonexistent", {.external_names = {{"peer", "10.77.0.2/32"}}});
  ASSERT_TRUE(integrator) << integrator.error().message;
  ASSERT_TRUE(integrator->start());
  integrator->follow(*manager_);
  ping(6);
  const auto echo = [&]() -> std::optional<v0::NamedFlow> {
    for (const auto& each : integrator->flows())
      if (each.flow.protocol == v0::kIcmp) return each;
    return std::nullopt;
  };
  EXPECT_TRUE(eventually([&] { return echo() && echo()->flow.reverse.packets == 6; }));
  ASSERT_TRUE(echo());
  EXPECT_EQ(echo()->flow.forward, (v0::Counters{6, 6 * 84}));
  EXPECT_EQ(echo()->flow.source.to_string(), "10.77.0.1");
  EXPECT_EQ(echo()->destination.name, "peer");
  manager_.reset();  // followed or not
  EXPECT_TRUE(echo());
}

TEST_F(Managers, ACollectorTellsOfBothAndOutlivesThem) {
  v0::Collector collector;
  {
    auto integrator = v0::NetworkIntegrator::create("/nonexistent");
    ASSERT_TRUE(integrator);
    ASSERT_TRUE(integrator->start());
    ASSERT_TRUE(manager_->attach_network_monitor("eth0"));
    collector.add(*manager_);
    collector.add(*integrator);
    const auto page = collector.render();
    ASSERT_TRUE(page) << page.error().message;
    EXPECT_NE(page->find("netprobe_interface_rx_packets_total{interface=\"eth0\""),
              std::string::npos);
    EXPECT_NE(page->find("netprobe_k8s_"), std::string::npos);
  }
  EXPECT_TRUE(collector.render());
  manager_.reset();
  const auto page = collector.render();
  ASSERT_FALSE(page);
  EXPECT_NE(page.error().message.find("has ended"), std::string::npos);
}

TEST_F(Managers, TheLogIsTheProgramsOrNobodys) {
  std::atomic<int> lines{0};
  v0::set_log_handler([&](v0::LogLevel, std::string_view text) {
    EXPECT_FALSE(text.empty());
    ++lines;
  });
  ASSERT_TRUE(manager_->attach_network_monitor("eth0"));
  EXPECT_GT(lines, 0);
  v0::set_log_handler(nullptr);
  const int before = lines;
  ASSERT_TRUE(manager_->detach_network_monitor("eth0"));
  EXPECT_EQ(lines, before);
}

}  // namespace
}  // namespace netprobe::test
