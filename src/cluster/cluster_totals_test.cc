// SPDX-License-Identifier: Apache-2.0
#include "cluster/cluster_totals.h"

#include <gtest/gtest.h>

#include "cluster/testing/fake_agents.h"

namespace netprobe {
namespace {

using testing::FakeAgent;
using testing::FakeDirectory;
using testing::ManualScheduler;

WorkloadPair pair(const std::string& src, std::uint64_t packets) {
  WorkloadPair pair;
  pair.src.name = src;
  pair.dst.name = "db";
  pair.direction = "inter-node";
  pair.flows = 1;
  pair.forward = {packets, packets * 10};
  pair.handshake.counts.assign(kLatencyBounds.size() + 1, packets);
  pair.handshake.sum = static_cast<Nanos>(packets);
  return pair;
}

class ClusterTotalsTest : public ::testing::Test {
 protected:
  WorkloadSums sums(const std::string& node, const std::string& run,
                    std::vector<WorkloadPair> pairs) {
    WorkloadSums sums{.node = node, .run_id = run};
    sums.report.pairs = std::move(pairs);
    return sums;
  }
  void poll() {
    totals_.poll();
    scheduler_.run();
  }
  std::uint64_t packets() const {
    std::uint64_t all = 0;
    for (const auto& each : totals_.report().pairs) all += each.forward.packets;
    return all;
  }

  ManualClock clock_;
  ManualScheduler scheduler_{clock_};
  FakeDirectory directory_;
  ClusterTotals totals_{directory_, scheduler_, {.most_pairs = 3}};
};

TEST_F(ClusterTotalsTest, AreTheSumsOfAllAgents) {
  directory_.add("a")->sum_up(sums("a", "1", {pair("web", 5), pair("api", 7)}));
  directory_.add("b")->sum_up(sums("b", "1", {pair("web", 11)}));
  poll();
  const auto report = totals_.report();
  ASSERT_EQ(report.pairs.size(), 2U);
  EXPECT_EQ(report.pairs[1].src.name, "web");
  EXPECT_EQ(report.pairs[1].forward.packets, 16U);
  EXPECT_EQ(report.pairs[1].forward.bytes, 160U);
  EXPECT_EQ(report.pairs[1].handshake.counts.back(), 16U);
  EXPECT_EQ(report.pairs[1].handshake.sum, 16);
  EXPECT_EQ(report.pairs[1].direction, "inter-node");
  EXPECT_EQ(totals_.told(), std::pair(std::size_t{2}, std::size_t{2}));
  poll();
  EXPECT_EQ(packets(), 23U) << "asked again, and nothing is new";
}

TEST_F(ClusterTotalsTest, NeverRunBackwards) {
  const auto a = directory_.add("a");
  std::uint64_t before = 0;
  const auto look = [&](std::uint64_t expected) {
    poll();
    EXPECT_GE(packets(), before);
    before = packets();
    EXPECT_EQ(before, expected);
  };
  a->sum_up(sums("a", "1", {pair("web", 100)}));
  look(100);
  a->sum_up(sums("a", "1", {pair("web", 130)}));
  look(130);
  a->sum_up(sums("a", "2", {pair("web", 3)}));  // it restarted
  look(133);
  a->behave(FakeAgent::Manner::kFails);
  look(133);
  a->behave(FakeAgent::Manner::kAnswers);
  a->sum_up(sums("a", "2", {pair("web", 10)}));  // the same run, after it was away
  look(140);
  a->sum_up(sums("a", "2", {pair("web", 9)}));  // which no agent should tell
  look(140);
  directory_.remove(a);
  look(140);
}

TEST_F(ClusterTotalsTest, TwoAgentsOfOneNodeCountBoth) {
  directory_.add("a")->sum_up(sums("a", "1", {pair("web", 5)}));
  directory_.add("a")->sum_up(sums("a", "2", {pair("web", 7)}));
  for (int i = 0; i < 5; ++i) poll();
  EXPECT_EQ(packets(), 12U);
}

TEST_F(ClusterTotalsTest, WhatFindsNoRoomIsInOther) {
  const auto a = directory_.add("a");
  a->sum_up(
      sums("a", "1", {pair("p1", 1), pair("p2", 1), pair("p3", 1), pair("p4", 5), pair("p5", 6)}));
  poll();
  poll();
  auto report = totals_.report();
  ASSERT_EQ(report.pairs.size(), 4U);
  EXPECT_EQ(report.pairs.back().src.name, "~other");
  EXPECT_EQ(report.pairs.back().forward.packets, 11U);
  EXPECT_EQ(report.folded, 2U);
  a->sum_up(sums("a", "1", {pair("p4", 8)}));
  poll();
  report = totals_.report();
  EXPECT_EQ(report.pairs.back().forward.packets, 14U);
}

TEST_F(ClusterTotalsTest, ALateAnswerIsNotTaken) {
  const auto a = directory_.add("a");
  a->sum_up(sums("a", "1", {pair("web", 5)}));
  totals_.poll();
  totals_.poll();
  scheduler_.run();
  EXPECT_EQ(packets(), 5U);
}

}  // namespace
}  // namespace netprobe
