// SPDX-License-Identifier: Apache-2.0
// Connections whose addresses are translated: one flow, whatever came first.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "flow/flow_table.h"
#include "flow/nat_table.h"
#include "model/flow_filter.h"

namespace netprobe {
namespace {

/// Interface 1 is a pod's veth, 2 the bridge, 3 the uplink.
class Names final : public PointNames {
 public:
  [[nodiscard]] std::string_view interface_name(std::uint32_t ifindex) const override {
    static constexpr std::array<std::string_view, 4> kNames{"?", "veth1", "cni0", "eth0"};
    return kNames[ifindex];
  }
  [[nodiscard]] Role interface_role(std::uint32_t ifindex) const override {
    return ifindex == 1 ? Role::kPod : ifindex == 2 ? Role::kBridge : Role::kUplink;
  }
  [[nodiscard]] bool is_local(const IpAddress& /*address*/) const override { return false; }
};

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }

FlowTuple tuple(std::string_view src, std::uint16_t src_port, std::string_view dst,
                std::uint16_t dst_port, std::uint8_t protocol = kProtoTcp) {
  return {ip(src), ip(dst), src_port, dst_port, protocol};
}

/// A service address before, a backend and the node's own address after; the
/// two pairs of addresses sort the same way, or the other way round.
struct Case {
  FlowTuple original;
  FlowTuple translated;
};
const std::array<Case, 4> kCases{{
    {tuple("10.0.0.9", 40000, "10.96.0.1", 80), tuple("10.0.0.9", 40000, "10.0.0.20", 8080)},
    {tuple("10.0.0.9", 40000, "10.96.0.1", 80), tuple("192.0.2.7", 61000, "10.0.0.20", 8080)},
    {tuple("fd00::9", 40000, "fd00::1", 80), tuple("fd00::9", 40000, "fd01::20", 8080)},
    {tuple("10.9.0.9", 40000, "10.0.0.1", 80, kProtoUdp),
     tuple("10.9.0.9", 40000, "10.200.0.20", 53, kProtoUdp)},
}};

class NatFlow : public testing::TestWithParam<Case> {
 protected:
  NatFlow() : table_(FlowTableOptions{.max_flows = 1024}, names_) {}

  /// One packet more at a point; every slot of the probe keeps its handle.
  void see(const FlowTuple& t, std::uint32_t ifindex, Direction direction, std::uint64_t packets,
           bool syn = false) {
    FlowDelta delta;
    delta.tuple = t;
    delta.ifindex = ifindex;
    delta.direction = direction;
    delta.counters = {packets, packets * 100};
    delta.first = delta.last = now_;
    delta.min_ttl = 64;
    delta.sent_syn = syn;
    delta.syn = syn ? now_ : 0;
    delta.tcp_flags = syn ? kTcpSyn : kTcpAck;
    now_ += kMillisecond;
    auto slot = std::ranges::find_if(slots_, [&](const Slot& s) {
      return s.tuple == t && s.ifindex == ifindex && s.direction == direction;
    });
    if (slot == slots_.end()) {
      slots_.push_back({t, ifindex, direction, 0});
      slot = slots_.end() - 1;
    }
    table_.on_flow(delta, slot->handle);
    seen_[ifindex][static_cast<std::size_t>(direction)] += packets;
  }
  /// The way out: pod, bridge, uplink; `n` packets, and twice as many back.
  void see_before(std::uint64_t n) {
    const auto& t = GetParam().original;
    see(t, 1, Direction::kIngress, n, true);
    see(t, 2, Direction::kIngress, n);
    see(t.reversed(), 2, Direction::kEgress, 2 * n);
    see(t.reversed(), 1, Direction::kEgress, 2 * n);
  }
  void see_after(std::uint64_t n) {
    const auto& t = GetParam().translated;
    see(t, 3, Direction::kEgress, n, true);
    see(t.reversed(), 3, Direction::kIngress, 2 * n);
  }
  void map(bool ended = false) {
    table_.on_nat({GetParam().original, GetParam().translated, ended});
  }
  void expect_one_flow(std::uint64_t n) {
    const auto flows = table_.flows();
    ASSERT_EQ(flows.size(), 1U);
    const Flow& flow = flows[0];
    EXPECT_TRUE(flow.nat);
    EXPECT_EQ(flow.tuple, GetParam().original);
    EXPECT_EQ(flow.translated, GetParam().translated);
    EXPECT_EQ(flow.forward, (Counters{n, n * 100}));  // at the pod, once
    EXPECT_EQ(flow.reverse, (Counters{2 * n, 2 * n * 100}));
    ASSERT_EQ(flow.observations.size(), 6U);
    for (const Observation& point : flow.observations) {
      const bool out = point.ifindex == 3 ? point.direction == Direction::kEgress
                                          : point.direction == Direction::kIngress;
      EXPECT_EQ(point.forward.packets, out ? n : 0) << point.interface;
      EXPECT_EQ(point.reverse.packets, out ? 0 : 2 * n) << point.interface;
      EXPECT_EQ(point.translated, point.ifindex == 3) << point.interface;
    }
    expect_exact();
  }
  /// What points counted is what was handed in, wherever it is now.
  void expect_exact() {
    std::array<std::array<std::uint64_t, 2>, 4> in_flows{};
    for (const Flow& flow : table_.flows())
      for (const Observation& point : flow.observations)
        in_flows[point.ifindex][static_cast<std::size_t>(point.direction)] +=
            point.forward.packets + point.reverse.packets;
    EXPECT_EQ(in_flows, seen_);
    for (std::uint32_t i = 1; i <= 3; ++i)
      for (const auto d : {Direction::kIngress, Direction::kEgress})
        EXPECT_EQ(table_.attributed(i, d), seen_[i][static_cast<std::size_t>(d)]);
    const auto stats = table_.stats();
    EXPECT_EQ(stats.total_flows, stats.live_flows + stats.ended_flows);
    EXPECT_EQ(stats.live_flows, table_.flows().size());
  }

  struct Slot {
    FlowTuple tuple;
    std::uint32_t ifindex;
    Direction direction;
    FlowHandle handle;
  };
  Names names_;
  FlowTable table_;
  std::vector<Slot> slots_;
  std::array<std::array<std::uint64_t, 2>, 4> seen_{};
  Nanos now_ = kSecond;
};

TEST_P(NatFlow, MappingBeforeTheFirstPacket) {
  map();
  see_before(3);
  see_after(3);
  expect_one_flow(3);
}

TEST_P(NatFlow, MappingBeforeTheFirstPacketOfTheOtherSide) {
  map();
  see_after(3);
  see_before(3);
  expect_one_flow(3);
}

TEST_P(NatFlow, MappingAfterTheFirstTuple) {
  see_before(2);
  map();
  see_after(3);
  see_before(1);
  expect_one_flow(3);
}

TEST_P(NatFlow, MappingAfterTheTranslatedTuple) {
  see_after(2);
  map();
  see_before(3);
  see_after(1);
  expect_one_flow(3);
}

TEST_P(NatFlow, MappingAfterBothJoinsTheFlows) {
  see_before(2);
  see_after(2);
  ASSERT_EQ(table_.flows().size(), 2U);
  map();
  expect_one_flow(2);
  see_after(5);  // by handles that led to the flow that is no more
  see_before(5);
  expect_one_flow(7);
  map();  // a dump says it again
  expect_one_flow(7);
}

TEST_P(NatFlow, AStreamHearsWhereAFlowWent) {
  table_.track_changes(true);
  see_before(2);
  see_after(2);
  (void)table_.take_changes();
  map();
  const auto changes = table_.take_changes();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_TRUE(changes[0].ended);
  EXPECT_EQ(changes[0].merged_into, changes[1].id);
  EXPECT_EQ(changes[0].forward, Counters{});
  EXPECT_EQ(changes[1].merged_into, 0U);
  EXPECT_EQ(changes[1].forward.packets, 2U);
}

class Handshakes final : public FlowObserver {
 public:
  void on_flow_end(const Flow& /*flow*/) override {}
  void on_handshake(Role role, Nanos /*time*/) override { roles.push_back(role); }
  void on_tcp_trouble(bool /*from_client*/, const TcpTrouble& /*more*/) override {}
  std::vector<Role> roles;
};

/// How late a dump is heard of, and what a table that knows it tells.
TEST_P(NatFlow, AHandshakeWaitsWhereTranslationsComeLate) {
  Handshakes heard;
  table_.observe(heard);
  const auto shake = [&](const FlowTuple& t, std::uint32_t ifindex) {
    FlowDelta delta;
    delta.tuple = t;
    delta.ifindex = ifindex;
    delta.counters = {2, 80};
    delta.sent_syn = true;
    delta.first = delta.syn = now_;
    delta.last = delta.ack = now_ + kMillisecond;
    FlowHandle handle = 0;
    table_.on_flow(delta, handle);
  };
  FlowTuple before = GetParam().original;
  FlowTuple after = GetParam().translated;
  before.protocol = after.protocol = kProtoTcp;  // whatever the case has
  const auto connect = [&] {
    shake(before, 1);
    shake(after, 3);
    now_ += kSecond;
    table_.tick(now_);
    const auto told = heard.roles.size();
    table_.on_nat({before, after, false, 12 * kSecond});
    now_ += 13 * kSecond;
    table_.tick(now_);
    return told;
  };
  EXPECT_EQ(connect(), 2U) << "nothing has told the table that it has to wait";
  EXPECT_EQ(table_.stats().handshakes_twice, 1U);
  ++before.src_port;
  ++after.src_port;
  EXPECT_EQ(connect(), 2U) << "it waits";
  ASSERT_EQ(heard.roles.size(), 3U);
  EXPECT_EQ(heard.roles[2], Role::kPod);
  EXPECT_EQ(table_.stats().handshakes_twice, 1U);
}

TEST_P(NatFlow, BothTuplesFindIt) {
  map();
  see_before(1);
  const Flow flow = table_.flows().at(0);
  const auto finds = [&](std::string_view key, const std::string& value) {
    FlowFilter filter;
    EXPECT_TRUE(filter.add(key, value));
    return filter.matches(flow);
  };
  for (const FlowTuple& t : {GetParam().original, GetParam().translated}) {
    EXPECT_TRUE(finds("src_ip", t.src.to_string()));
    EXPECT_TRUE(finds("dst_ip", t.dst.to_string()));
    EXPECT_TRUE(finds("ip", t.dst.to_string()));
    EXPECT_TRUE(finds("dst_port", std::to_string(t.dst_port)));
    EXPECT_TRUE(finds("port", std::to_string(t.src_port)));
  }
  EXPECT_FALSE(finds("ip", "203.0.113.99"));
  EXPECT_FALSE(finds("src_ip", GetParam().translated.dst.to_string()));
  EXPECT_FALSE(finds("port", "9"));
}

TEST_P(NatFlow, ATupleThatIsUsedAgainIsAnotherFlow) {
  map();
  see_before(3);
  see_after(3);
  map(true);
  // The same tuple to another backend; nothing told the probe's slots.
  FlowTuple other = GetParam().translated;
  other.dst_port = 9999;
  table_.on_nat({GetParam().original, other, false});
  see_before(5);
  const auto flows = table_.flows();
  ASSERT_EQ(flows.size(), 2U);
  EXPECT_EQ(flows[0].translated, GetParam().translated);
  EXPECT_EQ(flows[0].forward.packets, 3U);
  EXPECT_EQ(flows[1].tuple, GetParam().original);
  EXPECT_EQ(flows[1].translated, other);
  EXPECT_EQ(flows[1].forward.packets, 5U);
  expect_exact();
}

TEST_P(NatFlow, AnEndThatComesLateEndsNoSuccessor) {
  map();
  FlowTuple other = GetParam().translated;
  other.dst_port = 9999;
  table_.on_nat({GetParam().original, other, false});
  map(true);
  see_before(1);
  EXPECT_EQ(table_.flows().at(0).translated, other);
}

TEST_P(NatFlow, AfterTheEndNewPacketsAreAFlowOfTheirOwn) {
  map();
  see_before(1);
  see_after(1);
  map(true);
  slots_.clear();  // the probe's slots went with the flow
  see_after(1);
  const auto flows = table_.flows();
  ASSERT_EQ(flows.size(), 2U);
  EXPECT_FALSE(flows[1].nat);
  EXPECT_EQ(flows[1].tuple, GetParam().translated);
  expect_exact();
}

TEST_P(NatFlow, IdleFlowsFreeBothTuples) {
  map();
  see_before(1);
  table_.tick(now_ + 10'000 * kSecond);
  EXPECT_TRUE(table_.flows().empty());
  now_ += 20'000 * kSecond;
  seen_ = {};
  see_after(4);  // the kernel still has the pair: known again
  const auto flows = table_.flows();
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].tuple, GetParam().original);
  EXPECT_EQ(flows[0].forward.packets, 4U);
}

INSTANTIATE_TEST_SUITE_P(Nat, NatFlow, testing::ValuesIn(kCases),
                         [](const auto& info) { return "case" + std::to_string(info.index); });

TEST(NatTable, IsBoundedAndSaysSo) {
  NatTable table(2);
  const auto pair = [](std::uint16_t port) {
    return NatPair{tuple("10.0.0.1", port, "10.0.0.2", 80),
                   tuple("10.0.0.1", port, "10.0.0.3", 80)};
  };
  EXPECT_TRUE(table.add(pair(1)));
  EXPECT_TRUE(table.add(pair(1)));
  EXPECT_TRUE(table.add(pair(2)));
  EXPECT_FALSE(table.add(pair(3)));
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(table.refused(), 1U);
  table.remove(pair(1));
  EXPECT_TRUE(table.add(pair(3)));
  EXPECT_EQ(table.find(tuple("10.0.0.1", 1, "10.0.0.3", 80)), nullptr);
  ASSERT_NE(table.find(tuple("10.0.0.1", 3, "10.0.0.3", 80)), nullptr);
}

TEST(NatTable, ATupleBelongsToItsNewestPair) {
  NatTable table(8);
  const NatPair first{tuple("10.0.0.1", 1, "10.0.0.2", 80), tuple("10.0.0.1", 1, "10.0.0.3", 80)};
  const NatPair second{tuple("10.0.0.9", 1, "10.0.0.2", 80), first.translated};
  EXPECT_TRUE(table.add(first));
  EXPECT_TRUE(table.add(second));
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(*table.find(first.translated), second);
  EXPECT_EQ(table.find(first.original), nullptr);
  table.remove(first);  // it is gone already
  EXPECT_EQ(table.size(), 1U);
}

}  // namespace
}  // namespace netprobe
