// SPDX-License-Identifier: Apache-2.0
#include "cluster/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/duration.h"
#include "cluster/merge_flows.h"
#include "cluster/page_parts.h"
#include "cluster/testing/fake_agents.h"

namespace netprobe {
namespace {

using testing::FakeAgent;
using testing::FakeDirectory;
using testing::ManualScheduler;
using Manner = FakeAgent::Manner;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Nanos kNow = 1'764'000'000LL * kSecond;

class ClusterPagesTest : public ::testing::Test {
 protected:
  ClusterPagesTest() {
    clock_.set(kNow);
    for (const char* name : {"a", "b", "c"}) agents_.push_back(directory_.add(name));
  }

  /// An agent's list: so many rows of /api/connections, paged as agents do.
  void have_connections(const std::shared_ptr<FakeAgent>& agent, std::size_t count) {
    agent->serve([count, node = agent->state()->node](const std::string&,
                                                      const std::string& query) {
      std::size_t limit = 100;
      std::size_t from = 0;
      const auto params = parse_query(query);
      for (const auto& each : *params) {
        if (each.name == "limit") limit = std::stoul(each.value);
        if (each.name == "cursor") from = std::stoul(each.value);
      }
      std::string body = "{\"node_name\":\"" + node + "\",\"connections\":[";
      for (std::size_t i = from; i < std::min(count, from + limit); ++i)
        body += (i > from ? "," : "") + std::string("{\"id\":") + std::to_string(i) + "}";
      body += "],\"total\":" + std::to_string(count) + ",\"next_cursor\":";
      body += from + limit < count ? "\"" + std::to_string(from + limit) + "\"" : "null";
      body +=
          R"(,"listening":[{"port":80}],"live":7,"completeness":{"complete":false,"lost":{"x.y":2}}})";
      return PageAnswer{200, "application/json", body};
    });
  }

  simdjson::dom::object ask(const std::string& path, const QueryParams& params) {
    answer_.reset();
    const auto take = [this](PageAnswer answer) {
      EXPECT_FALSE(answer_) << "an answer is given once";
      answer_ = std::move(answer);
    };
    if (path == "/api/flows")
      pages_.flows(params, take);
    else if (path == "/api/stats")
      pages_.stats(take);
    else
      pages_.list(path, params, take);
    scheduler_.run();
    if (!answer_) scheduler_.advance(10 * kSecond);
    EXPECT_TRUE(answer_);
    simdjson::dom::object object;
    EXPECT_EQ(parser_.parse(answer_->body).get(object), simdjson::SUCCESS) << answer_->body;
    return object;
  }
  static std::size_t rows(simdjson::dom::object object, std::string_view list) {
    simdjson::dom::array array;
    return object[list].get(array) == simdjson::SUCCESS ? array.size() : 0;
  }

  ManualClock clock_;
  ManualScheduler scheduler_{clock_};
  FakeDirectory directory_;
  std::vector<std::shared_ptr<FakeAgent>> agents_;
  ClusterPages pages_{directory_, scheduler_, clock_};
  std::optional<PageAnswer> answer_;
  simdjson::dom::parser parser_;
};

TEST_F(ClusterPagesTest, ListsStandBehindEachOther) {
  for (const auto& agent : agents_) have_connections(agent, 2);
  const auto page = ask("/api/connections", {});
  EXPECT_EQ(answer_->status, 200);
  EXPECT_EQ(rows(page, "connections"), 6U);
  EXPECT_EQ(rows(page, "listening"), 3U) << "other lists too";
  EXPECT_EQ(number_in(page, "total"), 6U);
  EXPECT_THAT(answer_->body, HasSubstr(R"({"node":"b","id":1})"));
  EXPECT_THAT(answer_->body, HasSubstr(R"({"node":"c","live":7})"));
  EXPECT_THAT(answer_->body, HasSubstr(R"("lost":{"x.y":6})"));
  EXPECT_THAT(answer_->body, HasSubstr(R"("partial":false)"));
  EXPECT_THAT(answer_->body, HasSubstr(R"("agents":3,"answered":3)"));
}

TEST_F(ClusterPagesTest, PagesRepeatAndMissNoRow) {
  const std::size_t counts[] = {5, 0, 23};
  for (std::size_t i = 0; i < 3; ++i) have_connections(agents_[i], counts[i]);
  for (const std::size_t limit : {1U, 3U, 5U, 10U, 100U}) {
    std::vector<std::string> seen;
    std::string cursor;
    for (int page = 0; page < 100; ++page) {
      QueryParams params{{"limit", std::to_string(limit)}};
      if (!cursor.empty()) params.push_back({"cursor", cursor});
      const auto object = ask("/api/connections", params);
      simdjson::dom::array list;
      ASSERT_EQ(object["connections"].get(list), simdjson::SUCCESS);
      // Who begins at a later agent cannot know what those before have.
      EXPECT_EQ(object["total"].error() == simdjson::SUCCESS, cursor.empty());
      if (cursor.empty()) EXPECT_EQ(number_in(object, "total"), 28U);
      ASSERT_LE(list.size(), limit);
      for (const auto& row : list) seen.push_back(simdjson::minify(row));
      cursor = text_in(object, "next_cursor");
      if (cursor.empty()) break;
    }
    ASSERT_EQ(seen.size(), 28U) << "limit " << limit;
    std::ranges::sort(seen);
    EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
  }
}

TEST_F(ClusterPagesTest, PagesThatTakeNothingAtAgentsTakeALimitAndANodeHere) {
  for (const auto& agent : agents_)
    agent->serve([](const std::string&, const std::string& query) {
      if (!query.empty())
        return PageAnswer{400, "application/json", R"({"detail":"none is taken"})"};
      return PageAnswer{200, "application/json", R"({"interfaces":[{"id":1},{"id":2},{"id":3}]})"};
    });
  std::string cursor;
  std::size_t seen = 0;
  for (int page = 0; page < 5; ++page) {
    QueryParams params{{"limit", "2"}};
    if (!cursor.empty()) params.push_back({"cursor", cursor});
    const auto object = ask("/api/interfaces", params);
    ASSERT_EQ(answer_->status, 200) << answer_->body;
    seen += rows(object, "interfaces");
    cursor = text_in(object, "next_cursor");
    EXPECT_EQ(cursor.empty(), page == 4);
  }
  EXPECT_EQ(seen, 9U);
  const auto one = ask("/api/interfaces", {{"node", "b"}});
  EXPECT_EQ(rows(one, "interfaces"), 3U);
  EXPECT_THAT(answer_->body, HasSubstr(R"({"node":"b","id":1})"));
  EXPECT_THAT(answer_->body, HasSubstr(R"("agents":1,"answered":1)"));
  (void)ask("/api/interfaces", {{"node", "z"}});
  EXPECT_EQ(answer_->status, 400);
  EXPECT_THAT(answer_->body, HasSubstr("there is none of that name"));
  (void)ask("/api/interfaces", {{"role", "pod"}});
  EXPECT_EQ(answer_->status, 400) << "what nobody takes";
}

TEST_F(ClusterPagesTest, WhoDoesNotAnswerIsTold) {
  have_connections(agents_[0], 1);
  agents_[1]->behave(Manner::kGarbage);
  agents_[2]->behave(Manner::kNever);
  directory_.know({"a", "b", "c", "d"});
  const auto page = ask("/api/connections", {});
  EXPECT_EQ(rows(page, "connections"), 1U);
  EXPECT_THAT(answer_->body, HasSubstr(R"("partial":true)"));
  EXPECT_THAT(answer_->body, HasSubstr(R"("agents":4,"answered":1)"));
  EXPECT_THAT(answer_->body, HasSubstr("what it sent is no such page"));
  EXPECT_THAT(answer_->body, HasSubstr("it did not answer in time"));
  EXPECT_THAT(answer_->body, HasSubstr("no agent was found on it"));
}

TEST_F(ClusterPagesTest, OddJsonIsOneAgentsFailure) {
  have_connections(agents_[0], 1);
  for (const char* body : {"", "[]", "7", "{\"connections\":7}", "{\"connections\":[1]}",
                           "{\"connections\":[{}", "\xff", "{\"connections\":[\"\xff\"]}"}) {
    agents_[1]->serve([body](auto&, auto&) { return PageAnswer{200, "application/json", body}; });
    have_connections(agents_[2], 1);
    const auto page = ask("/api/connections", {});
    EXPECT_EQ(rows(page, "connections"), 2U) << body;
    EXPECT_THAT(answer_->body, HasSubstr(R"("answered":2)")) << body;
  }
}

TEST_F(ClusterPagesTest, WhatAgentsRefuseIsRefusedInTheirWords) {
  for (const auto& agent : agents_)
    agent->serve([](auto&, auto&) {
      return PageAnswer{400, "application/problem+json", R"({"detail":"no such protocol"})"};
    });
  (void)ask("/api/connections", {{"protocol", "x"}});
  EXPECT_EQ(answer_->status, 400);
  EXPECT_THAT(answer_->body, HasSubstr("no such protocol"));
  (void)ask("/api/connections", {{"limit", "0"}});
  EXPECT_EQ(answer_->status, 400);
  (void)ask("/api/connections", {{"cursor", "zz"}});
  EXPECT_EQ(answer_->status, 400);
}

TEST_F(ClusterPagesTest, NobodyThereIsToldAsSuch) {
  for (const auto& agent : agents_) agent->behave(Manner::kFails);
  (void)ask("/api/connections", {});
  EXPECT_EQ(answer_->status, 503);
  EXPECT_THAT(answer_->body, HasSubstr("3 of 3 nodes did not answer: a (the connection broke)"));
}

TEST_F(ClusterPagesTest, RowsThatHaveANodeKeepIt) {
  agents_[0]->serve([](auto&, auto&) {
    return PageAnswer{200, "application/json", R"({"peers":[{"node":"x"}]})"};
  });
  (void)ask("/api/peers", {});
  EXPECT_THAT(answer_->body, HasSubstr(R"({"reported_by":"a","node":"x"})"));
}

TEST_F(ClusterPagesTest, StatsAreAddedUp) {
  const auto serve = [&](std::size_t at, const char* body) {
    agents_[at]->serve([body](auto&, auto&) { return PageAnswer{200, "application/json", body}; });
  };
  serve(0, R"({"version":"0.1.0","total_flows":2,"cpu_seconds":1.5,
    "protocol_distribution":{"tcp":2},"port_distribution":{},
    "node_traffic_matrix":{"a":{"b":100},"b":{"a":10}}})");
  serve(1, R"({"version":"0.1.0","total_flows":3,"cpu_seconds":1.5,
    "protocol_distribution":{"tcp":1,"udp":2},"port_distribution":{},
    "node_traffic_matrix":{"a":{"b":90},"b":{"a":11,"c":5},"external":{"b":7}}})");
  agents_[2]->behave(Manner::kFails);
  const auto page = ask("/api/stats", {});
  EXPECT_EQ(number_in(page, "total_flows"), 5U);
  EXPECT_EQ(real_in(page, "cpu_seconds"), 3.0);
  EXPECT_THAT(answer_->body, HasSubstr(R"("protocol_distribution":{"tcp":3,"udp":2})"));
  EXPECT_THAT(answer_->body, HasSubstr(R"("port_distribution":{})"));
  EXPECT_THAT(answer_->body, HasSubstr(R"({"a":{"b":100},"b":{"a":11,"c":5},"external":{"b":7}})"))
      << "what a node sent is what it tells itself";
  EXPECT_THAT(answer_->body, HasSubstr(R"({"node":"a","version":"0.1.0"})"));
}

/// One flow of a node, in the JSON of agents.
std::string flow(std::uint64_t id, const std::string& tuple, const std::string& nodes, Nanos last,
                 const std::string& more) {
  return "{\"id\":" + std::to_string(id) + "," + tuple + "," + nodes + ",\"first_seen\":\"" +
         format_rfc3339(kNow - 100 * kSecond) + "\",\"last_seen\":\"" + format_rfc3339(last) +
         "\"," + more + "}";
}
PageAnswer flows_page(const std::string& flows, const std::string& cursor = "null") {
  return {200, "application/json",
          "{\"flows\":[" + flows + "],\"total\":1,\"next_cursor\":" + cursor + "}"};
}
constexpr const char* kToService =
    R"("protocol":"tcp","src_ip":"10.0.1.1","src_port":4000,"dst_ip":"10.96.0.1","dst_port":80,)"
    R"("nat":{"src_ip":"10.0.1.1","dst_ip":"10.0.2.2","src_port":4000,"dst_port":8080})";
constexpr const char* kToBackend =
    R"("protocol":"tcp","src_ip":"10.0.1.1","src_port":4000,"dst_ip":"10.0.2.2","dst_port":8080)";
constexpr const char* kAToB = R"("src_node":"a","dst_node":"b")";
constexpr Nanos kQuietSince = kNow - 20 * kSecond;

TEST_F(ClusterPagesTest, BothSidesOfAFlowStandInOne) {
  agents_[0]->serve([](auto&, const std::string& query) {
    EXPECT_THAT(query, HasSubstr("reporter"));
    return flows_page(flow(1, kToService, kAToB, kQuietSince,
                           R"("packets":100,"bytes":1000,"reverse_packets":48,)"
                           R"("reverse_bytes":480,"retransmits":5,"handshake_server_ms":12.5)"));
  });
  agents_[1]->serve([](auto&, const std::string& query) {
    if (query.find("reporter") != std::string::npos) return flows_page("");
    EXPECT_THAT(query, HasSubstr(percent_encode("ip in (10.0.2.2)")));
    return flows_page(flow(9, kToBackend, kAToB, kQuietSince + kMillisecond,
                           R"("packets":97,"bytes":970,"reverse_packets":50,)"
                           R"("reverse_bytes":500,"retransmits":2,"handshake_server_ms":2.5)"));
  });
  agents_[2]->serve([](auto&, auto&) { return flows_page(""); });
  (void)ask("/api/flows", {});
  EXPECT_THAT(answer_->body, HasSubstr(R"("sides":{"client":{"node":"a","packets":100)"));
  EXPECT_THAT(answer_->body, HasSubstr(R"("server":{"node":"b","packets":97)"));
  EXPECT_THAT(answer_->body, HasSubstr(R"("lost_packets":3,"reverse_lost_packets":2)"));
  EXPECT_THAT(answer_->body, HasSubstr(R"("between_nodes_rtt_ms":10.000)"));
  EXPECT_THAT(answer_->body, Not(HasSubstr("\"note\"")));
  EXPECT_EQ(agents_[2]->asked_pages().size(), 1U) << "it has no other half to tell of";
}

TEST_F(ClusterPagesTest, AMissingSideIsTold) {
  agents_[0]->serve([](auto&, auto&) {
    return flows_page(flow(1, kToService, kAToB, kQuietSince, R"("packets":100)"));
  });
  agents_[1]->serve([](auto&, auto&) { return flows_page(""); });
  agents_[2]->serve([](auto&, auto&) { return flows_page(""); });
  (void)ask("/api/flows", {});
  EXPECT_THAT(answer_->body, HasSubstr(R"("server":null,"note":"b tells of no such flow")"));
}

TEST_F(ClusterPagesTest, FlowsComeNewestFirstAndPageByPage) {
  // Of each agent 20 flows, some with the same time on several nodes.
  std::vector<std::vector<Nanos>> times(3);
  for (std::size_t node = 0; node < 3; ++node) {
    for (std::size_t i = 0; i < 20; ++i)
      times[node].push_back(kNow - static_cast<Nanos>((i * (node + 2)) % 30) * kSecond);
    agents_[node]->serve([&times, node](auto&, const std::string& query) {
      std::size_t limit = 0;
      std::uint64_t weight = UINT64_MAX;
      std::uint64_t after = 0;
      const auto params = parse_query(query);
      for (const auto& each : *params) {
        if (each.name == "limit") limit = std::stoul(each.value);
        if (each.name == "cursor") {
          EXPECT_EQ(each.value[0], 'l');
          weight = std::stoull(each.value.substr(1), nullptr, 16);
          after = std::stoull(each.value.substr(each.value.find('-') + 1), nullptr, 16);
        }
      }
      std::vector<std::pair<std::uint64_t, std::uint64_t>> list;
      for (std::uint64_t id = 0; id < times[node].size(); ++id) {
        const auto w = static_cast<std::uint64_t>(times[node][id]);
        if (w < weight || (w == weight && id > after)) list.emplace_back(UINT64_MAX - w, id);
      }
      std::ranges::sort(list);
      const bool more = list.size() > limit;
      if (more) list.resize(limit);
      std::string text;
      for (const auto& [w, id] : list)
        text += (text.empty() ? "" : ",") +
                flow(id, kToBackend, R"("src_node":"x")", times[node][id], R"("packets":1)");
      return flows_page(text, more ? "\"x\"" : "null");
    });
  }
  for (const std::size_t limit : {1U, 4U, 7U, 100U}) {
    std::vector<std::string> seen;
    std::string cursor;
    std::string newest = "9";
    for (int page = 0; page < 100; ++page) {
      QueryParams params{{"limit", std::to_string(limit)}};
      if (!cursor.empty()) params.push_back({"cursor", cursor});
      const auto object = ask("/api/flows", params);
      simdjson::dom::array list;
      ASSERT_EQ(object["flows"].get(list), simdjson::SUCCESS) << answer_->body;
      for (const auto& row : list) {
        const simdjson::dom::object each(row);
        const std::string time(text_in(each, "last_seen"));
        EXPECT_LE(time, newest);
        newest = time;
        seen.push_back(std::string(text_in(each, "node")) + std::to_string(number_in(each, "id")));
      }
      cursor = text_in(object, "next_cursor");
      if (cursor.empty()) break;
    }
    ASSERT_EQ(seen.size(), 60U) << "limit " << limit;
    std::ranges::sort(seen);
    EXPECT_EQ(std::ranges::adjacent_find(seen), seen.end());
  }
}

TEST(PagePlaces, AreReadAsTheyWereWritten) {
  const PagePlace place{"node a", "10.0.0.1:1", 7, "c-9"};
  const auto read = parse_page_place(format_page_place(place));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->node, "node a");
  EXPECT_EQ(read->offset, 7U);
  EXPECT_EQ(read->cursor, "c-9");
  for (const char* bad : {"", ".", "...", "zz..1.", "61.61.x.", "61.61.1.6", "61.61.01.", "A1..1."})
    EXPECT_FALSE(parse_page_place(bad)) << bad;
  const FlowsPlace flows{FlowsOrder::kBytes, 255, 3, "n", "a"};
  const auto again = parse_flows_place(format_flows_place(flows));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->weight, 255U);
  EXPECT_EQ(again->node, "n");
  for (const char* bad : {"", "x1-1-61-61", "b", "b1-1", "b1-1-6-61", "bff-3-6e"})
    EXPECT_FALSE(parse_flows_place(bad)) << bad;
}

}  // namespace
}  // namespace netprobe
