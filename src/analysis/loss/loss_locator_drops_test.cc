// SPDX-License-Identifier: Apache-2.0
// Losses that drops explain, or make sure of.
#include "analysis/loss/testing/locator.h"

namespace netprobe {
namespace {

using namespace testing;  // NOLINT: the node and its ways

DropRecord drop_of(const TestFlow& flow, std::uint32_t ifindex, const char* reason,
                   const char* hook, std::uint64_t count) {
  DropRecord drop;
  drop.tuple = flow.flow.tuple;
  drop.has_tuple = true;
  drop.reason = reason;
  drop.hook = hook;
  drop.ifindex = ifindex;
  drop.count = count;
  return drop;
}

TEST_F(Locator, DropsExplainEachAtMostItsCount) {
  TestFlow flow(1, node);
  flow.set_way(0, kPodToNode);
  flow.arrive(0, 10);
  flow.pass(0, 5, 2);
  settle(flow);
  DropReport drops;
  drops.records = {drop_of(flow, kCni0, "NETFILTER_DROP", "netfilter", 3),
                   drop_of(flow, kEth0, "QDISC_DROP", "qdisc", 100),
                   drop_of(flow, kCni0, "TCP_OLD_DATA", "tcp", 100)};
  locator.on_drops(drops);
  locator.on_drops(drops);
  auto losses = locator.report().losses;
  ASSERT_EQ(losses.size(), 1U);
  ASSERT_EQ(losses[0].explained_by.size(), 1U);
  EXPECT_EQ(losses[0].explained_by[0].reason, "NETFILTER_DROP");
  EXPECT_EQ(losses[0].explained_by[0].packets, 3U);
  drops.records[0].count = 50;
  locator.on_drops(drops);
  losses = locator.report().losses;
  ASSERT_EQ(losses[0].explained_by.size(), 1U);
  EXPECT_EQ(losses[0].explained_by[0].packets, 5U);
  EXPECT_EQ(losses[0].packets, 5U);
}

TEST_F(Locator, DropsMakeSureOfWhatNeverCameOut) {
  TestFlow flow(1, node);
  flow.set_way(0, kPodToNode);
  flow.pass(0, 5, 2);  // the firewall drops all: nothing behind cni0 ever
  settle(flow);
  EXPECT_EQ(total(), 0U);
  DropReport drops;
  drops.records = {drop_of(flow, kCni0, "NETFILTER_DROP", "netfilter", 5)};
  for (int i = 0; i < 3; ++i) {
    locator.on_drops(drops);
    now += kSecond;
    locator.begin_pass(now, now);
    for (const FlowTuple& tuple : locator.take_wanted()) {
      EXPECT_TRUE(tuple == flow.flow.tuple || tuple.reversed() == flow.flow.tuple);
      flow.hand_to(locator);
    }
    locator.end_pass();
  }
  locator.on_drops(drops);
  EXPECT_EQ(told(), "cni0→? 5");
  ASSERT_EQ(locator.report().losses[0].explained_by.size(), 1U);
}

TEST_F(Locator, DropsMakeSureOfAStreamThatGoesOn) {
  TestFlow flow(1, node);
  flow.set_way(0, kPodToNode);
  DropReport drops;
  drops.records = {drop_of(flow, kCni0, "NETFILTER_DROP", "netfilter", 0)};
  for (int i = 0; i < 4; ++i) {
    flow.pass(0, 1, 2);
    flow.arrive(0, 1000);
    pass({&flow});
    ++drops.records[0].count;
    locator.on_drops(drops);
  }
  // Far too few to see by counters alone while a thousand a second pass.
  EXPECT_GE(total(), 3U);
  EXPECT_LE(total(), 4U);
}

}  // namespace
}  // namespace netprobe
