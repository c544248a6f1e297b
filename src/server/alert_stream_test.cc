// SPDX-License-Identifier: Apache-2.0
#include "server/alert_stream.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "cluster/testing/fake_agents.h"
#include "io/testing/http_client.h"
#include "outbox/testing/made_alerts.h"

namespace netprobe {
namespace {

using testing::FakeAgent;
using testing::FakeDirectory;
using testing::made_alert_event;
using testing::RawConnection;

/// As it is behind the wire: what has no column is in the evidence alone.
AlertEvent wired(AlertEvent event) {
  event.change = AlertChange::kOngoing;
  event.key.clear();
  event.source_text.clear();
  event.target_text.clear();
  event.opened = event.resolved = 0;
  return event;
}

boost::json::object live(const AlertEvent& event) {
  std::string text;
  append_live_alert(text, event, "a");
  EXPECT_EQ(text.find('\n'), std::string::npos);
  return boost::json::parse(text).as_object();
}

TEST(LiveAlert, HasTheMembersOfAnAgentsOwn) {
  Alert alert = testing::made_alert("x");
  alert.finding.source.text = "10.0.0.0/8";
  alert.state = AlertState::kResolved;
  alert.change = AlertChange::kResolved;
  alert.resolved = alert.updated = alert.opened + 5'000'000;
  std::string text;
  append_json(text, alert);
  boost::json::object own = boost::json::parse(text).as_object();
  boost::json::object told = live(wired(event_of(alert, alert.updated)));
  EXPECT_EQ(told.at("node"), "a");
  told.erase("node");
  // What is said of it beside.
  for (const char* more : {"change", "key", "opened", "resolved", "source_text"})
    told.at("evidence").as_object().erase(more);
  EXPECT_EQ(told, own);
}

TEST(LiveAlert, BearsEvidenceThatIsNone) {
  AlertEvent event = wired(made_alert_event("x"));
  for (const char* evidence :
       {"", "{", "[1]", "7", "{\"change\":5}", "{\"opened\":null,\n\"x\":\n\n1}", "\xff"}) {
    event.evidence = evidence;
    EXPECT_EQ(live(event).at("state"), "active") << evidence;
  }
}

class AlertStreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    agent_ = directory_.add("a");
    agent_->serve([](const std::string& path, const std::string& query) {
      EXPECT_EQ(path, "/api/alerts");
      EXPECT_NE(query.find("state=active"), std::string::npos) << query;
      return PageAnswer{200, "application/json",
                        R"({"alerts":[{"id":"old","kind":"port_scan"}],"total":1,)"
                        R"("next_cursor":null,"completeness":{"complete":true,"lost":{}}})"};
    });
    http_ = HttpServer::make({.address = "127.0.0.1"}).value();
    add_alert_stream_route(*http_, pages_, directory_, scheduler_, clock_);
    ASSERT_TRUE(http_->start());
  }
  void TearDown() override {
    http_->stop();
    scheduler_.stop();
  }
  static void ask(RawConnection& client, const std::string& query = "") {
    client.send("GET /api/alerts/stream" + query + " HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(client.read_until(": netprobe alerts of a cluster\n\n")) << client.seen();
  }
  void tell(AlertEvent event) {
    LiveBatch batch;
    batch.node = "a";
    auto records = std::make_shared<HistoryBatch>();
    records->node = "a";
    records->alerts.push_back(wired(std::move(event)));
    batch.records = std::move(records);
    while (agent_->tell(batch) == 0) {
    }
  }

  const SystemClock clock_;
  FakeDirectory directory_;
  std::shared_ptr<FakeAgent> agent_;
  ThreadScheduler scheduler_{2};
  ClusterPages pages_{directory_, scheduler_, clock_};
  std::unique_ptr<HttpServer> http_;
};

TEST_F(AlertStreamTest, TellsWhatIsActiveAndThenWhatComes) {
  RawConnection client(http_->port());
  ask(client);
  ASSERT_TRUE(client.read_until("\"id\":\"old\"")) << client.seen();
  EXPECT_NE(client.seen().find("\"node\":\"a\""), std::string::npos) << client.seen();
  client.forget();
  tell(made_alert_event("new"));
  ASSERT_TRUE(client.read_until("event: alert\ndata: {\"node\":\"a\",\"id\":\"new\""))
      << client.seen();
  client.forget();
  tell(made_alert_event("new", AlertChange::kResolved, 1'000'000));
  ASSERT_TRUE(client.read_until("\"state\":\"resolved\"")) << client.seen();
}

TEST_F(AlertStreamTest, AsksAgentsForTheFilterAndKeepsToTheRest) {
  RawConnection client(http_->port());
  ask(client, "?q=src.ip%3Dfd00%3A%3A9&severity=high&kind=port_scan&state=active");
  while (agent_->streams().empty()) {
  }
  const Query asked = agent_->streams().front().query;
  EXPECT_EQ(asked.kind, RecordKind::kAlert);
  EXPECT_EQ(canonical(asked), canonical(*parse_alert_filter("src.ip=fd00::9", 0)));
  tell(made_alert_event("mild"));
  AlertEvent other = made_alert_event("other", AlertChange::kWorse);
  other.kind = "beacon";
  tell(other);
  AlertEvent over = made_alert_event("over", AlertChange::kResolved, 1);
  over.severity = "high";
  tell(over);
  tell(made_alert_event("bad", AlertChange::kWorse, 2));
  ASSERT_TRUE(client.read_until("\"id\":\"bad\"")) << client.seen();
  for (const char* left_out : {"mild", "other", "over"})
    EXPECT_EQ(client.seen().find("\"id\":\"" + std::string(left_out)), std::string::npos)
        << client.seen();
}

TEST_F(AlertStreamTest, ClientsHearOfAgentsAndRecordsThatAreMissing) {
  const auto away = directory_.add("b");
  away->change([](AgentState& state) {
    state.link = AgentState::Link::kUnreachable;
    state.problem = "connection refused";
  });
  RawConnection client(http_->port());
  ask(client);
  EXPECT_TRUE(
      client.read_until("event: agent\ndata: {\"node\":\"b\",\"state\":\"left\",\"problem\":"
                        "\"connection refused\"}\n\n"))
      << client.seen();
  LiveBatch lost;
  lost.node = "a";
  lost.lost = 3;
  while (agent_->tell(lost) == 0) {
  }
  EXPECT_TRUE(client.read_until("event: lost\ndata: {\"lost\":3,\"node\":\"a\"")) << client.seen();
  // It comes: what it has is told.
  away->serve([](const std::string&, const std::string&) {
    return PageAnswer{200, "application/json",
                      R"({"alerts":[{"id":"theirs"}],"total":1,"next_cursor":null,)"
                      R"("completeness":{"complete":true,"lost":{}}})"};
  });
  away->change([](AgentState& state) { state.link = AgentState::Link::kReady; });
  EXPECT_TRUE(client.read_until("\"id\":\"theirs\"")) << client.seen();
}

TEST_F(AlertStreamTest, WhatIsWrongIsSaid) {
  RawConnection client(http_->port());
  client.send("GET /api/alerts/stream?severity=bad HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(client.read_until("'bad' is not a value for severity")) << client.seen();
  agent_->behave(FakeAgent::Manner::kFails);
  RawConnection other(http_->port());
  ask(other);
  EXPECT_TRUE(other.read_until("no agent told what is active now")) << other.seen();
}

}  // namespace
}  // namespace netprobe
