// SPDX-License-Identifier: Apache-2.0
#include "library/followed_flows.h"

#include <gtest/gtest.h>

#include <string_view>

namespace netprobe::v0 {
namespace {

class Names final : public netprobe::PointNames {
 public:
  [[nodiscard]] std::string_view interface_name(std::uint32_t) const override { return {}; }
  [[nodiscard]] netprobe::Role interface_role(std::uint32_t) const override {
    return netprobe::Role::kHost;
  }
  [[nodiscard]] bool is_local(const netprobe::IpAddress&) const override { return false; }
};

class Following : public testing::Test {
 protected:
  static netprobe::Flow flow(std::uint64_t id, std::uint64_t packets, std::uint64_t back) {
    netprobe::Flow flow;
    flow.id = id;
    flow.tuple = {netprobe::IpAddress::v4(0x0a000001), netprobe::IpAddress::v4(0x0a000002),
                  static_cast<std::uint16_t>(30'000 + id), 80, netprobe::kProtoTcp};
    flow.forward = {packets, packets * 100};
    flow.reverse = {back, back * 1'000};
    flow.first_seen = 5 * netprobe::kSecond;
    flow.last_seen = 6 * netprobe::kSecond;
    return flow;
  }
  void feed(const netprobe::Flow& flow) { followed_.feed(flow, 0, table_); }

  Names names_;
  netprobe::FlowTable table_{{}, names_};
  FollowedFlows followed_;
};

TEST_F(Following, WhatIsToldAgainCountsOnce) {
  feed(flow(1, 1, 0));
  feed(flow(1, 4, 3));
  feed(flow(1, 4, 3));
  const auto flows = table_.flows();
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].forward, (netprobe::Counters{4, 400}));
  EXPECT_EQ(flows[0].reverse, (netprobe::Counters{3, 3'000}));
  EXPECT_EQ(flows[0].tuple.src_port, 30'001);
}

TEST_F(Following, WhoBeganItIsKeptThoughTheAnswerIsSeenFirst) {
  auto one = flow(1, 0, 2);
  one.tcp_reverse.syns = 1;
  feed(one);
  one.forward = {1, 60};
  feed(one);
  const auto flows = table_.flows();
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].tuple, one.tuple);
  EXPECT_EQ(flows[0].reverse.packets, 2U);
}

TEST_F(Following, AFlowThatWasAnotherIsNotCountedAgain) {
  feed(flow(1, 4, 0));
  auto two = flow(2, 0, 3);
  two.tuple = flow(1, 0, 0).tuple;
  feed(two);
  auto last_word = two;
  last_word.merged_into = 1;
  feed(last_word);
  feed(flow(1, 5, 3));  // both, and one packet more
  const auto flows = table_.flows();
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].forward.packets, 5U);
  EXPECT_EQ(flows[0].reverse.packets, 3U);
  EXPECT_EQ(followed_.size(), 1U);
}

TEST_F(Following, OneThatEndedIsForgottenAfterItsLastWord) {
  feed(flow(1, 4, 0));
  auto last = flow(1, 6, 1);
  last.ended = true;
  feed(last);
  EXPECT_EQ(followed_.size(), 1U) << "it is closed, and will be told again";
  last.ending = netprobe::FlowEnding::kSilent;
  feed(last);
  EXPECT_EQ(followed_.size(), 0U);
  EXPECT_EQ(table_.flows().at(0).forward.packets, 6U);
}

TEST_F(Following, AFlowInATunnelIsOneWhereverThatWasSeen) {
  auto inside = flow(1, 2, 0);
  netprobe::Observation pod;
  netprobe::Observation uplink;
  uplink.tunnel = netprobe::Tunnel::kVxlan;
  uplink.vni = 42;
  uplink.depth = 1;
  inside.observations = {pod, uplink};
  feed(inside);
  const auto flows = table_.flows();
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].vni, 42U);
}

}  // namespace
}  // namespace netprobe::v0
