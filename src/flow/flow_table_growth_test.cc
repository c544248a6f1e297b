// SPDX-License-Identifier: Apache-2.0
// What the flow table tells of the growth of flows: all of it, and each once.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <vector>

#include "flow/flow_table.h"

namespace netprobe {
namespace {

constexpr Nanos kStart = 1'000 * kSecond;
constexpr std::uint32_t kPodVeth = 1;
constexpr std::uint32_t kUplink = 3;
constexpr std::uint32_t kVxlan = 4;

class Names final : public PointNames {
 public:
  [[nodiscard]] std::string_view interface_name(std::uint32_t) const override { return "x"; }
  [[nodiscard]] Role interface_role(std::uint32_t ifindex) const override {
    return ifindex == kPodVeth ? Role::kPod : Role::kUplink;
  }
  [[nodiscard]] bool is_local(const IpAddress&) const override { return false; }
};

/// Adds up what it is told, and refuses what it shall.
class Sums final : public FlowGrowthSink {
 public:
  struct Sum {
    Counters forward;
    Counters reverse;
    TcpTrouble client;
    TcpTrouble server;
    int firsts = 0;
    int lasts = 0;
    int handshakes = 0;
    Flow flow;  ///< as told last
  };
  bool on_growth(const FlowGrowth& growth) override {
    ++calls;
    EXPECT_TRUE(growth.flow.observations.empty());
    if (refuse && !growth.last) return false;
    Sum& sum = flows[growth.flow.id];
    sum.forward += growth.forward;
    sum.reverse += growth.reverse;
    sum.client.retransmits += growth.client_trouble.retransmits;
    sum.client.resets += growth.client_trouble.resets;
    sum.server.retransmits += growth.server_trouble.retransmits;
    sum.server.resets += growth.server_trouble.resets;
    sum.firsts += growth.first ? 1 : 0;
    sum.lasts += growth.last ? 1 : 0;
    sum.handshakes += growth.handshake ? 1 : 0;
    sum.flow = growth.flow;
    return true;
  }
  std::map<std::uint64_t, Sum> flows;
  int calls = 0;
  bool refuse = false;
};

const FlowTuple kTuple{*IpAddress::parse("10.0.0.9"), *IpAddress::parse("10.0.0.20"), 40000, 80,
                       kProtoTcp};

class Growth : public testing::Test {
 protected:
  explicit Growth(FlowTableOptions options = {}) : table_(options, names_) {
    table_.watch_growth(&sums_);
  }
  /// Packets of 100 bytes that a side sent, as one interface saw them.
  FlowDelta sent(const FlowTuple& tuple, std::uint32_t ifindex, std::uint64_t packets) {
    FlowDelta delta;
    delta.tuple = tuple;
    delta.ifindex = ifindex;
    delta.counters = {packets, packets * 100};
    delta.tcp_flags = kTcpAck;
    delta.first = delta.last = now_ += kMillisecond;
    return delta;
  }
  void take(const FlowDelta& delta) {
    FlowHandle handle = 0;
    table_.on_flow(delta, handle);
  }
  const Sums::Sum& only() {
    EXPECT_EQ(sums_.flows.size(), 1U);
    return sums_.flows.begin()->second;
  }
  Nanos now_ = kStart;
  Names names_;
  Sums sums_;
  FlowTable table_;
};

TEST_F(Growth, EachGainIsToldOnceAndNothingWhereThereIsNone) {
  take(sent(kTuple, kPodVeth, 3));
  take(sent(kTuple.reversed(), kPodVeth, 5));
  EXPECT_EQ(sums_.calls, 0);
  table_.take_growth();
  table_.take_growth();
  EXPECT_EQ(sums_.calls, 1);
  EXPECT_EQ(only().forward, (Counters{3, 300}));
  EXPECT_EQ(only().reverse, (Counters{5, 500}));
  EXPECT_EQ(only().firsts, 1);
  EXPECT_EQ(only().flow.direction, "intra-node");
  EXPECT_EQ(only().flow.tuple, kTuple);
  take(sent(kTuple, kPodVeth, 1));
  take(sent(kTuple, kUplink, 4));  // the same packets farther on are no gain
  table_.take_growth();
  EXPECT_EQ(only().forward, (Counters{4, 400}));
  take(sent(kTuple, kUplink, 4));
  table_.take_growth();
  EXPECT_EQ(sums_.calls, 2);
  EXPECT_EQ(only().firsts, 1);
  EXPECT_EQ(only().lasts, 0);
}

TEST_F(Growth, TheEndIsToldWithWhatIsLeft) {
  take(sent(kTuple, kPodVeth, 3));
  table_.take_growth();
  take(sent(kTuple, kPodVeth, 2));
  table_.tick(now_ + 10'000 * kSecond);
  EXPECT_EQ(only().forward.packets, 5U);
  EXPECT_EQ(only().lasts, 1);
  EXPECT_EQ(only().flow.ending, FlowEnding::kSilent);
  table_.take_growth();
  EXPECT_EQ(sums_.calls, 2);
  // The entry is another flow's now.
  take(sent(kTuple, kPodVeth, 7));
  table_.take_growth();
  ASSERT_EQ(sums_.flows.size(), 2U);
  EXPECT_EQ(sums_.flows.rbegin()->second.forward.packets, 7U);
  EXPECT_EQ(sums_.flows.rbegin()->second.firsts, 1);
}

TEST_F(Growth, WhatIsRefusedIsToldAgainWhole) {
  sums_.refuse = true;
  take(sent(kTuple, kPodVeth, 3));
  table_.take_growth();
  table_.take_growth();  // it did not move: it is told all the same
  EXPECT_EQ(sums_.calls, 2);
  take(sent(kTuple, kPodVeth, 2));
  table_.take_growth();
  EXPECT_EQ(sums_.calls, 3) << "once a call";
  sums_.refuse = false;
  table_.take_growth();
  EXPECT_EQ(only().forward.packets, 5U);
  EXPECT_EQ(only().firsts, 1);
  table_.take_growth();
  EXPECT_EQ(sums_.calls, 4);
}

TEST_F(Growth, TheEndIsNotRefused) {
  sums_.refuse = true;
  take(sent(kTuple, kPodVeth, 3));
  table_.take_growth();
  table_.tick(now_ + 10'000 * kSecond);
  EXPECT_EQ(only().forward.packets, 3U);
  EXPECT_EQ(only().firsts, 1);
  EXPECT_EQ(only().lasts, 1);
  table_.take_growth();
  EXPECT_EQ(sums_.calls, 2);
}

TEST_F(Growth, ANearerPointThatComesLateTakesNothingBack) {
  take(sent(kTuple, kUplink, 10));
  table_.take_growth();
  take(sent(kTuple, kPodVeth, 8));  // now the flow has 8
  table_.take_growth();
  EXPECT_EQ(only().forward.packets, 10U);
  take(sent(kTuple, kPodVeth, 5));  // 13
  table_.take_growth();
  EXPECT_EQ(only().forward, (Counters{13, 1300}));
  table_.tick(now_ + 10'000 * kSecond);
  EXPECT_EQ(table_.stats().growth_over, Counters{});
}

TEST_F(Growth, WhatWasToldTooMuchIsCountedAtTheEnd) {
  take(sent(kTuple, kUplink, 10));
  table_.take_growth();
  take(sent(kTuple, kPodVeth, 8));
  table_.tick(now_ + 10'000 * kSecond);
  EXPECT_EQ(only().forward.packets, 10U);
  EXPECT_EQ(table_.stats().growth_over, (Counters{2, 200}));
}

TEST_F(Growth, TheSideThatBeganItMayTurnOutToBeTheOther) {
  take(sent(kTuple.reversed(), kPodVeth, 4));  // an answer is seen first
  table_.take_growth();
  EXPECT_EQ(only().flow.tuple, kTuple.reversed());
  EXPECT_EQ(only().forward.packets, 4U);
  FlowDelta syn = sent(kTuple, kPodVeth, 1);
  syn.sent_syn = true;
  syn.tcp_flags = kTcpSyn;
  syn.first = kStart;  // it was first; another CPU's cache told of it later
  take(syn);
  take(sent(kTuple.reversed(), kPodVeth, 2));
  table_.take_growth();
  EXPECT_EQ(only().flow.tuple, kTuple);
  EXPECT_EQ(only().forward.packets, 4U + 1U);
  EXPECT_EQ(only().reverse.packets, 2U);
}

TEST_F(Growth, HandshakesAndTroublesAreToldOnce) {
  FlowDelta syn = sent(kTuple, kPodVeth, 2);
  syn.sent_syn = true;
  syn.syn = now_;
  take(syn);
  table_.take_growth();
  EXPECT_EQ(only().handshakes, 0);
  FlowDelta ack = sent(kTuple, kPodVeth, 0);
  ack.ack = syn.syn + 3 * kMillisecond;
  ack.retransmits = 2;
  take(ack);
  FlowDelta reset = sent(kTuple.reversed(), kPodVeth, 1);
  reset.rsts = 1;
  take(reset);
  table_.take_growth();
  EXPECT_EQ(only().handshakes, 1);
  EXPECT_EQ(only().flow.handshake_rtt, 3 * kMillisecond);
  EXPECT_EQ(only().client.retransmits, 2U);
  EXPECT_EQ(only().server.resets, 1U);
  take(sent(kTuple, kPodVeth, 1));
  table_.take_growth();
  table_.tick(now_ + 10'000 * kSecond);
  EXPECT_EQ(only().handshakes, 1);
  EXPECT_EQ(only().client.retransmits, 2U);
  EXPECT_EQ(only().server.resets, 1U);
}

TEST_F(Growth, TheTunnelIsToldWithoutThePoints) {
  FlowDelta inside = sent(kTuple, kVxlan, 2);
  inside.depth = 1;
  inside.tunnel = Tunnel::kVxlan;
  inside.vni = 42;
  take(inside);
  table_.take_growth();
  EXPECT_EQ(only().flow.tunnel, Tunnel::kVxlan);
  EXPECT_EQ(only().flow.vni, 42U);
  EXPECT_EQ(only().flow.direction, "inter-node");
}

TEST_F(Growth, ASinkThatComesLateHearsAllAndOneThatGoesNothing) {
  table_.watch_growth(nullptr);
  take(sent(kTuple, kPodVeth, 3));
  table_.take_growth();
  EXPECT_EQ(sums_.calls, 0);
  table_.watch_growth(&sums_);
  table_.take_growth();
  EXPECT_EQ(only().forward.packets, 3U);
  table_.watch_growth(nullptr);
  take(sent(kTuple, kPodVeth, 3));
  table_.tick(now_ + 10'000 * kSecond);
  EXPECT_EQ(sums_.calls, 1);
}

TEST_F(Growth, TwoListenersHearAllEachOnItsOwn) {
  Sums history;
  take(sent(kTuple, kPodVeth, 3));
  table_.take_growth();
  table_.watch_growth(&history, GrowthListener::kHistory);
  take(sent(kTuple, kPodVeth, 2));
  table_.take_growth();
  EXPECT_EQ(history.calls, 0);
  table_.take_growth(GrowthListener::kHistory);
  ASSERT_EQ(history.flows.size(), 1U);
  EXPECT_EQ(history.flows.begin()->second.forward.packets, 5U);
  EXPECT_EQ(history.flows.begin()->second.firsts, 1);
  EXPECT_EQ(sums_.calls, 2);
  // One of them goes; the other hears on.
  table_.watch_growth(nullptr);
  take(sent(kTuple, kPodVeth, 1));
  table_.tick(now_ + 10'000 * kSecond);
  EXPECT_EQ(sums_.calls, 2);
  EXPECT_EQ(history.flows.begin()->second.forward.packets, 6U);
  EXPECT_EQ(history.flows.begin()->second.lasts, 1);
}

TEST_F(Growth, IsTakenInSlices) {
  for (std::uint16_t port = 1; port <= 10; ++port) {
    FlowTuple tuple = kTuple;
    tuple.src_port = port;
    take(sent(tuple, kPodVeth, port));
  }
  EXPECT_TRUE(table_.take_growth(GrowthListener::kSums, 4));
  EXPECT_EQ(sums_.calls, 4);
  // What grows meanwhile is told in its turn, or in the next round.
  FlowTuple first = kTuple;
  first.src_port = 1;
  FlowTuple tenth = kTuple;
  tenth.src_port = 10;
  take(sent(first, kPodVeth, 100));
  take(sent(tenth, kPodVeth, 100));
  EXPECT_TRUE(table_.take_growth(GrowthListener::kSums, 4));
  EXPECT_FALSE(table_.take_growth(GrowthListener::kSums, 4));
  EXPECT_EQ(sums_.calls, 10);
  EXPECT_EQ(sums_.flows.begin()->second.forward.packets, 1U);
  EXPECT_EQ(sums_.flows.rbegin()->second.forward.packets, 110U);
  EXPECT_FALSE(table_.take_growth(GrowthListener::kSums, 4));
  EXPECT_EQ(sums_.calls, 11);
  EXPECT_EQ(sums_.flows.begin()->second.forward.packets, 101U);
}

TEST_F(Growth, WhatIsRefusedInASliceIsToldAfterTheRound) {
  sums_.refuse = true;
  for (std::uint16_t port = 1; port <= 6; ++port) {
    FlowTuple tuple = kTuple;
    tuple.src_port = port;
    take(sent(tuple, kPodVeth, 1));
  }
  EXPECT_TRUE(table_.take_growth(GrowthListener::kSums, 4));
  FlowTuple first = kTuple;
  first.src_port = 1;
  take(sent(first, kPodVeth, 1));  // it stands in the next round already
  EXPECT_FALSE(table_.take_growth(GrowthListener::kSums, 4));
  EXPECT_EQ(sums_.calls, 6);
  sums_.refuse = false;
  table_.take_growth();
  EXPECT_EQ(sums_.calls, 12);
  EXPECT_EQ(sums_.flows.size(), 6U);
  EXPECT_EQ(sums_.flows.begin()->second.forward.packets, 2U);
}

const FlowTuple kService{*IpAddress::parse("10.0.0.9"), *IpAddress::parse("10.96.0.1"), 40000, 443,
                         kProtoTcp};

TEST_F(Growth, TwoFlowsThatWereToldAndAreOneAreNotToldTwice) {
  take(sent(kService, kPodVeth, 10));
  take(sent(kTuple, kUplink, 10));
  table_.take_growth();
  ASSERT_EQ(sums_.flows.size(), 2U);
  table_.on_nat({kService, kTuple, false});
  ASSERT_EQ(table_.flows().size(), 1U);
  const auto id = table_.flows()[0].id;
  Sums::Sum& joined = sums_.flows[id];
  Sums::Sum& gone = sums_.flows[id == 1 ? 2 : 1];
  EXPECT_EQ(gone.lasts, 1);
  EXPECT_EQ(gone.flow.merged_into, id);
  EXPECT_EQ(gone.forward.packets, 10U);
  take(sent(kService, kPodVeth, 6));
  take(sent(kTuple, kUplink, 6));
  table_.take_growth();
  EXPECT_EQ(joined.forward.packets + gone.forward.packets, 20U) << "more than the flow's 16";
  take(sent(kService, kPodVeth, 6));
  table_.take_growth();
  EXPECT_EQ(joined.forward.packets + gone.forward.packets, 22U) << "as many as the flow's";
  EXPECT_EQ(joined.firsts + gone.firsts, 2);
  EXPECT_EQ(table_.stats().growth_twice, 1U);
  table_.tick(now_ + 10'000 * kSecond);
  EXPECT_EQ(joined.forward.packets + gone.forward.packets, 22U);
  EXPECT_EQ(joined.lasts, 1);
  EXPECT_EQ(table_.stats().growth_over, Counters{});
}

TEST_F(Growth, AFlowThatWasHeldBackUntilItWasAnotherIsToldAsThat) {
  sums_.refuse = true;
  take(sent(kTuple, kUplink, 10));
  take(sent(kService, kPodVeth, 10));
  table_.take_growth();
  table_.on_nat({kService, kTuple, false});
  sums_.refuse = false;
  table_.take_growth();
  EXPECT_EQ(only().forward.packets, 10U);
  EXPECT_EQ(only().firsts, 1);
  EXPECT_TRUE(only().flow.nat);
  EXPECT_EQ(only().flow.tuple, kService);
  EXPECT_EQ(only().flow.translated, kTuple);
  table_.tick(now_ + 10'000 * kSecond);
  EXPECT_EQ(only().lasts, 1);
  EXPECT_EQ(table_.stats().growth_twice, 0U);
  EXPECT_EQ(table_.stats().growth_over, Counters{});
}

/// One was told and goes; the other, which was not, is the flow: it is no other
/// flow, and has nothing that was not told.
TEST_F(Growth, WhatWasToldOfTheOneCountsForBoth) {
  take(sent(kTuple, kUplink, 10));
  take(sent(kTuple.reversed(), kUplink, 20));
  table_.take_growth();
  take(sent(kService, kPodVeth, 11));
  take(sent(kService.reversed(), kPodVeth, 19));
  table_.on_nat({kService, kTuple, false});
  table_.take_growth();
  ASSERT_EQ(sums_.flows.size(), 2U);
  const Sums::Sum& gone = sums_.flows[1];
  const Sums::Sum& joined = sums_.flows[2];
  EXPECT_EQ(gone.forward.packets, 10U);
  EXPECT_EQ(gone.reverse.packets, 20U);
  EXPECT_EQ(joined.forward.packets, 1U);
  EXPECT_EQ(joined.reverse.packets, 0U);
  EXPECT_EQ(gone.firsts + joined.firsts, 1);
  table_.tick(now_ + 10'000 * kSecond);
  EXPECT_EQ(table_.stats().growth_over, (Counters{1, 100}));
}

class FullGrowth : public Growth {
 protected:
  FullGrowth() : Growth({.max_flows = 16}) {}
};

TEST_F(FullGrowth, WhatIsPushedOutIsToldFirst) {
  for (std::uint16_t port = 1; port <= 100; ++port) {
    FlowTuple tuple = kTuple;
    tuple.src_port = port;
    take(sent(tuple, kPodVeth, port));
    if (port % 7 == 0) table_.take_growth();
  }
  table_.take_growth();
  ASSERT_EQ(sums_.flows.size(), 100U);
  std::size_t ended = 0;
  for (const auto& [id, sum] : sums_.flows) {
    EXPECT_EQ(sum.forward.packets, sum.flow.tuple.src_port);
    EXPECT_EQ(sum.firsts, 1);
    if (sum.lasts == 0) continue;
    EXPECT_EQ(sum.flow.ending, FlowEnding::kEvicted);
    ++ended;
  }
  EXPECT_EQ(ended, 84U);
}

}  // namespace
}  // namespace netprobe
