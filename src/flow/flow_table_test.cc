// SPDX-License-Identifier: Apache-2.0
// What the flow table tells its observer. How it merges flows is tested with
// the program that feeds it (tests/prog).
#include "flow/flow_table.h"

#include <gtest/gtest.h>

#include <map>

namespace netprobe {
namespace {

constexpr Nanos kStart = 1'000 * kSecond;
constexpr std::uint32_t kPodVeth = 3;
constexpr std::uint32_t kUplink = 2;

class Names final : public PointNames {
 public:
  [[nodiscard]] std::string_view interface_name(std::uint32_t) const override { return "x"; }
  [[nodiscard]] Role interface_role(std::uint32_t ifindex) const override {
    return ifindex == kPodVeth ? Role::kPod : Role::kUplink;
  }
  [[nodiscard]] bool is_local(const IpAddress&) const override { return false; }
};

class Heard final : public FlowObserver {
 public:
  void on_flow_end(const Flow& flow) override { ends.push_back(flow); }
  void on_handshake(Role role, Nanos time) override { handshakes.emplace_back(role, time); }
  void on_tcp_trouble(bool from_client, const TcpTrouble& more) override {
    TcpTrouble& sum = from_client ? client : server;
    sum.retransmits += more.retransmits;
    sum.out_of_order += more.out_of_order;
    sum.zero_windows += more.zero_windows;
    sum.resets += more.resets;
  }
  std::vector<Flow> ends;
  std::vector<std::pair<Role, Nanos>> handshakes;
  TcpTrouble client;
  TcpTrouble server;
};

class Observer : public testing::Test {
 protected:
  explicit Observer(FlowTableOptions options = {}) : table_(options, names_) {
    table_.observe(heard_);
  }
  /// What the client (or the server) sent, as seen at one interface.
  static FlowDelta sent(bool by_client, std::uint32_t ifindex, std::uint8_t flags) {
    FlowDelta delta;
    delta.tuple = {*IpAddress::parse("10.0.0.9"), *IpAddress::parse("10.0.0.2"), 40000, 80,
                   kProtoTcp};
    if (!by_client) delta.tuple = delta.tuple.reversed();
    delta.ifindex = ifindex;
    delta.direction = by_client == (ifindex == kPodVeth) ? Direction::kIngress : Direction::kEgress;
    delta.counters = {1, 40};
    delta.tcp_flags = flags;
    delta.sent_syn = by_client && (flags & kTcpSyn) != 0;
    delta.sent_syn_ack = !by_client && (flags & kTcpSyn) != 0;
    delta.rsts = (flags & kTcpRst) != 0 ? 1 : 0;
    delta.first = delta.last = kStart + (by_client ? 0 : 1);
    return delta;
  }
  void take(const FlowDelta& delta) {
    FlowHandle handle = 0;
    table_.on_flow(delta, handle);
  }
  Names names_;
  Heard heard_;
  FlowTable table_;
};

TEST_F(Observer, HearsOfAHandshakeOnceAtTheNearestPoint) {
  for (const auto ifindex : {kUplink, kPodVeth}) {  // the farther one tells first
    FlowDelta delta = sent(true, ifindex, kTcpSyn | kTcpAck);
    delta.syn = kStart;
    delta.ack = kStart + (ifindex == kPodVeth ? 3 : 2) * kMillisecond;
    take(delta);
    take(delta);  // records go on saying it
  }
  EXPECT_TRUE(heard_.handshakes.empty()) << "nearer points may yet tell";
  table_.tick(kStart + kSecond);
  table_.tick(kStart + 2 * kSecond);
  ASSERT_EQ(heard_.handshakes.size(), 1U);
  EXPECT_EQ(heard_.handshakes[0], std::pair(Role::kPod, 3 * kMillisecond));
}

TEST_F(Observer, HearsOfTheHandshakeOfAFlowThatIsGoneBeforeTheTick) {
  FlowDelta delta = sent(true, kPodVeth, kTcpSyn | kTcpAck);
  delta.syn = kStart;
  delta.ack = kStart + kMillisecond;
  take(delta);
  take(sent(false, kPodVeth, kTcpRst));
  // The same ports again, at once.
  delta.first = delta.last = delta.syn = kStart + kSecond;
  delta.ack = delta.syn + 2 * kMillisecond;
  take(delta);
  ASSERT_EQ(table_.flows().size(), 2U);
  table_.tick(kStart + 2 * kSecond);
  ASSERT_EQ(heard_.handshakes.size(), 2U);
  EXPECT_EQ(heard_.handshakes[0].second, kMillisecond);
  EXPECT_EQ(heard_.handshakes[1].second, 2 * kMillisecond);
  table_.tick(kStart + 10'000 * kSecond);
  EXPECT_EQ(heard_.handshakes.size(), 2U);
}

/// One CPU's cache has a connection from SYN to FIN, another's the answers as a
/// second place saw them; all within one tick, to which last times are cut off.
TEST_F(Observer, AShortConnectionIsOneFlowWhicheverCpuIsReadFirst) {
  for (const bool by_client : {true, false}) {
    FlowDelta delta = sent(by_client, kPodVeth, kTcpSyn | kTcpFin | kTcpAck);
    delta.fins = 1;
    delta.syn = kStart + kMillisecond;  // after the tick that last times have
    take(delta);
  }
  FlowDelta late = sent(false, kUplink, kTcpSyn | kTcpFin | kTcpAck);
  late.fins = 1;
  late.syn = kStart + kMillisecond;
  take(late);
  EXPECT_EQ(table_.flows().size(), 1U);
  // The same ports in the same tick, where a SYN was seen before: another one.
  FlowDelta again = sent(true, kPodVeth, kTcpSyn);
  again.syn = kStart + 2 * kMillisecond;
  take(again);
  EXPECT_EQ(table_.flows().size(), 2U);
}

TEST_F(Observer, HearsOfTroubleOnceWhicheverPointSawItFirst) {
  take(sent(true, kPodVeth, kTcpAck));
  take(sent(false, kUplink, kTcpAck));
  take(sent(false, kPodVeth, kTcpAck));
  for (const auto ifindex : {kUplink, kPodVeth}) {
    FlowDelta delta = sent(false, ifindex, kTcpAck);
    delta.retransmits = 2;
    delta.zero_windows = 1;
    take(delta);
  }
  FlowDelta late = sent(true, kUplink, kTcpAck);
  late.out_of_order = 5;  // the nearer point, which saw this side, says none
  take(late);
  take(sent(true, kPodVeth, kTcpRst));
  take(sent(true, kUplink, kTcpRst));
  EXPECT_EQ(heard_.server, (TcpTrouble{.retransmits = 2, .zero_windows = 1}));
  EXPECT_EQ(heard_.client, (TcpTrouble{.resets = 1}));
}

TEST_F(Observer, ANearerPointThatKnowsLessTakesNothingBack) {
  FlowDelta delta = sent(true, kUplink, kTcpAck);
  delta.retransmits = 3;
  take(delta);
  delta = sent(true, kPodVeth, kTcpAck);
  delta.retransmits = 1;
  take(delta);
  EXPECT_EQ(heard_.client.retransmits, 3U);
}

TEST_F(Observer, HearsOfEveryEndOnceAndWhy) {
  take(sent(true, kPodVeth, kTcpSyn));
  take(sent(false, kPodVeth, kTcpRst | kTcpAck));
  table_.tick(kStart + 5 * kSecond);
  EXPECT_TRUE(heard_.ends.empty());
  table_.tick(kStart + 20 * kSecond);
  table_.tick(kStart + 40 * kSecond);
  ASSERT_EQ(heard_.ends.size(), 1U);
  const Flow& flow = heard_.ends[0];
  EXPECT_EQ(flow.ending, FlowEnding::kSilent);
  EXPECT_TRUE(flow.ended);
  EXPECT_EQ(flow.tuple.dst_port, 80);
  EXPECT_EQ(flow.tcp_reverse.rsts, 1U);
  EXPECT_NE(flow.tcp_reverse.first_rst, 0);
}

TEST_F(Observer, AnUnansweredConnectionIsNotKeptLikeAnOpenOne) {
  take(sent(true, kPodVeth, kTcpSyn));
  table_.tick(kStart + 121 * kSecond);
  EXPECT_EQ(heard_.ends.size(), 1U);
  // The same with an answer is kept ten times as long.
  take(sent(true, kPodVeth, kTcpSyn));
  take(sent(false, kPodVeth, kTcpSyn | kTcpAck));
  table_.tick(kStart + 121 * kSecond);
  EXPECT_EQ(heard_.ends.size(), 1U);
  table_.tick(kStart + 1201 * kSecond);
  EXPECT_EQ(heard_.ends.size(), 2U);
}

class FullTable : public Observer {
 protected:
  FullTable() : Observer({.max_flows = 64}) {}
};

TEST_F(FullTable, TheHandshakeOfWhatIsPushedOutCounts) {
  for (std::uint16_t port = 1; port <= 200; ++port) {
    FlowDelta delta = sent(true, kPodVeth, kTcpSyn | kTcpAck);
    delta.tuple.src_port = port;
    delta.syn = kStart;
    delta.ack = kStart + kMillisecond;
    take(delta);
  }
  table_.tick(kStart + kSecond);
  EXPECT_EQ(heard_.handshakes.size(), 200U);
}

TEST_F(FullTable, WhatIsPushedOutIsToldAsThat) {
  for (std::uint16_t port = 1; port <= 200; ++port) {
    FlowDelta delta = sent(true, kPodVeth, kTcpAck);
    delta.tuple.src_port = port;
    take(delta);
  }
  EXPECT_EQ(heard_.ends.size(), 200U - 64U);
  for (const Flow& flow : heard_.ends) EXPECT_EQ(flow.ending, FlowEnding::kEvicted);
}

}  // namespace
}  // namespace netprobe
