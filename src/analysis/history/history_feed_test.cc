// SPDX-License-Identifier: Apache-2.0
#include "analysis/history/history_feed.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

namespace netprobe {
namespace {

// A whole minute.
constexpr Nanos kBegin = 60 * 1'000'000 * kSecond;
constexpr Nanos kMinute = 60 * kSecond;

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }

class Feed : public testing::Test {
 protected:
  explicit Feed(HistoryFeedOptions options = {.node = "n1",
                                              .started_at = 77,
                                              .hold = 10 * kSecond,
                                              .max_waiting = 4,
                                              .max_batch = 100})
      : clock_(kBegin),
        feed_(std::move(options),
              {.judge = [](Flow& flow) { flow.verdict = "open"; },
               .name = [this](Flow& flow) { name(flow); },
               .interface_name = [](std::uint32_t ifindex) { return ifindex == 3 ? "veth1" : ""; }},
              clock_, [this](HistoryBatchPtr batch) { batches_.push_back(std::move(batch)); }) {}

  void hold(std::string_view address, std::string pod) {
    auto identity = std::make_shared<Identity>();
    identity->kind = IdentityKind::kPod;
    identity->name = std::move(pod);
    holders_[ip(address)] = std::move(identity);
  }
  void name(Flow& flow) {
    asked_.push_back(flow);
    const auto of = [&](const IpAddress& address) {
      const auto found = holders_.find(address);
      return found == holders_.end() ? nullptr : found->second;
    };
    flow.src_identity = of(flow.tuple.src);
    flow.dst_identity = of(flow.nat ? flow.translated.dst : flow.tuple.dst);
    if (flow.src_identity && flow.dst_identity) flow.direction = "inter-node";
  }
  Flow flow(std::uint64_t id, std::string_view src = "10.1.0.1",
            std::string_view dst = "10.1.0.2") {
    Flow flow;
    flow.id = id;
    flow.tuple = {ip(src), ip(dst), 40000, 80, kProtoTcp};
    flow.direction = "ingress";
    flow.first_seen = flow.last_seen = clock_.wall();
    return flow;
  }
  void grow(const Flow& flow, std::uint64_t packets, bool first, bool last = false) {
    EXPECT_TRUE(feed_.on_growth({flow,
                                 {packets, packets * 100},
                                 {packets * 2, packets * 200},
                                 {.retransmits = 1},
                                 {.resets = 2},
                                 first,
                                 last,
                                 first,
                                 3,
                                 Role::kPod}));
  }
  void cut(Nanos at, const std::vector<Flow>& flows, bool first = false) {
    feed_.begin_cut(at);
    for (const Flow& each : flows) grow(each, 1, first);
    feed_.end_cut();
  }
  std::vector<FlowRecord> flows() {
    std::vector<FlowRecord> all;
    for (const auto& batch : batches_)
      all.insert(all.end(), batch->flows.begin(), batch->flows.end());
    return all;
  }
  void known() {
    hold("10.1.0.1", "web");
    hold("10.1.0.2", "db");
  }

  ManualClock clock_;
  std::map<IpAddress, IdentityPtr> holders_;
  std::vector<Flow> asked_;
  std::vector<HistoryBatchPtr> batches_;
  HistoryFeed feed_;
};

TEST_F(Feed, ARecordHasWhatTheFlowGained) {
  known();
  Flow f = flow(5);
  f.nat = true;
  f.translated = f.tuple;
  f.translated.dst_port = 8080;
  f.handshake_rtt = 1500;  // ns
  f.rtt = 3 * kMillisecond;
  f.vni = 42;
  f.tcp_forward.flags = 0x12;
  f.tcp_reverse.flags = 0x11;
  f.dscp = 8;
  f.icmp = 0x0301;
  f.vlan = 7;
  f.last_seen += 2 * kSecond;
  clock_.advance(3 * kSecond);
  grow(f, 3, true);
  feed_.hand_over(false);
  ASSERT_EQ(batches_.size(), 1U);
  EXPECT_EQ(batches_[0]->id, "n1/77/1");
  EXPECT_EQ(batches_[0]->node, "n1");
  const FlowRecord r = flows().at(0);
  EXPECT_EQ(r.time, kBegin / kMicrosecond);
  EXPECT_EQ(r.first_seen, r.time);
  EXPECT_EQ(r.last_seen, r.time + 2'000'000);
  EXPECT_EQ(r.flow_id, 5U);
  EXPECT_EQ(r.tuple, f.tuple);
  EXPECT_EQ(r.translated, f.translated);
  EXPECT_TRUE(r.nat);
  EXPECT_EQ(r.src->name, "web");
  EXPECT_EQ(r.dst->name, "db");
  EXPECT_EQ(r.direction, "inter-node");
  EXPECT_EQ(r.verdict, "open");
  EXPECT_EQ(r.interface, "veth1");
  EXPECT_EQ(r.role, Role::kPod);
  EXPECT_EQ(r.forward, (Counters{3, 300}));
  EXPECT_EQ(r.reverse, (Counters{6, 600}));
  EXPECT_EQ(r.client_trouble.retransmits, 1U);
  EXPECT_EQ(r.server_trouble.resets, 2U);
  EXPECT_EQ(r.handshake, 1);
  EXPECT_EQ(r.rtt, 3000);
  EXPECT_EQ(r.vni, 42U);
  EXPECT_EQ(r.vlan, 7);
  EXPECT_EQ(r.dscp, 8);
  EXPECT_EQ(r.icmp, 0x0301);
  EXPECT_EQ(r.tcp_flags, 0x12);
  EXPECT_EQ(r.reverse_tcp_flags, 0x11);
  EXPECT_TRUE(r.began);
  EXPECT_FALSE(r.ended);
}

TEST_F(Feed, RecordsBeginWhereTheOnesBeforeEnded) {
  known();
  clock_.advance(10 * kSecond);
  Flow f = flow(1);
  clock_.set(kBegin + kMinute + 20 * kMillisecond);
  cut(kBegin + kMinute, {f}, true);
  clock_.set(kBegin + 2 * kMinute);
  cut(kBegin + 2 * kMinute, {f});
  clock_.set(kBegin + 5 * kMinute);
  cut(kBegin + 5 * kMinute, {});  // nothing was gained
  clock_.advance(30 * kSecond);
  f.last_seen = clock_.wall();
  grow(f, 1, false, true);
  feed_.hand_over(false);
  std::vector<Micros> begins;
  for (const FlowRecord& r : flows()) begins.push_back(r.time - kBegin / kMicrosecond);
  EXPECT_EQ(begins, (std::vector<Micros>{10'000'000, 60'000'000, 300'000'000}));
  EXPECT_TRUE(flows().back().ended);
}

TEST_F(Feed, AFlowThatEndsWhileACutIsMadeIsInItsMinute) {
  known();
  Flow quiet = flow(1);
  Flow busy = flow(2);
  clock_.set(kBegin + kMinute + 300 * kMillisecond);
  busy.last_seen = clock_.wall();
  feed_.begin_cut(kBegin + kMinute);
  grow(quiet, 1, false, true);
  grow(busy, 1, false, true);
  feed_.end_cut();
  feed_.hand_over(false);
  EXPECT_EQ(flows().at(0).time, kBegin / kMicrosecond);
  EXPECT_EQ(flows().at(1).time, (kBegin + kMinute) / kMicrosecond);
}

TEST_F(Feed, AClockThatIsSetBackMakesNoRecordOfTheFuture) {
  known();
  const Flow f = flow(1);
  clock_.set(kBegin + 10 * kMinute);
  cut(clock_.wall(), {f}, true);
  clock_.set(kBegin + 2 * kMinute);
  cut(clock_.wall(), {f});
  feed_.hand_over(false);
  for (const FlowRecord& r : flows()) EXPECT_LE(r.time, (kBegin + 2 * kMinute) / kMicrosecond);
}

TEST_F(Feed, ARecordWaitsForNamesAsTheFlowHadThem) {
  hold("10.1.0.1", "web");
  const Flow f = flow(1);
  clock_.advance(2 * kSecond);
  grow(f, 3, true);
  feed_.hand_over(false);
  EXPECT_TRUE(batches_.empty());
  EXPECT_EQ(feed_.waiting(), 1U);
  clock_.advance(3 * kSecond);
  hold("10.1.0.2", "db");
  asked_.clear();
  feed_.cycle();
  feed_.hand_over(false);
  ASSERT_EQ(flows().size(), 1U);
  EXPECT_EQ(flows()[0].dst->name, "db");
  EXPECT_EQ(flows()[0].direction, "inter-node");
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_EQ(asked_[0].first_seen, f.first_seen);
  EXPECT_EQ(asked_[0].last_seen, f.last_seen);
  EXPECT_EQ(asked_[0].direction, "ingress") << "the one by its path";
}

TEST_F(Feed, ButNotForLong) {
  const Flow f = flow(1);
  clock_.advance(4 * kSecond);
  grow(f, 3, true);
  clock_.advance(6 * kSecond - 1);
  feed_.cycle();
  EXPECT_EQ(feed_.waiting(), 1U);
  clock_.advance(kSecond);
  feed_.cycle();
  EXPECT_EQ(feed_.waiting(), 0U);
  clock_.advance(kSecond);
  feed_.cycle();
  ASSERT_EQ(flows().size(), 1U);
  EXPECT_EQ(flows()[0].src, nullptr);
  grow(f, 1, false);  // it is old: no more waiting
  EXPECT_EQ(feed_.waiting(), 0U);
}

TEST_F(Feed, NoMoreWaitThanThereIsRoomFor) {
  for (std::uint64_t id = 1; id <= 6; ++id) grow(flow(id), id, true);
  EXPECT_EQ(feed_.waiting(), 4U);
  EXPECT_EQ(feed_.not_awaited(), 2U);
  feed_.hand_over(false);
  EXPECT_EQ(flows().size(), 2U);
  feed_.hand_over(true);
  std::set<std::uint64_t> ids;
  for (const FlowRecord& r : flows()) ids.insert(r.flow_id);
  EXPECT_EQ(ids.size(), 6U) << "none is lost";
}

TEST_F(Feed, WhatIsOutsideOfAnyClusterIsNotWaitedFor) {
  hold("10.1.0.1", "web");
  grow(flow(1, "10.1.0.1", "203.0.113.9"), 1, true);
  grow(flow(2, "10.1.0.1", "2001:db8::9"), 1, true);
  grow(flow(3, "127.0.0.1", "127.0.0.1"), 1, true);
  EXPECT_EQ(feed_.waiting(), 0U);
}

TEST_F(Feed, BatchesAreHandedOnWhenFullOrDue) {
  known();
  const Flow f = flow(1);
  for (int i = 0; i < 250; ++i) grow(f, 1, false);
  ASSERT_EQ(batches_.size(), 2U);
  feed_.cycle();
  EXPECT_EQ(batches_.size(), 2U);
  clock_.advance(kSecond);
  feed_.cycle();
  ASSERT_EQ(batches_.size(), 3U);
  EXPECT_EQ(batches_[1]->size(), 100U);
  EXPECT_EQ(batches_[2]->size(), 50U);
  EXPECT_EQ(batches_[2]->id, "n1/77/3");
  clock_.advance(kMinute);
  feed_.cycle();
  EXPECT_EQ(batches_.size(), 3U) << "no empty ones";
}

Connection connection(SocketRole role) {
  Connection c;
  c.id = 9;
  c.tuple = {ip("10.1.0.1"), ip("10.1.0.2"), 40000, 80, kProtoTcp};
  if (role == SocketRole::kServer) c.tuple = c.tuple.reversed();
  c.role = role;
  c.netns = 4026531840;
  auto process = std::make_shared<ProcessRef>();
  process->pid = 12;
  c.process = process;
  c.opened = kBegin - 5 * kSecond;
  c.closed = kBegin - kSecond;
  c.error = 111;
  c.bytes_sent = 10;
  c.bytes_received = 20;
  c.retransmits = 3;
  c.segments_sent = 4;
  c.connect_time = kMillisecond;
  c.rtt = 2 * kMillisecond;
  c.min_rtt = 1500 * kMicrosecond;
  c.verdict = "refused";
  return c;
}

TEST_F(Feed, ConnectionsHaveTheClientAsSource) {
  known();
  feed_.on_connection(connection(SocketRole::kClient));
  feed_.on_connection(connection(SocketRole::kServer));
  feed_.hand_over(false);
  ASSERT_EQ(batches_.at(0)->connections.size(), 2U);
  const ConnectionEvent& client = batches_[0]->connections[0];
  const ConnectionEvent& server = batches_[0]->connections[1];
  for (const ConnectionEvent* each : {&client, &server}) {
    EXPECT_EQ(each->tuple.src, ip("10.1.0.1"));
    EXPECT_EQ(each->src->name, "web");
    EXPECT_EQ(each->dst->name, "db");
    EXPECT_EQ(each->direction, "inter-node");
  }
  EXPECT_EQ(client.src_process->pid, 12U);
  EXPECT_EQ(client.dst_process, nullptr);
  EXPECT_EQ(server.dst_process->pid, 12U);
  EXPECT_EQ(server.side, "server");
  EXPECT_EQ(client.time, (kBegin - kSecond) / kMicrosecond);
  EXPECT_EQ(client.first_seen, (kBegin - 5 * kSecond) / kMicrosecond);
  EXPECT_EQ(client.error, "ECONNREFUSED");
  EXPECT_EQ(client.verdict, "refused");
  EXPECT_EQ(client.bytes_sent, 10U);
  EXPECT_EQ(client.bytes_received, 20U);
  EXPECT_EQ(client.retransmits, 3U);
  EXPECT_EQ(client.segments_sent, 4U);
  EXPECT_EQ(client.connect_time, 1000);
  EXPECT_EQ(client.rtt, 2000);
  EXPECT_EQ(client.min_rtt, 1500);
}

TEST_F(Feed, ConnectionsWaitForNamesToo) {
  hold("10.1.0.1", "web");
  feed_.on_connection(connection(SocketRole::kServer));
  EXPECT_EQ(feed_.waiting(), 1U);
  hold("10.1.0.2", "db");
  clock_.advance(kSecond);
  feed_.cycle();
  feed_.hand_over(false);
  EXPECT_EQ(batches_.at(0)->connections.at(0).dst->name, "db");
}

DropRecord drop(std::uint64_t packets) {
  DropRecord record;
  record.tuple = {ip("10.1.0.1"), ip("10.1.0.2"), 40000, 80, kProtoTcp};
  record.has_tuple = true;
  record.reason = "NETFILTER_DROP";
  record.hook = "netfilter";
  record.location = "nft_do_chain+0x10";
  record.interface = "cni0";
  record.count = packets;
  record.bytes = packets * 60;
  record.first_seen = kBegin + 5 * kSecond;
  return record;
}

TEST_F(Feed, DropsAreWhatTheirRecordsGained) {
  known();
  DropReport report;
  report.records = {drop(3)};
  report.totals = {{{"NETFILTER_DROP", "netfilter"}, 3}};
  clock_.set(kBegin + kMinute);
  feed_.on_drops(report);
  clock_.set(kBegin + 2 * kMinute);
  report.records = {drop(10)};
  DropRecord tunnelled = drop(1);
  tunnelled.tuple = {ip("192.168.0.1"), ip("192.168.0.2"), 5000, 8472, kProtoUdp};
  tunnelled.inside = DropInside{drop(0).tuple, Tunnel::kVxlan, 1};
  report.records.push_back(tunnelled);
  DropRecord arp;
  arp.reason = "NO_SOCKET";
  arp.count = 2;
  report.records.push_back(arp);
  report.totals = {{{"NETFILTER_DROP", "netfilter"}, 15}, {{"NO_SOCKET", ""}, 2}};
  feed_.on_drops(report);
  feed_.on_drops(report);
  feed_.hand_over(false);
  std::vector<DropEvent> drops;
  for (const auto& batch : batches_)
    drops.insert(drops.end(), batch->drops.begin(), batch->drops.end());
  ASSERT_EQ(drops.size(), 4U);
  EXPECT_EQ(drops[0].time, (kBegin + 5 * kSecond) / kMicrosecond);
  EXPECT_EQ(drops[0].packets, 3U);
  EXPECT_EQ(drops[0].bytes, 180U);
  EXPECT_EQ(drops[0].reason, "NETFILTER_DROP");
  EXPECT_EQ(drops[0].hook, "netfilter");
  EXPECT_EQ(drops[0].location, "nft_do_chain+0x10");
  EXPECT_EQ(drops[0].interface, "cni0");
  EXPECT_EQ(drops[0].src->name, "web");
  EXPECT_EQ(drops[1].time, (kBegin + kMinute) / kMicrosecond);
  EXPECT_EQ(drops[1].packets, 7U);
  EXPECT_EQ(drops[2].tuple.src, ip("10.1.0.1")) << "who was inside";
  EXPECT_EQ(drops[3].packets, 2U);
  EXPECT_EQ(drops[3].src, nullptr);
  const auto lost = feed_.losses();
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_EQ(lost[0].cause, "drop_without_record");
  EXPECT_EQ(lost[0].count, 4U) << "17 were dropped, 13 are in records";
}

class NamelessFeed : public testing::Test {};

TEST_F(NamelessFeed, WaitsForNothing) {
  const ManualClock clock(kBegin);
  int batches = 0;
  HistoryFeed feed({.node = "n1", .hold = 10 * kSecond},
                   {.judge = [](Flow&) {},
                    .name = nullptr,
                    .interface_name = [](std::uint32_t) { return std::string_view(); }},
                   clock, [&](const HistoryBatchPtr&) { ++batches; });
  feed.on_connection(connection(SocketRole::kServer));
  EXPECT_EQ(feed.waiting(), 0U);
  feed.hand_over(false);
  EXPECT_EQ(batches, 1);
}

}  // namespace
}  // namespace netprobe
