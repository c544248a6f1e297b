// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "query/sql.h"

namespace netprobe {
namespace {

constexpr Micros kMinute = 60'000'000;
constexpr Micros kHour = 60 * kMinute;
constexpr Micros kDay = 24 * kHour;
constexpr Micros kNow = 1'764'000'000'000'000 + 17 * kMinute + 13'000'000;  // no whole minute

Query parsed(std::string_view text) {
  const auto query = parse_query(text, kNow * 1'000);
  EXPECT_TRUE(query) << text << ": " << (query ? "" : query.error().message);
  return query ? *query : Query{};
}

/// Raw for a day, minutes for a week, hours for a month.
std::vector<TierRange> usual_tiers() {
  const Micros today = kNow - kNow % kHour;
  return {{Tier::kRaw, 0, kNow - kDay},
          {Tier::kMinute, kMinute, today - 7 * kDay},
          {Tier::kHour, kHour, today - 30 * kDay}};
}

std::string chosen(std::string_view text, const std::vector<TierRange>& tiers = usual_tiers()) {
  return std::string(to_string(choose_tier(parsed(text), kNow, tiers)));
}

TEST(CanAnswer, WhatRollUpsHave) {
  const auto answers = [](std::string_view text) {
    const Query query = parsed(text);
    std::string tiers;
    for (const Tier tier : {Tier::kRaw, Tier::kMinute, Tier::kHour})
      if (can_answer(query, tier)) tiers += std::string(to_string(tier)) + " ";
    return tiers;
  };
  constexpr auto kAll = "raw 1m 1h ";
  constexpr auto kRaw = "raw ";
  EXPECT_EQ(answers("| count"), kAll);
  EXPECT_EQ(answers("src.namespace=shop | sum bytes, total_packets by dst.workload"), kAll);
  EXPECT_EQ(answers("| avg rtt, max handshake by src.node"), kAll);
  EXPECT_EQ(answers("| distinct dst.workload by src.workload"), kAll);
  EXPECT_EQ(answers("| rate bytes every 1h"), kAll);
  EXPECT_EQ(answers("| rate bytes every 5m"), "raw 1m ");
  EXPECT_EQ(answers("| peak bytes by src.workload"), "raw 1m ");
  EXPECT_EQ(answers("| count every 10s"), kRaw);
  EXPECT_EQ(answers("flows"), kRaw);
  EXPECT_EQ(answers("port=80 | count"), kRaw);
  EXPECT_EQ(answers("bytes>1M | count"), kRaw) << "of a record, not of a sum";
  EXPECT_EQ(answers("rtt>1ms | count"), kRaw);
  EXPECT_EQ(answers("not (src.node=a or (src.zone=b and src.pod=c)) | count"), kRaw);
  EXPECT_EQ(answers("| p99 rtt"), kRaw);
  EXPECT_EQ(answers("| min rtt"), kRaw);
  EXPECT_EQ(answers("| max bytes"), kRaw);
  EXPECT_EQ(answers("| histogram rtt"), kRaw);
  EXPECT_EQ(answers("| distinct dst.ip"), kRaw);
  EXPECT_EQ(answers("| distinct bytes"), kRaw);
  EXPECT_EQ(answers("| max time"), kRaw) << "buckets know their start only";
  EXPECT_EQ(answers("drops | sum bytes by src.namespace"), kRaw);
}

TEST(ChooseTier, TheCoarsestThatCanAnswer) {
  EXPECT_EQ(chosen("| sum bytes by src.namespace | last 20d"), "1h");
  EXPECT_EQ(chosen("| sum bytes by src.namespace | last 5d"), "1h") << "120 hours";
  EXPECT_EQ(chosen("| sum bytes by src.namespace | last 1d"), "1m") << "an hour is too much of it";
  EXPECT_EQ(chosen("| sum bytes by src.namespace | last 1h"), "raw") << "a minute is, too";
  EXPECT_EQ(chosen("| sum bytes by src.ip | last 1d"), "raw");
  EXPECT_EQ(chosen("| sum bytes"), "1h") << "all that there is";
}

TEST(ChooseTier, WholeBucketsAreExact) {
  Query query = parsed("| sum bytes");
  query.since = kNow - kNow % kHour - 2 * kHour;
  EXPECT_EQ(choose_tier(query, kNow, usual_tiers()), Tier::kHour) << "until now";
  query.until = *query.since + 90 * kMinute;
  EXPECT_EQ(choose_tier(query, kNow, usual_tiers()), Tier::kMinute);
  query.until = *query.since + kHour;
  EXPECT_EQ(choose_tier(query, kNow, usual_tiers()), Tier::kHour);
  query.new_since = *query.since + 5 * kMinute;
  EXPECT_EQ(choose_tier(query, kNow, usual_tiers()), Tier::kMinute);
  query.new_since = *query.since + 1;
  EXPECT_EQ(choose_tier(query, kNow, usual_tiers()), Tier::kRaw);
}

TEST(ChooseTier, GoesWhereTheRangeIsKept) {
  // Two hours of a week ago, not whole ones: only hours have them.
  EXPECT_EQ(chosen("| sum bytes | since 10d | until 238h"), "1h");
  EXPECT_EQ(chosen("| sum bytes | since 3d | until 70h"), "1m");
  EXPECT_EQ(chosen("| sum bytes by src.ip | since 10d"), "raw") << "what it has of it";
  EXPECT_EQ(chosen("| count every 5m | since 10d"), "1m") << "hours are no 5 minutes";
}

TEST(ChooseTier, AYoungStoreIsNotRougherThanItMustBe) {
  // Everything began a quarter of an hour ago; buckets seem to begin earlier.
  const Micros began = kNow - 15 * kMinute;
  const std::vector<TierRange> tiers{{Tier::kRaw, 0, began},
                                     {Tier::kMinute, kMinute, began - began % kMinute},
                                     {Tier::kHour, kHour, began - began % kHour}};
  EXPECT_EQ(chosen("| sum bytes | last 1h", tiers), "raw");
  EXPECT_EQ(chosen("| sum bytes | last 10m", tiers), "raw");
}

TEST(ChooseTier, WithoutRowsItIsRaw) {
  EXPECT_EQ(chosen("| sum bytes", {}), "raw");
  EXPECT_EQ(chosen("| sum bytes", {{Tier::kRaw, 0, std::nullopt}, {Tier::kHour, kHour, {}}}),
            "raw");
}

TEST(DescribeTier, SaysWhatWasCovered) {
  Query query = parsed("| sum bytes");
  query.since = 90'000'000;
  query.until = 180'000'000;
  QueryAnswer answer;
  describe_tier(query, {Tier::kMinute, kMinute, 5 * kMinute}, answer);
  EXPECT_EQ(answer.since, 60'000'000);
  EXPECT_EQ(answer.until, 180'000'000);
  EXPECT_EQ(answer.kept_since, 5 * kMinute);
  EXPECT_FALSE(answer.exact);
  describe_tier(query, {Tier::kRaw, 0, {}}, answer);
  EXPECT_EQ(answer.since, 90'000'000);
  EXPECT_TRUE(answer.exact);
}

TEST(GiveRange, OnlyToWhatNeedsIt) {
  Query query = parsed("| rate bytes");
  ASSERT_TRUE(needs_range(query));
  give_range(query, 100, 500);
  EXPECT_EQ(query.since, 100);
  EXPECT_EQ(query.until, 500);
  query = parsed("| rate bytes");
  query.since = 700;
  give_range(query, 100, 500);
  EXPECT_EQ(query.until, 701) << "of the future, but no range of nothing";
  query = parsed("| rate bytes every 1m");
  give_range(query, 100, 500);
  EXPECT_FALSE(query.since || query.until);
}

}  // namespace
}  // namespace netprobe
