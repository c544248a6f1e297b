// SPDX-License-Identifier: Apache-2.0
// What an agent leaves when it ends, is killed, or meets another one.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <set>

#include "agent.h"

namespace netprobe::test {
namespace {

class Lifecycle : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = end_to_end_obstacle(); !why.empty()) GTEST_SKIP() << why;
    auto node = NetNamespace::create();
    auto pod = NetNamespace::create();
    ASSERT_TRUE(node && pod);
    node_.emplace(std::move(*node));
    pod_.emplace(std::move(*pod));
    ASSERT_TRUE(add_veth(*node_, "eth0", *pod_, "eth0"));
    ASSERT_TRUE(node_->add_address("eth0", "10.77.0.1/24"));
    ASSERT_TRUE(pod_->add_address("eth0", "10.77.0.2/24"));
  }

  std::optional<Agent> start(std::vector<std::string> flags = {}) {
    auto agent = Agent::start(*node_, std::move(flags));
    EXPECT_TRUE(agent) << agent.error().message;
    if (!agent) return std::nullopt;
    return std::move(*agent);
  }
  /// The programs at the node's hooks: one at each of the four (two devices
  /// would be eight), all of one kind.
  std::set<std::uint64_t> programs_at_hooks(std::string_view kind) {
    std::set<std::uint64_t> programs;
    const auto hooks = tc_hooks(*node_);
    EXPECT_EQ(hooks.size(), 2U);
    for (const auto& hook : hooks) {
      EXPECT_EQ(hook.device, "eth0");
      EXPECT_TRUE(hook.kind.starts_with(kind)) << hook.kind;
      EXPECT_TRUE(program_is_loaded(hook.program)) << hook.program;
      programs.insert(hook.program);
    }
    return programs;
  }
  void expect_nothing_left(const std::set<std::uint64_t>& programs) {
    EXPECT_TRUE(eventually([&] { return tc_hooks(*node_).empty(); }));
    // The kernel frees programs after a grace period.
    EXPECT_TRUE(eventually([&] { return std::ranges::none_of(programs, program_is_loaded); }));
  }
  std::string qdiscs() { return node_->run({"tc", "qdisc", "show", "dev", "eth0"}).value_or("?"); }

  std::optional<NetNamespace> node_;
  std::optional<NetNamespace> pod_;
};

TEST_F(Lifecycle, SigtermDetachesEverything) {
  for (const std::string mode : {"tcx", "clsact"}) {
    auto agent = start({"--tc-mode=" + mode});
    ASSERT_TRUE(agent);
    const auto programs = programs_at_hooks(mode);
    const auto end = agent->stop();
    ASSERT_TRUE(end) << end.error().message;
    EXPECT_EQ(end->exit_code, 0) << end->err;
    expect_nothing_left(programs);
    EXPECT_EQ(qdiscs().find("clsact"), std::string::npos) << qdiscs();
  }
}

TEST_F(Lifecycle, SigintIsTheSame) {
  auto agent = start();
  ASSERT_TRUE(agent);
  ASSERT_TRUE(agent->process().send_signal(SIGINT));
  const auto end = agent->process().wait(kPatience);
  ASSERT_TRUE(end) << end.error().message;
  EXPECT_EQ(end->exit_code, 0);
  expect_nothing_left({});
}

TEST_F(Lifecycle, TcxGoesWithAKilledAgent) {
  auto agent = start({"--tc-mode=tcx"});
  ASSERT_TRUE(agent);
  const auto programs = programs_at_hooks("tcx");
  ASSERT_TRUE(agent->kill());
  expect_nothing_left(programs);
}

TEST_F(Lifecycle, ClsactFiltersOfAKilledAgentAreReplaced) {
  auto killed = start({"--tc-mode=clsact"});
  ASSERT_TRUE(killed);
  const auto old = programs_at_hooks("clsact");
  ASSERT_TRUE(killed->kill());
  EXPECT_EQ(programs_at_hooks("clsact"), old);

  // By an agent of either mode: the packets must not be counted by both.
  for (const std::string mode : {"clsact", "tcx"}) {
    auto agent = start({"--tc-mode=" + mode});
    ASSERT_TRUE(agent);
    for (const auto program : programs_at_hooks(mode)) EXPECT_FALSE(old.contains(program));
    ASSERT_TRUE(pod_->run({"ping", "-q", "-c", "5", "-i", "0.05", "10.77.0.1"}));
    const Json page = flows_when(*agent, "protocol=icmp", [](const Json& flows) {
      return number_of(flows.root(), "total") == 1 &&
             std::uint64_t(flows["flows"].at(0)["reverse_packets"]) == 5;
    });
    const auto flow = page["flows"].at(0);
    EXPECT_EQ(std::uint64_t(flow["packets"]), 5U) << simdjson::minify(page.root());
    EXPECT_EQ(std::uint64_t(flow["reverse_packets"]), 5U);
    ASSERT_TRUE(mode == "tcx" ? agent->stop() : agent->kill());
  }
  expect_nothing_left(old);
}

TEST_F(Lifecycle, CleanupRemovesWhatAKilledAgentLeft) {
  auto agent = start({"--tc-mode=clsact"});
  ASSERT_TRUE(agent);
  const auto programs = programs_at_hooks("clsact");
  ASSERT_TRUE(agent->kill());
  const auto cleanup = cli(*node_, {"cleanup"});
  ASSERT_TRUE(cleanup);
  EXPECT_EQ(cleanup->exit_code, 0) << cleanup->err;
  EXPECT_NE(cleanup->out.find("removed eth0 ingress"), std::string::npos) << cleanup->out;
  expect_nothing_left(programs);
  EXPECT_EQ(qdiscs().find("clsact"), std::string::npos) << qdiscs();
  const auto again = cli(*node_, {"cleanup"});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->exit_code, 0);
  EXPECT_EQ(again->out, "nothing to remove\n");
}

TEST_F(Lifecycle, CleanupLeavesARunningAgentAlone) {
  auto agent = start({"--tc-mode=clsact"});
  ASSERT_TRUE(agent);
  const auto programs = programs_at_hooks("clsact");
  const auto cleanup = cli(*node_, {"cleanup"});
  ASSERT_TRUE(cleanup);
  EXPECT_EQ(cleanup->exit_code, 1);
  EXPECT_EQ(std::ranges::count(cleanup->err, '\n'), 1) << cleanup->err;
  EXPECT_NE(cleanup->err.find(std::to_string(agent->process().pid())), std::string::npos)
      << cleanup->err;
  EXPECT_EQ(programs_at_hooks("clsact"), programs);
}

TEST_F(Lifecycle, FiltersOfOthersStay) {
  // As a CNI plugin does: its own filter at the same hook, here one that is
  // classic BPF and never matches.
  ASSERT_TRUE(node_->run({"tc", "qdisc", "add", "dev", "eth0", "clsact"}));
  const auto theirs = node_->run({"tc", "filter", "add", "dev", "eth0", "ingress", "prio", "7",
                                  "bpf", "bytecode", "1,6 0 0 0"});
  ASSERT_TRUE(theirs) << theirs.error().message;
  for (const bool killed : {false, true}) {
    auto agent = start({"--tc-mode=clsact"});
    ASSERT_TRUE(agent);
    ASSERT_TRUE(killed ? agent->kill() : agent->stop());
    ASSERT_EQ(cli(*node_, {"cleanup"})->exit_code, 0);
    const auto left = node_->run({"tc", "filter", "show", "dev", "eth0", "ingress"});
    ASSERT_TRUE(left);
    EXPECT_NE(left->find("pref 7 "), std::string::npos) << *left;
    EXPECT_EQ(left->find("netprobe"), std::string::npos) << *left;
  }
}

}  // namespace
}  // namespace netprobe::test
