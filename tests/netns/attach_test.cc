// SPDX-License-Identifier: Apache-2.0
// Interfaces that come, go, change their name, or are chosen by filters.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <optional>

#include "agent.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

class Attach : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    auto node = NetNamespace::create();
    ASSERT_TRUE(node);
    node_.emplace(std::move(*node));
    ASSERT_TRUE(add_veth(*node_, "eth0", *node_, "eth1"));
  }
  void start(std::vector<std::string> flags = {}) {
    auto agent = Agent::start(*node_, std::move(flags));
    ASSERT_TRUE(agent) << agent.error().message;
    agent_.emplace(std::move(*agent));
  }
  /// Watched or not, by the agent's word and by the kernel's.
  [[nodiscard]] bool becomes(std::string_view device, bool watched) {
    return eventually([&] {
      return agent_->watches(device) == watched &&
             tc_hooks_at(*node_, device) == (watched ? 2U : 0U);
    });
  }
  /// As they are, now: for what must not change.
  void expect_watched(const std::vector<std::string>& devices, bool watched) {
    for (const auto& device : devices) {
      EXPECT_EQ(agent_->watches(device), watched) << device;
      EXPECT_EQ(tc_hooks_at(*node_, device), watched ? 2U : 0U) << device;
    }
  }

  std::optional<NetNamespace> node_;
  std::optional<Agent> agent_;
  TempDir dir_;
};

TEST_F(Attach, InterfacesComeAndGo) {
  start();
  expect_watched({"eth0", "eth1"}, true);
  expect_watched({"lo"}, false);
  ASSERT_TRUE(add_veth(*node_, "veth7", *node_, "veth8"));
  EXPECT_TRUE(becomes("veth7", true));
  EXPECT_TRUE(becomes("veth8", true));
  ASSERT_TRUE(node_->ip({"link", "add", "br0", "type", "bridge"}));
  EXPECT_TRUE(becomes("br0", true));
  ASSERT_TRUE(node_->ip({"link", "delete", "veth7"}));
  EXPECT_TRUE(eventually([&] { return !agent_->knows("veth7") && !agent_->knows("veth8"); }));
  EXPECT_EQ(tc_hooks(*node_).size(), 6U);
  EXPECT_TRUE(agent_->process().running());
}

TEST_F(Attach, InterfacesMoveBetweenNamespaces) {
  auto other = NetNamespace::create();
  ASSERT_TRUE(other);
  start();
  ASSERT_TRUE(node_->ip({"link", "set", "eth1", "netns", other->name()}));
  EXPECT_TRUE(eventually([&] { return !agent_->knows("eth1"); }));
  EXPECT_TRUE(eventually([&] { return tc_hooks(*other).empty(); }));
  ASSERT_TRUE(other->ip({"link", "set", "eth1", "netns", node_->name()}));
  EXPECT_TRUE(becomes("eth1", true));
}

TEST_F(Attach, NamesChange) {
  start({"--interface-filter=eth*,!eth9"});
  const auto before = tc_hooks(*node_);
  EXPECT_EQ(before.size(), 4U);
  ASSERT_TRUE(node_->ip({"link", "set", "eth0", "down"}));
  ASSERT_TRUE(node_->ip({"link", "set", "eth0", "name", "ethernet0"}));
  EXPECT_TRUE(becomes("ethernet0", true));
  EXPECT_FALSE(agent_->knows("eth0"));
  // Into what the filter excludes, and back.
  ASSERT_TRUE(node_->ip({"link", "set", "ethernet0", "name", "eth9"}));
  EXPECT_TRUE(becomes("eth9", false));
  ASSERT_TRUE(node_->ip({"link", "set", "eth9", "name", "eth0"}));
  EXPECT_TRUE(becomes("eth0", true));
}

TEST_F(Attach, FiltersChoose) {
  ASSERT_TRUE(add_veth(*node_, "veth-a", *node_, "veth-b"));
  ASSERT_TRUE(add_veth(*node_, "cali1", *node_, "cali22"));
  start({"--interface-filter=veth*,cali?,!veth-b"});
  expect_watched({"veth-a", "cali1"}, true);
  expect_watched({"veth-b", "cali22", "eth0", "eth1", "lo"}, false);
  ASSERT_TRUE(add_veth(*node_, "veth-c", *node_, "other"));
  EXPECT_TRUE(becomes("veth-c", true));
  expect_watched({"other"}, false);
}

TEST_F(Attach, ExclusionsAloneMeanAllOthers) {
  start({"--interface-filter=!eth1"});
  expect_watched({"eth0", "lo"}, true);
  expect_watched({"eth1"}, false);
}

TEST_F(Attach, NamedInterfacesAreAllThatIsWatched) {
  auto named = Agent::start(*node_, {}, {.environment = {{"NETWORK_INTERFACE", "eth1"}}});
  ASSERT_TRUE(named) << named.error().message;
  agent_.emplace(std::move(*named));
  expect_watched({"eth1"}, true);
  expect_watched({"eth0", "lo"}, false);
}

TEST_F(Attach, SighupReadsTheFiltersAnew) {
  const std::string config = dir_.file("agent.yaml");
  const auto write = [&](const std::string& text) { std::ofstream(config) << text; };
  const auto reload = [&] { ASSERT_TRUE(agent_->process().send_signal(SIGHUP)); };
  write("interface_filter: eth0\n");
  start({"--config=" + config});
  expect_watched({"eth0"}, true);
  expect_watched({"eth1"}, false);
  const auto kept = tc_hooks(*node_);

  write("interface_filter:\n  - eth0\n  - eth1\n");
  reload();
  EXPECT_TRUE(becomes("eth1", true));
  for (const auto& hook : kept) {
    const auto now = tc_hooks(*node_);
    EXPECT_NE(std::ranges::find(now, hook), now.end()) << hook.kind;
  }
  write("interface_filter: ['eth*', '!eth0']\n");
  reload();
  EXPECT_TRUE(becomes("eth0", false));
  expect_watched({"eth1"}, true);

  // What is wrong is said, and changes nothing.
  write("interface_filtre: eth0\n");
  reload();
  EXPECT_TRUE(agent_->process().wait_for_output("interface_filtre", kPatience));
  expect_watched({"eth1"}, true);
  expect_watched({"eth0"}, false);
  const auto end = agent_->stop();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->exit_code, 0);
  EXPECT_TRUE(tc_hooks(*node_).empty());
}

}  // namespace
}  // namespace netprobe::test
