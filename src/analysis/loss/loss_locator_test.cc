// SPDX-License-Identifier: Apache-2.0
#include "analysis/loss/loss_locator.h"

#include "analysis/loss/testing/locator.h"

namespace netprobe {
namespace {

using namespace testing;  // NOLINT: the node and its ways

TEST_F(Locator, FindsALossAtEveryHop) {
  std::uint64_t id = 0;
  for (const Case& each : kCases) {
    for (std::size_t hop = 0; hop < each.hops.size(); ++hop) {
      LossLocator fresh({}, node);
      TestFlow flow(++id, node);
      flow.set_way(0, *each.way);
      if (each.way == &kHostToPod || each.way == &kHostToNode)
        flow.flow.tuple.src = address("10.244.0.1");
      if (each.way == &kLoop) flow.flow.tuple.dst = address("127.0.0.1");
      flow.arrive(0, 50);
      flow.pass(0, 7, hop + 1);
      flow.arrive(0, 50);
      for (int i = 0; i < 9; ++i) {
        now += kSecond;
        fresh.begin_pass(now, now);
        if (i == 0) flow.hand_to(fresh);
        fresh.end_pass();
      }
      const auto losses = fresh.report().losses;
      ASSERT_EQ(losses.size(), 1U) << each.name << " " << each.hops[hop];
      EXPECT_EQ(place_of(losses[0]), each.hops[hop]) << each.name;
      EXPECT_EQ(losses[0].packets, 7U);
      EXPECT_EQ(losses[0].entered, 107U);
      EXPECT_EQ(losses[0].left, 100U);
      EXPECT_EQ(losses[0].tuple, flow.flow.tuple);
    }
  }
}

TEST_F(Locator, SaysNothingBeforeItIsSettled) {
  TestFlow flow(1, node);
  flow.set_way(0, kPodToPod);
  flow.arrive(0, 10);
  flow.pass(0, 5, 1);
  pass({&flow});
  EXPECT_EQ(total(), 0U);
  flow.at(0, 1).packets[0] += 5;  // they were on their way
  pass({&flow});
  for (int i = 0; i < 9; ++i) pass();
  EXPECT_EQ(total(), 0U);
  EXPECT_EQ(locator.report().followed, 0U);
}

TEST_F(Locator, CountsALossOnceAndAddsWhatComes) {
  TestFlow flow(1, node);
  flow.set_way(0, kPodToNode);
  flow.arrive(0, 10);
  flow.pass(0, 2, 2);
  settle(flow);
  EXPECT_EQ(told(), "cni0→vx0 2");
  flow.pass(0, 3, 2);
  flow.arrive(0, 5);
  settle(flow);
  EXPECT_EQ(told(), "cni0→vx0 5");
  flow.pass(0, 1, 3);
  flow.arrive(0, 5);
  settle(flow);
  EXPECT_EQ(told(), "cni0→vx0 5, vx0→eth0 1");
  locator.on_points_end(1);
  pass();
  EXPECT_EQ(told(), "cni0→vx0 5, vx0→eth0 1");
  EXPECT_EQ(total(), 6U);
}

TEST_F(Locator, TellsDirectionsApart) {
  TestFlow flow(1, node);
  flow.set_way(0, kPodToNode);
  flow.set_way(1, {{kEth0, kIn, 1}, {kVx0, kIn}, {kCni0, kOut}, {kVethA, kOut}});
  flow.arrive(0, 30);
  flow.pass(1, 4, 1);
  flow.arrive(1, 26);
  settle(flow);
  ASSERT_EQ(told(), "eth0→vx0 4");
  EXPECT_EQ(locator.report().losses[0].tuple, flow.flow.tuple.reversed());
}

TEST_F(Locator, AStreamThatGoesOnIsTold) {
  TestFlow flow(1, node);
  flow.set_way(0, kPodToNode);
  for (int i = 0; i < 20; ++i) {
    flow.pass(0, 60, 2);
    flow.arrive(0, 40);
    pass({&flow});
  }
  EXPECT_GT(total(), 0U);
  EXPECT_LE(total(), 1200U);
  for (int i = 0; i < 9; ++i) pass();
  EXPECT_EQ(told(), "cni0→vx0 1200");
}

TEST_F(Locator, WhatIsInAQueueWhileItRunsIsNoLoss) {
  TestFlow flow(1, node);
  flow.set_way(0, kPodToNode);
  // 90 packets always stand between vx0 and eth0, of 100 in a second.
  flow.pass(0, 90, 3);
  for (int i = 0; i < 50; ++i) {
    flow.arrive(0, 100);
    pass({&flow});
  }
  EXPECT_EQ(total(), 0U);
}

TEST_F(Locator, WherePacketsCeaseToArriveTheyMayHaveFoundAnotherWay) {
  TestFlow flow(1, node);
  flow.set_way(0, kPodToNode);
  flow.arrive(0, 10);
  pass({&flow});
  for (int i = 0; i < 10; ++i) {
    flow.pass(0, 10, 2);
    pass({&flow});
  }
  EXPECT_EQ(total(), 0U);
  // They come again by the same way: so they were lost.
  flow.arrive(0, 1);
  settle(flow);
  EXPECT_EQ(told(), "cni0→vx0 100");
}

TEST_F(Locator, WhatWaitsForANeighbourIsNoLoss) {
  TestFlow known(1, node);
  known.set_way(0, kPodToNode);
  known.arrive(0, 10);
  known.pass(0, 1, 1);
  pass({&known});
  TestFlow flow(2, node);
  flow.set_way(0, kPodToNode);
  flow.arrive(0, 10);
  flow.pass(0, 5, 3);
  for (int i = 0; i < 4; ++i) pass({&flow});
  flow.at(0, 3).packets[0] += 5;
  settle(flow);
  EXPECT_EQ(told(), "vetha→cni0 1");
}

TEST_F(Locator, ATunnelKnownByOtherFlowsLosesAll) {
  TestFlow known(1, node);
  known.set_way(0, kPodToNode);
  known.arrive(0, 10);
  known.pass(0, 1, 1);
  pass({&known});
  TestFlow flow(2, node);
  flow.set_way(0, kPodToNode);
  flow.pass(0, 12, 3);
  settle(flow);
  const auto losses = locator.report().losses;
  ASSERT_FALSE(losses.empty());
  EXPECT_EQ(place_of(losses[0]), "vx0→eth0");
  EXPECT_EQ(losses[0].packets, 12U);
}

TEST_F(Locator, WhatABridgeTakesItMustGiveToAPort) {
  TestFlow flow(1, node);
  flow.set_way(0, kHostToPod);
  flow.flow.tuple.src = address("10.244.0.1");
  flow.pass(0, 3, 1);
  settle(flow);
  EXPECT_EQ(told(), "cni0→? 3");
}

TEST_F(Locator, OtherWaysAroundAPointAreNoLoss) {
  // Half of it is switched, half routed; an offload skips the bridge.
  TestFlow flow(1, node);
  flow.set_way(0, kPodToPodRouted);
  flow.arrive(0, 50);
  flow.at(0, 0).packets[0] += 50;
  flow.at(0, 3).packets[0] += 50;
  settle(flow);
  EXPECT_EQ(total(), 0U);
  TestFlow offloaded(2, node);
  offloaded.set_way(0, kNodeToPod);
  offloaded.arrive(0, 20);
  for (const std::size_t step : {0U, 1U, 3U}) offloaded.at(0, step).packets[0] += 100;
  settle(offloaded);
  EXPECT_EQ(total(), 0U);
  // Two uplinks share the load.
  TestFlow shared(3, node);
  shared.set_way(0, {{kVethA, kIn}, {kCni0, kIn}, {kEth1, kOut}, {kEth0, kOut}});
  for (const auto& [step, packets] :
       {std::pair{0, 100U}, std::pair{1, 100U}, std::pair{2, 30U}, std::pair{3, 70U}})
    shared.at(0, static_cast<std::size_t>(step)).packets[0] = packets;
  settle(shared);
  EXPECT_EQ(total(), 0U);
}

TEST_F(Locator, WhatEndsAtThisNodeIsNotLost) {
  std::uint64_t id = 100;
  const auto quiet = [&](auto&& change) {
    TestFlow flow(++id, node);
    flow.set_way(0, kPodToNode);
    flow.arrive(0, 10);
    flow.pass(0, 5, 2);
    flow.arrive(0, 1);
    change(flow.flow);
    settle(flow);
    return total() == 0;
  };
  EXPECT_TRUE(quiet([](FlowPoints& f) { f.tuple.dst = address("10.244.0.1"); }));
  EXPECT_TRUE(quiet([](FlowPoints& f) { f.tuple.dst = address("224.0.0.251"); }));
  EXPECT_TRUE(quiet([](FlowPoints& f) { f.tuple.dst = address("ff02::1"); }));
  EXPECT_TRUE(quiet([](FlowPoints& f) { f.tuple.dst = address("255.255.255.255"); }));
  EXPECT_TRUE(quiet([](FlowPoints& f) { f.tuple.dst = address("fe80::1"); }));
  EXPECT_TRUE(quiet([](FlowPoints& f) { f.fragments = true; }));
  EXPECT_TRUE(quiet([](FlowPoints& f) { f.no_ports = true; }));
  EXPECT_TRUE(quiet([](FlowPoints& f) { f.incomplete = true; }));
  // Translated to this node's own address, or the other way round.
  EXPECT_TRUE(quiet([](FlowPoints& f) {
    f.nat = true;
    f.translated = f.tuple;
    f.translated.dst = address("10.244.0.1");
  }));
  node.not_watched = 1;
  EXPECT_TRUE(quiet([](FlowPoints&) {}));
  locator.on_points_end(id);
  node.not_watched = 0;
  EXPECT_FALSE(quiet([](FlowPoints&) {}));
}

TEST_F(Locator, AProxyThatSpeaksForBothSidesIsNoLoss) {
  TestFlow flow(1, node);
  flow.flow.tuple.protocol = kProtoTcp;
  flow.set_way(0, kForwarded);
  flow.set_way(1, {{kEth1, kIn}, {kEth0, kOut}});
  // Its own answers to one side, more than came from the other.
  flow.at(1, 1).packets[1] = 20;
  flow.at(1, 0).packets[1] = 10;
  flow.at(0, 0).packets[0] = 30;
  flow.at(0, 1).packets[0] = 12;
  settle(flow);
  EXPECT_EQ(total(), 0U);
}

TEST_F(Locator, AResetThatAFirewallSendsHidesNothing) {
  TestFlow flow(1, node);
  flow.flow.tuple.protocol = kProtoTcp;
  flow.set_way(0, kForwarded);
  flow.set_way(1, {{kEth1, kIn}, {kEth0, kOut}});
  flow.arrive(0, 5);
  flow.arrive(1, 5);
  flow.pass(0, 2, 1);
  flow.at(1, 1).packets[1] += 2;
  flow.at(1, 1).resets[1] += 2;
  settle(flow);
  EXPECT_EQ(told(), "eth0→eth1 2");
}

TEST_F(Locator, APointThatCameLaterHasNothingToAnswerFor) {
  node.interfaces[kEth0].watched_since = 20 * kSecond;
  now = 21 * kSecond;
  TestFlow flow(1, node);  // began at 10 s
  flow.set_way(0, kPodToNode);
  flow.pass(0, 1000, 3);
  flow.arrive(0, 10);
  settle(flow);
  EXPECT_EQ(total(), 0U);
  // From here on it counts.
  flow.pass(0, 3, 3);
  flow.arrive(0, 10);
  settle(flow);
  EXPECT_EQ(told(), "vx0→eth0 3");
}

TEST_F(Locator, PacketsThatNoFlowHasSpoilTheCount) {
  TestFlow flow(1, node);
  flow.set_way(0, kPodToNode);
  flow.arrive(0, 10);
  flow.pass(0, 2, 2);
  settle(flow);
  EXPECT_EQ(total(), 2U);
  flow.pass(0, 100, 2);  // counted as unattributed at vx0, not lost
  flow.arrive(0, 10);
  node.interfaces[kVx0].disturbed[1] = now + kSecond;
  settle(flow);
  EXPECT_EQ(total(), 2U);
  flow.pass(0, 4, 2);
  flow.arrive(0, 10);
  settle(flow);
  EXPECT_EQ(told(), "cni0→vx0 6");
}

TEST_F(Locator, AnInterfaceThatGoesTakesTheComparisonWithIt) {
  TestFlow flow(1, node);
  flow.set_way(0, kPodToPod);
  flow.arrive(0, 10);
  flow.pass(0, 3, 1);
  node.interfaces.erase(kVethB);
  settle(flow);
  EXPECT_EQ(total(), 0U);
}

TEST_F(Locator, MemoryIsBounded) {
  LossLocator small({.max_followed = 10, .max_losses = 5}, node);
  std::vector<TestFlow> flows;
  for (std::uint64_t id = 1; id <= 30; ++id) {
    TestFlow& flow = flows.emplace_back(id, node);
    flow.set_way(0, kPodToPod);
    flow.arrive(0, 5);
    flow.pass(0, 2, 1);
  }
  for (int i = 0; i < 9; ++i) {
    now += kSecond;
    small.begin_pass(now, now);
    if (i == 0)
      for (TestFlow& flow : flows) flow.hand_to(small);
    small.end_pass();
  }
  const LossReport report = small.report();
  EXPECT_EQ(report.followed, 10U);
  EXPECT_EQ(report.not_followed, 20U);
  EXPECT_EQ(report.losses.size(), 5U);
  EXPECT_EQ(report.forgotten, 5U);
  ASSERT_EQ(report.totals.size(), 1U);
  EXPECT_EQ(report.totals[0].packets, 20U);
}

}  // namespace
}  // namespace netprobe
