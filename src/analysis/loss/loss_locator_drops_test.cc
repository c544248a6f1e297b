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

/// A tunnel's packet with a packet of this flow inside.
DropRecord tunnel_drop_of(const TestFlow& flow, std::uint32_t ifindex, const char* reason,
                          const char* hook, std::uint64_t count) {
  DropRecord drop = drop_of(flow, ifindex, reason, hook, count);
  drop.inside = {.tuple = flow.flow.tuple, .tunnel = Tunnel::kVxlan, .vni = 42};
  drop.tuple = {address("192.0.2.1"), address("192.0.2.2"), 50000, 8472, kProtoUdp};
  return drop;
}

/// What explains the one loss there is.
std::vector<std::pair<std::string, std::uint64_t>> reasons_in(const LossReport& report) {
  std::vector<std::pair<std::string, std::uint64_t>> told;
  EXPECT_EQ(report.losses.size(), 1U);
  for (const Loss& loss : report.losses)
    for (const LossReason& each : loss.explained_by) told.emplace_back(each.reason, each.packets);
  return told;
}
using Reasons = std::vector<std::pair<std::string, std::uint64_t>>;

TEST_F(Locator, DropsInsideTheTunnelExplainWhatItCarried) {
  TestFlow flow(1, node);
  flow.set_way(0, kPodToNode);
  flow.arrive(0, 10);
  flow.pass(0, 5, 3);
  settle(flow);
  ASSERT_EQ(told(), "vx0→eth0 5");
  DropReport drops;
  drops.records = {tunnel_drop_of(flow, kEth0, "QDISC_DROP", "qdisc", 100),  // seen at eth0
                   tunnel_drop_of(flow, kEth1, "NETFILTER_DROP", "netfilter", 100),
                   tunnel_drop_of(flow, kEth0, "NETFILTER_DROP", "netfilter", 4)};
  drops.records.push_back(drops.records.back());  // another flow in the same tunnel
  drops.records.back().inside->tuple.src_port += 1;
  locator.on_drops(drops);
  locator.on_drops(drops);
  EXPECT_EQ(reasons_in(locator.report()), (Reasons{{"NETFILTER_DROP", 4}}));
}

TEST_F(Locator, DropsAtTheTunnelsEndExplainWhatItCarried) {
  TestFlow flow(1, node);
  flow.set_way(0, kNodeToPod);
  flow.arrive(0, 10);
  flow.pass(0, 5, 1);
  settle(flow);
  ASSERT_EQ(told(), "eth0→vx0 5");
  DropReport drops;
  // The tunnel's own socket had the outside; a packet's own socket would have it.
  drops.records = {drop_of(flow, kEth0, "UDP_CSUM", "udp", 100),
                   tunnel_drop_of(flow, kEth0, "XDP", "xdp", 100),
                   tunnel_drop_of(flow, kEth0, "NO_SOCKET", "udp", 3),
                   tunnel_drop_of(flow, kEth0, "VXLAN_VNI_NOT_FOUND", "tunnel", 100)};
  locator.on_drops(drops);
  EXPECT_EQ(reasons_in(locator.report()), (Reasons{{"NO_SOCKET", 3}, {"VXLAN_VNI_NOT_FOUND", 2}}));
}

TEST_F(Locator, DropsInsideATunnelExplainNothingOutsideIt) {
  TestFlow flow(1, node);
  flow.set_way(0, kNodeToPod);
  flow.arrive(0, 10);
  flow.pass(0, 5, 2);
  settle(flow);
  ASSERT_EQ(told(), "vx0→cni0 5");
  DropReport drops;
  drops.records = {tunnel_drop_of(flow, kEth0, "NETFILTER_DROP", "netfilter", 100)};
  locator.on_drops(drops);
  EXPECT_EQ(reasons_in(locator.report()), Reasons{});
}

TEST_F(Locator, OneDropExplainsThePacketAndItsTunnels) {
  // A router between two nodes: it watches both, and loses one of each.
  TestFlow outer(1, node);
  TestFlow inner(2, node);
  outer.flow.tuple = {address("198.51.100.1"), address("198.51.100.2"), 50000, 8472, kProtoUdp};
  outer.set_way(0, kForwarded);
  inner.set_way(0, {{kEth0, kIn, 1}, {kEth1, kOut, 1}});
  for (TestFlow* each : {&outer, &inner}) {
    each->arrive(0, 10);
    each->pass(0, 5, 1);
    each->arrive(0, 1);
  }
  pass({&outer, &inner});
  for (int i = 0; i < 14; ++i) pass();
  ASSERT_EQ(told(), "eth0→eth1 5, eth0→eth1 5");
  DropReport drops;
  drops.records = {tunnel_drop_of(inner, kEth0, "NETFILTER_DROP", "netfilter", 5)};
  drops.records[0].tuple = outer.flow.tuple;
  locator.on_drops(drops);
  for (const Loss& loss : locator.report().losses) {
    ASSERT_EQ(loss.explained_by.size(), 1U);
    EXPECT_EQ(loss.explained_by[0].packets, 5U);
  }
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
