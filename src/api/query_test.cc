// SPDX-License-Identifier: Apache-2.0
#include "api/query.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "api/connections_query.h"
#include "api/drops_query.h"
#include "api/losses_query.h"
#include "api/testing/snapshots.h"
#include "api/tunnels_query.h"

namespace netprobe {
namespace {

constexpr Nanos kNow = 1'700'000'000 * kSecond;

QueryResult<FlowsQuery> flows(std::string_view text) {
  return parse_flows_query(parse_query(text).value(), kNow);
}

TEST(FlowsQueryTest, HasDefaults) {
  const auto query = flows("").value();
  EXPECT_EQ(query.limit, kDefaultLimit);
  EXPECT_EQ(query.order, FlowOrder::kId);
  EXPECT_TRUE(query.filter.empty());
  EXPECT_FALSE(query.since || query.until || query.cursor);
}

TEST(FlowsQueryTest, TakesAllItKnows) {
  const auto query =
      flows(
          "src-ip=10.0.0.0/8&port=1&port=2&since=15m&until=2023-11-14T22:13:20Z&limit=7&"
          "sort=bytes&node=a&cursor=b10-ff")
          .value();
  EXPECT_EQ(query.since, kNow - 900 * kSecond);
  EXPECT_EQ(query.until, kNow);
  EXPECT_EQ(query.limit, 7U);
  EXPECT_EQ(query.cursor, (FlowCursor{FlowOrder::kBytes, 16, 255}));
  EXPECT_FALSE(query.filter.empty());
}

TEST(FlowsQueryTest, NamesTheUnknownAndListsTheKnown) {
  const auto bad = flows("prot=1");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().parameter, "prot");
  EXPECT_NE(bad.error().detail.find("'prot'"), std::string::npos);
  EXPECT_NE(bad.error().detail.find("src_port"), std::string::npos);
  EXPECT_NE(std::ranges::find(bad.error().allowed, "cursor"), bad.error().allowed.end());
}

TEST(FlowsQueryTest, NamesTheParameterOfABadValue) {
  const std::pair<const char*, const char*> cases[] = {
      {"port=70000", "port"},
      {"port=", "port"},
      {"ip=10.0.0", "ip"},
      {"protocol=tpc", "protocol"},
      {"limit=0", "limit"},
      {"limit=10001", "limit"},
      {"limit=-1", "limit"},
      {"limit=1x", "limit"},
      {"since=yesterday", "since"},
      {"until=", "until"},
      {"sort=size", "sort"},
      {"cursor=x", "cursor"},
      {"cursor=b1-1", "cursor"},
      {"direction=up", "direction"},
      {"node=", "node"},
      {"protocol=tcp&protocol=udp", "protocol"},
      {"limit=1&limit=2", "limit"},
      {"since=1m&until=2m", "since"},
  };
  for (const auto& [text, parameter] : cases) {
    const auto bad = flows(text);
    ASSERT_FALSE(bad) << text;
    EXPECT_EQ(bad.error().parameter, parameter) << text;
    EXPECT_FALSE(bad.error().detail.empty());
  }
}

TEST(TopQueryTest, TakesByAndLimit) {
  const auto query = parse_top_query({{"by", "packets"}, {"limit", "3"}, {"port", "443"}}).value();
  EXPECT_EQ(query.by, TopBy::kPackets);
  EXPECT_EQ(query.limit, 3U);
  EXPECT_FALSE(parse_top_query({{"by", "size"}}));
  EXPECT_FALSE(parse_top_query({{"limit", "1001"}}));
  EXPECT_FALSE(parse_top_query({{"since", "1m"}}));
}

TEST(StreamQueryTest, TakesFiltersOnly) {
  EXPECT_TRUE(parse_stream_query({{"port", "443"}, {"node", "a"}}, kNow));
  EXPECT_FALSE(parse_stream_query({{"limit", "1"}}, kNow));
}

TEST(CursorTest, ComesBackAsItWas) {
  for (const auto order : {FlowOrder::kId, FlowOrder::kBytes, FlowOrder::kPackets, FlowOrder::kRate,
                           FlowOrder::kLastSeen}) {
    const FlowCursor cursor{order, 0xffffffffffffffffU, 42};
    EXPECT_EQ(parse_cursor(format_cursor(cursor)), cursor);
  }
}

TEST(CursorTest, RefusesWhatNobodyGave) {
  for (const char* text : {"", "b", "b1", "b1-", "b-1", "x1-1", "b1-1-", "b 1-1", "b-1-1",
                           "b10000000000000000-1", "bg-1"})
    EXPECT_FALSE(parse_cursor(text)) << text;
}

TEST(SortWeight, OrdersRatesAsNumbers) {
  Flow flow;
  std::uint64_t last = 0;
  for (const double rate : {0.001, 0.5, 1.0, 1e3, 1e12}) {
    flow.bytes_per_second = rate;
    const auto weight = sort_weight(flow, FlowOrder::kRate);
    EXPECT_GT(weight, last);
    last = weight;
  }
  flow.bytes_per_second = -1;
  EXPECT_EQ(sort_weight(flow, FlowOrder::kRate), 0U);
}

/// One sentence and no guess: of two values neither is taken.
TEST(RepeatedParameters, AreRefusedByEveryPageThatTakesOne) {
  const auto refused = [](const auto& result, const char* text) {
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().detail.find("the parameter '"), 0U) << result.error().detail;
    EXPECT_NE(result.error().detail.find("is given more than once"), std::string::npos) << text;
  };
  const auto params = [](const char* text) { return parse_query(text).value(); };
  for (const char* text : {"protocol=tcp&protocol=tcp", "limit=1&limit=2", "sort=id&sort=id",
                           "vni=1&vni=2", "since=1m&since=2m"})
    refused(parse_flows_query(params(text), kNow), text);
  for (const char* text : {"by=rate&by=rate", "limit=1&limit=2", "protocol=6&protocol=17"})
    refused(parse_top_query(params(text)), text);
  refused(parse_stream_query(params("vni=1&vni=2"), kNow), "stream");
  for (const char* text :
       {"vni=1&vni=2", "tunnel=gre&tunnel=gre", "direction=egress&direction=egress",
        "interface=a&interface=b", "limit=1&limit=2"})
    refused(parse_tunnels_query(params(text)), text);
  for (const char* text : {"protocol=6&protocol=17", "role=pod&role=pod", "limit=1&limit=2"})
    refused(parse_losses_query(params(text), kNow), text);
  for (const char* text : {"pid=1&pid=2", "process=a&process=b", "src-ip=10.0.0.1&pid=3&pid=3"})
    refused(parse_connections_query(params(text), kNow), text);
  for (const char* text : {"protocol=6&protocol=17", "by=flow&by=flow", "netns=1&netns=2"})
    refused(parse_drops_query(params(text), kNow), text);
  EXPECT_TRUE(parse_tunnels_query(params("outer_ip=10.0.0.1&outer-ip=10.0.0.2")));
  EXPECT_TRUE(parse_losses_query(params("ip=10.0.0.1&ip=10.0.0.2"), kNow));
  EXPECT_TRUE(parse_drops_query(params("reason=A&reason=B"), kNow));
}

}  // namespace
}  // namespace netprobe
