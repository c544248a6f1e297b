// SPDX-License-Identifier: Apache-2.0
#include "outbox/workload_fold.h"

#include <gtest/gtest.h>

#include "outbox/testing/made_records.h"
#include "query/evaluate.h"

namespace netprobe {
namespace {

using testing::made_flows;

constexpr Nanos kNow = testing::kMadeTime * kMicrosecond + 3600 * kSecond;

QueryAnswer answer(std::string_view text, const std::vector<FlowRecord>& flows) {
  std::vector<RecordRef> records;
  for (const FlowRecord& flow : flows) records.push_back({RecordKind::kFlow, &flow, "n1"});
  auto query = parse_query(text, kNow);
  EXPECT_TRUE(query) << query.error().message;
  auto result = evaluate({.query = std::move(*query), .limits = {}, .cursor = ""}, records);
  EXPECT_TRUE(result) << result.error().message;
  return std::move(*result);
}

std::vector<FlowRecord> folded(const std::vector<FlowRecord>& flows, std::size_t most) {
  WorkloadFold fold(most);
  for (const FlowRecord& flow : flows) fold.add(flow);
  return fold.take();
}

/// Some that began in their record, were set up or ended in it, and some that were not.
std::shared_ptr<HistoryBatch> mixed_flows() {
  auto batch = made_flows(20'000);
  for (FlowRecord& flow : batch->flows) {
    flow.began = flow.flow_id % 3 == 0;
    flow.handshake = flow.flow_id % 5 == 0 ? 300 : 0;
    flow.ended = flow.flow_id % 7 == 0;
  }
  return batch;
}

constexpr std::string_view kSums =
    "sum(packets), sum(bytes), sum(reverse_packets), sum(reverse_bytes), sum(retransmits), "
    "sum(reverse_resets), sum(records), sum(flows), sum(connections), sum(ended), "
    "max(last_seen), min(first_seen)";

TEST(WorkloadFold, SumsAreThoseOfTheRecords) {
  const auto batch = mixed_flows();
  const auto sums = folded(batch->flows, 100'000);
  EXPECT_LT(sums.size(), batch->flows.size() / 2);
  const std::string by =
      " by src.namespace, src.workload, src.workload.kind, dst.namespace, dst.workload, "
      "dst.workload.kind, src.kind, dst.kind, direction, protocol, dst.port, observer every 1m";
  const std::string text = "flows | " + std::string(kSums) + by;
  const auto raw = answer(text, batch->flows);
  EXPECT_EQ(raw.rows.size(), sums.size());
  EXPECT_EQ(raw.rows, answer(text, sums).rows);
}

TEST(WorkloadFold, WhatFindsNoRoomIsSummedUpAsOther) {
  const auto batch = mixed_flows();
  const auto sums = folded(batch->flows, 50);
  // Three minutes, three directions.
  EXPECT_EQ(sums.size(), 50U + 9U);
  const std::string all = "flows | " + std::string(kSums) + " by direction every 1m";
  EXPECT_EQ(answer(all, batch->flows).rows, answer(all, sums).rows);
  const auto other = answer("src.workload=~other and dst.workload=~other | sum(bytes)", sums);
  ASSERT_EQ(other.rows.size(), 1U);
  EXPECT_GT(std::get<std::uint64_t>(other.rows[0][0]), 0U);
}

TEST(WorkloadFold, IsFullWithinItsBound) {
  WorkloadFold fold(10);
  std::size_t begun = 0;
  auto batch = made_flows(5000);
  Micros minute = 0;
  for (FlowRecord& flow : batch->flows) {
    flow.time += ++minute * 60'000'000;  // no two in one minute
    if (fold.full()) begun -= fold.take().size();
    if (fold.add(flow)) ++begun;
    ASSERT_LE(fold.size(), 10U + 64U);
    ASSERT_EQ(begun, fold.size());
  }
}

TEST(WorkloadFold, SaysNothingOfSingleFlows) {
  auto batch = made_flows(2);
  FlowRecord& a = batch->flows[0];
  FlowRecord& b = batch->flows[1];
  a.src = b.src = testing::made_pod("shop", "web", "web-1");
  a.dst = b.dst = testing::made_pod("shop", "db", "db-1");
  b.time = a.time;
  b.tuple = a.tuple;
  b.direction = a.direction;
  a.rtt = 1000;
  b.rtt = 3000;
  const auto sums = folded(batch->flows, 10);
  ASSERT_EQ(sums.size(), 1U);
  const FlowRecord& sum = sums[0];
  EXPECT_TRUE(sum.tuple.src.is_unspecified());
  EXPECT_TRUE(sum.tuple.dst.is_unspecified());
  EXPECT_EQ(sum.tuple.src_port, 0);
  EXPECT_EQ(sum.tuple.dst_port, a.tuple.dst_port);
  EXPECT_EQ(sum.flow_id, 0U);
  EXPECT_EQ(sum.rtt, 2000);
  EXPECT_EQ(sum.folded.records, 2U);
  EXPECT_EQ(sum.folded.flows, 2U);
  EXPECT_EQ(sum.src->name, "");
  EXPECT_EQ(sum.src->workload, "web");
  EXPECT_EQ(sum.src->node, "");
  EXPECT_TRUE(sum.src->labels.empty());
  EXPECT_FALSE(sum.service);
  EXPECT_EQ(sum.interface, "");
}

TEST(WorkloadFold, IdentifiersOfIcmpAreNoPorts) {
  auto batch = made_flows(2);
  for (FlowRecord& flow : batch->flows) {
    flow.time = batch->flows[0].time;
    flow.src = flow.dst = nullptr;
    flow.direction = "egress";
    flow.tuple.protocol = kProtoIcmp;
  }
  batch->flows[0].tuple.dst_port = 7;
  batch->flows[1].tuple.dst_port = 8;
  const auto sums = folded(batch->flows, 10);
  ASSERT_EQ(sums.size(), 1U);
  EXPECT_EQ(sums[0].tuple.dst_port, 0);
}

}  // namespace
}  // namespace netprobe
