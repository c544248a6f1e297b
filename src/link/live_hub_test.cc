// SPDX-License-Identifier: Apache-2.0
// Numbers of live streams: nothing twice, no silent hole.
#include <gtest/gtest.h>

#include "link/live_channel.h"
#include "link/proto/netprobe.pb.h"
#include "link/testing/fake_agent.h"

namespace netprobe {
namespace {

using testing::make_flow;

struct LiveChannelTest : ::testing::Test {
  v1::LiveReply read(const LiveMessage& message) {
    v1::LiveReply reply;
    EXPECT_TRUE(reply.ParseFromString(message.head + (message.body ? *message.body : "")));
    return reply;
  }
  /// Messages of one record each.
  void send(int count) {
    for (int i = 0; i < count; ++i) {
      FlowBatch batch;
      batch.flows = {make_flow(++id)};
      channel.add(batch);
      channel.keep(channel.make(kSecond), ++now);
    }
  }
  /// Records and lost of all that a stream gets.
  std::pair<std::uint64_t, std::uint64_t> drain(LivePlace& place) {
    std::uint64_t records = 0;
    std::uint64_t lost = 0;
    std::uint64_t last = place.sequence;
    while (auto message = channel.next(place, now, 1000)) {
      const auto reply = read(*message);
      records += reply.records().flows().rows();
      lost += reply.lost();
      EXPECT_GE(reply.sequence(), last);
      last = reply.sequence();
    }
    return {records, lost};
  }

  LiveChannel channel{"", *parse_filter("", 0), "n", "run/1", 0};
  std::uint64_t id = 0;
  Nanos now = 1;
};

TEST_F(LiveChannelTest, ASlowStreamIsToldWhatItMissed) {
  LivePlace place = channel.place_at_end();
  send(10);
  channel.trim(now - 3, SIZE_MAX);  // the last few are kept
  const auto [records, lost] = drain(place);
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(records + lost, 10U);
}

TEST_F(LiveChannelTest, AStreamThatBrokeGoesOnWhereItWas) {
  send(5);
  LivePlace place = channel.place_after(3);
  EXPECT_EQ(drain(place), std::pair(std::uint64_t{2}, std::uint64_t{0}));
  channel.trim(now + 1, SIZE_MAX);  // all are gone, and how many there were is known
  send(1);
  place = channel.place_after(3);
  EXPECT_EQ(drain(place), std::pair(std::uint64_t{1}, std::uint64_t{2}));
}

TEST_F(LiveChannelTest, AQuestionForAlertsGetsThoseThatItAsksFor) {
  LiveChannel alerts{"", *parse_alert_filter("alert.severity=high", 0), "n", "run/1", 0};
  LivePlace place = alerts.place_at_end();
  HistoryBatch batch;
  for (const char* severity : {"low", "high", "high"}) {
    batch.alerts.emplace_back();
    batch.alerts.back().id = "x";
    batch.alerts.back().severity = severity;
  }
  alerts.add(batch);
  EXPECT_TRUE(alerts.is_due(kSecond, kSecond, 1000));
  alerts.keep(alerts.make(kSecond), 1);
  const auto first = alerts.next(place, 2, kSecond);
  ASSERT_TRUE(first);
  EXPECT_EQ(read(*first).records().alerts().rows(), 2U);
  EXPECT_FALSE(read(*first).records().has_flows());
  EXPECT_FALSE(alerts.is_due(10 * kSecond, kSecond, 1000));
}

TEST_F(LiveChannelTest, OneThatNobodyKnowsIsToldThatSomethingIsMissing) {
  LivePlace place = channel.place_at_end();
  place.unknown = true;
  EXPECT_EQ(drain(place), std::pair(std::uint64_t{0}, std::uint64_t{1}));
}

TEST_F(LiveChannelTest, WhatTheFeedLostIsToldInItsPlace) {
  LivePlace place = channel.place_at_end();
  send(1);
  channel.lose(7);
  channel.keep(channel.make(kSecond), ++now);
  send(1);
  EXPECT_EQ(drain(place), std::pair(std::uint64_t{2}, std::uint64_t{7}));
}

}  // namespace
}  // namespace netprobe
