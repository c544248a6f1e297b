// SPDX-License-Identifier: Apache-2.0
// Live sums: what flows gain, in steps of time, over a stream.
#include "query/live_window.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/flow_hub.h"
#include "api/live_event.h"
#include "api/testing/query_api.h"
#include "query/flow_gains.h"

namespace netprobe {
namespace {

namespace json = boost::json;
using testing::kBegin;
using testing::kSecondMicros;
using testing::kStart;
using testing::make_flow;
using testing::RawConnection;

std::shared_ptr<const Query> query_of(const std::string& text) {
  return std::make_shared<const Query>(parse_query(text, kStart).value());
}

json::object data_of(const std::optional<LiveWindow::Step>& step) {
  EXPECT_TRUE(step);
  if (!step) return {};
  const std::string event = window_event(*step);
  const std::string_view mark = "event: window\ndata: ";
  EXPECT_TRUE(event.starts_with(mark)) << event;
  EXPECT_TRUE(event.ends_with("\n\n"));
  return json::parse(event.substr(mark.size())).as_object();
}

FlowRecord record(std::uint32_t host, std::uint64_t bytes, Micros time) {
  FlowRecord result;
  result.tuple.src = IpAddress::v4(host);
  result.forward = {1, bytes};
  result.time = time;
  return result;
}

constexpr Micros kStep = 5 * kSecondMicros;
constexpr Micros kFirst = kBegin - kBegin % kStep;

TEST(LiveWindow, TellsAStepWhenItIsOver) {
  LiveWindow window(query_of("sum bytes by src.ip every 5s | order by sum_bytes desc"),
                    kFirst + kSecondMicros);
  for (const auto& [host, bytes] : {std::pair(1U, 10U), std::pair(2U, 30U), std::pair(1U, 5U)}) {
    auto gain = record(host, bytes, kFirst + 2 * kSecondMicros);
    window.add(gain, "node-a");
  }
  EXPECT_FALSE(window.advance(kFirst + kStep - 1));
  auto told = data_of(window.advance(kFirst + kStep));
  EXPECT_EQ(json::serialize(told.at("rows")),
            R"([["2023-11-14T22:13:20.000000000Z","0.0.0.2",30],)"
            R"(["2023-11-14T22:13:20.000000000Z","0.0.0.1",15]])");
  EXPECT_TRUE(told.at("partial").as_bool());
  EXPECT_EQ(told.at("since").as_string(), "2023-11-14T22:13:21.000000000Z");
  EXPECT_EQ(told.at("until").as_string(), "2023-11-14T22:13:25.000000000Z");
  // The next one is whole, and empty.
  told = data_of(window.advance(kFirst + 2 * kStep));
  EXPECT_FALSE(told.at("partial").as_bool());
  EXPECT_TRUE(told.at("rows").as_array().empty());
}

TEST(LiveWindow, PutsWhatIsLateIntoTheOpenStep) {
  LiveWindow window(query_of("sum bytes every 5s"), kFirst);
  (void)window.advance(kFirst + kStep);
  auto late = record(1, 7, kFirst + 1);
  window.add(late, "");
  const auto told = data_of(window.advance(kFirst + 2 * kStep));
  EXPECT_EQ(told.at("late").to_number<int>(), 1);
  EXPECT_EQ(json::serialize(told.at("rows")), R"([["2023-11-14T22:13:25.000000000Z",7]])");
}

TEST(LiveWindow, LeavesOutWhatItHasNoRoomForAndSaysSo) {
  LiveWindow window(query_of("sum bytes by src.ip every 5s | limit 3"), kFirst);
  for (std::uint32_t host = 1; host <= LiveWindow::kRoom.groups + 20; ++host) {
    auto gain = record(host, 100, kFirst);
    window.add(gain, "");
  }
  auto old = record(1, 100, kFirst);  // its group is there
  window.add(old, "");
  const auto told = data_of(window.advance(kFirst + kStep));
  EXPECT_EQ(json::serialize(told.at("left_out")), R"({"records":20,"packets":20,"bytes":2000})");
  EXPECT_EQ(told.at("total").to_number<std::size_t>(), LiveWindow::kRoom.groups);
  EXPECT_EQ(told.at("rows").as_array().size(), 3U);
  EXPECT_TRUE(told.at("truncated").as_bool());
}

TEST(LiveWindow, BoundsWhatQuantilesKeep) {
  LiveWindow window(query_of("p99 bytes every 5s"), kFirst);
  for (std::size_t i = 0; i < LiveWindow::kRoom.values + 5; ++i) {
    auto gain = record(1, i, kFirst);
    window.add(gain, "");
  }
  const auto told = data_of(window.advance(kFirst + kStep));
  EXPECT_EQ(told.at("left_out").at("records").to_number<int>(), 5);
}

TEST(LiveWindow, FollowsAClockThatSteps) {
  LiveWindow window(query_of("count every 5s"), kFirst);
  // Ahead by an hour: the steps between are not made up.
  EXPECT_TRUE(window.advance(kFirst + 3600 * kSecondMicros));
  EXPECT_FALSE(window.advance(kFirst + 3601 * kSecondMicros));
  // And back.
  EXPECT_TRUE(window.advance(kFirst));
  EXPECT_FALSE(window.advance(kFirst + kSecondMicros));
}

TEST(FlowGains, AreWhatCameSinceTheStateBefore) {
  FlowGains gains(10);
  Flow flow = make_flow(3);  // 3 packets, 300 bytes
  gains.begin({flow});
  FlowRecord gain;
  EXPECT_FALSE(gains.take(flow, kBegin, gain));
  flow.forward += Counters{2, 50};
  flow.tcp_forward.retransmits = 4;
  flow.handshake_rtt = kMillisecond;
  ASSERT_TRUE(gains.take(flow, kBegin, gain));
  EXPECT_EQ(gain.forward, (Counters{2, 50}));
  EXPECT_EQ(gain.reverse, Counters{});
  EXPECT_EQ(gain.client_trouble.retransmits, 4U);
  EXPECT_EQ(gain.handshake, 1000);
  EXPECT_FALSE(gain.began);
  // Closed, and told again for what comes late: no last word yet.
  flow.ended = true;
  EXPECT_FALSE(gains.take(flow, kBegin, gain));
  flow.reverse += Counters{1, 40};
  ASSERT_TRUE(gains.take(flow, kBegin, gain));
  EXPECT_EQ(gain.forward, Counters{});
  EXPECT_EQ(gain.reverse, (Counters{1, 40}));
  EXPECT_FALSE(gain.began);
  EXPECT_FALSE(gain.ended);
  flow.ending = FlowEnding::kSilent;
  ASSERT_TRUE(gains.take(flow, kBegin, gain));
  EXPECT_EQ(gain.forward, Counters{});
  EXPECT_EQ(gain.reverse, Counters{});
  EXPECT_TRUE(gain.ended);
  EXPECT_EQ(gain.handshake, 0);  // it was told
  EXPECT_EQ(gains.size(), 0U);
  ASSERT_TRUE(gains.take(make_flow(4), kBegin, gain));
  EXPECT_TRUE(gain.began);
  EXPECT_EQ(gain.forward, (Counters{4, 400}));
}

TEST(FlowGains, CountNothingTwiceOfFlowsThatTurnOutToBeOne) {
  FlowGains gains(10);
  FlowRecord gain;
  ASSERT_TRUE(gains.take(make_flow(1), kBegin, gain));
  ASSERT_TRUE(gains.take(make_flow(2), kBegin, gain));
  Flow gone = make_flow(1);
  gone.forward = gone.reverse = {};
  gone.merged_into = 2;
  gone.ended = true;
  EXPECT_FALSE(gains.take(gone, kBegin, gain));
  Flow both = make_flow(2);
  both.forward = {1 + 2 + 5, 100 + 200 + 500};
  both.reverse = {2, 100};
  ASSERT_TRUE(gains.take(both, kBegin, gain));
  EXPECT_EQ(gain.forward, (Counters{5, 500}));
  EXPECT_EQ(gain.reverse, Counters{});
}

TEST(FlowGains, OfFlowsThatWereThereBeforeBeginWhenTheyAreFirstTold) {
  FlowGains gains(10);
  gains.begin_at(kBegin);
  Flow old = make_flow(1);
  old.first_seen = (kBegin - 5) * kMicrosecond;
  FlowRecord gain;
  EXPECT_FALSE(gains.take(old, kBegin, gain));
  old.forward += Counters{2, 50};
  ASSERT_TRUE(gains.take(old, kBegin, gain));
  EXPECT_EQ(gain.forward, (Counters{2, 50}));
  EXPECT_FALSE(gain.began);
  Flow fresh = make_flow(2);
  fresh.first_seen = kBegin * kMicrosecond;
  ASSERT_TRUE(gains.take(fresh, kBegin, gain));
  EXPECT_TRUE(gain.began);
}

TEST(FlowGains, AreOfSoManyFlows) {
  FlowGains gains(2);
  FlowRecord gain;
  for (std::uint64_t id = 1; id <= 5; ++id) (void)gains.take(make_flow(id), kBegin, gain);
  EXPECT_EQ(gains.size(), 2U);
  EXPECT_EQ(gains.not_followed(), 3U);
}

class LiveSumsTest : public testing::QueryApi {
 protected:
  static std::string request(const std::string& query) {
    return "GET /api/stream?q=" + percent_encode(query) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  }
  void publish(std::vector<Flow> flows) {
    auto batch = std::make_shared<FlowBatch>();
    batch->time = clock.wall();
    batch->flows = std::move(flows);
    agent.publish(batch);
  }
};

TEST_F(LiveSumsTest, StreamsAStepAfterTheOther) {
  RawConnection client(server->port());
  client.send(request("dst.port=443 bytes<1000 | sum bytes, packets by src.ip every 5s"));
  ASSERT_TRUE(client.read_until("\"query\":"));
  agent.wait_for_subscribers(1);
  Flow known = make_flow(3);  // as the snapshot has it: no gain
  known.forward += Counters{1, 77};
  Flow large = make_flow(30);
  publish({known, large, make_flow(9)});
  clock.advance(10 * kSecond);
  // Nothing changes any more, and still it is told.
  ASSERT_TRUE(client.read_until("event: window\n"));
  ASSERT_TRUE(client.read_until("\"missing\":0}\n\n"));
  const auto& seen = client.seen();
  EXPECT_NE(seen.find("\"10.0.0.3\",77,1]"), std::string::npos) << seen;
  EXPECT_NE(seen.find("\"10.0.0.9\",900,9]"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("10.0.0.30"), std::string::npos) << "it gained more than asked for";
  EXPECT_EQ(seen.find("event: flow"), std::string::npos);
}

TEST_F(LiveSumsTest, SaysInOneSentenceWhatCannotBeLive) {
  const std::pair<const char*, const char*> cases[] = {
      {"drops | sum packets every 5s", "streams are of flows"},
      {"flows | sum bytes", "every 5s"},
      {"flows | sum bytes every 5s | last 1h", "begins now"},
      {"flows | new src.ip since 1d", "past"},
      {"flows | limit 5", "filter alone"},
      {"flows | order by bytes", "filter alone"},
      {"flows | fields src.ip", "filter alone"},
      {"flows | sum bytes every 100ms", "1s or longer"},
      {"flows | sum bytes every 2h", "from 1s to 1h"},
      {"flows | peak bytes every 1m", "whole minutes"}};
  for (const auto& [query, said] : cases) {
    const auto got = get("/api/stream?q=" + percent_encode(query));
    EXPECT_EQ(got.status, 400) << query;
    EXPECT_NE(got.body.find(said), std::string::npos) << got.body;
  }
}

TEST_F(LiveSumsTest, ServesSoManyAtOnce) {
  std::vector<std::unique_ptr<RawConnection>> clients;
  for (std::size_t i = 0; i < FlowHub::kMostSums; ++i) {
    clients.push_back(std::make_unique<RawConnection>(server->port()));
    clients.back()->send(request("count every 1s"));
    ASSERT_TRUE(clients.back()->read_until("event: hello"));
  }
  EXPECT_EQ(get("/api/stream?q=" + percent_encode("count every 1s")).status, 503);
}

}  // namespace
}  // namespace netprobe
