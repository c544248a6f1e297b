// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <boost/json.hpp>

#include "api/alert_hub.h"
#include "api/alerts_query.h"
#include "api/testing/snapshots.h"
#include "base/mutex.h"
#include "io/http_server.h"
#include "io/testing/http_client.h"

namespace netprobe {
namespace {

namespace json = boost::json;
using testing::kStart;

AlertPtr alert(const std::string& id, Severity severity, AlertState state, Micros updated) {
  Alert made;
  made.id = id;
  made.state = state;
  made.opened = made.updated = updated;
  if (state == AlertState::kResolved) made.resolved = updated;
  made.finding.kind = severity >= Severity::kHigh ? "syn_flood" : "port_scan";
  made.finding.severity = severity;
  made.finding.technique = "T1046";
  made.finding.summary = "it's \"odd\" <script>";
  made.finding.source.address = *IpAddress::parse("10.0.0." + id);
  made.finding.target.address = *IpAddress::parse("fd00::1");
  made.finding.target.port = 443;
  return std::make_shared<const Alert>(std::move(made));
}

std::shared_ptr<AlertReport> report_of(std::vector<AlertPtr> alerts) {
  auto report = std::make_shared<AlertReport>();
  report->alerts = std::move(alerts);
  report->totals = {{"port_scan", Severity::kLow, 2}};
  report->detectors = {{.name = "scan", .on = true}, {.name = "anomaly", .why = "off"}};
  return report;
}

constexpr Micros kNow = kStart / kMicrosecond;

std::shared_ptr<Snapshot> with_alerts() {
  auto snapshot = testing::make_snapshot(0);
  auto muted = std::make_shared<Alert>(*alert("4", Severity::kCritical, AlertState::kActive, kNow));
  muted->muted = true;
  snapshot->alerts =
      report_of({alert("1", Severity::kHigh, AlertState::kActive, kNow + 3),
                 alert("2", Severity::kLow, AlertState::kActive, kNow + 2),
                 alert("3", Severity::kMedium, AlertState::kResolved, kNow + 1), muted});
  return snapshot;
}

json::object ask(const Snapshot& snapshot, std::string_view text) {
  const auto query = parse_alerts_query(parse_query(text).value(), kStart + 3600 * kSecond);
  EXPECT_TRUE(query) << text << ": " << query.error().detail;
  return json::parse(alerts_page(snapshot, *query)).as_object();
}
std::string ids(const json::object& answer) {
  std::string text;
  for (const auto& each : answer.at("alerts").as_array())
    text += std::string(each.at("id").as_string());
  return text;
}

TEST(AlertsPage, TellsWhoWhomAndWhoLooks) {
  const auto answer = ask(*with_alerts(), "");
  EXPECT_EQ(ids(answer), "123");
  const auto& first = answer.at("alerts").at(0).as_object();
  EXPECT_EQ(first.at("source").at("ip").as_string(), "10.0.0.1");
  EXPECT_EQ(first.at("target").at("port").as_int64(), 443);
  EXPECT_EQ(first.at("summary").as_string(), "it's \"odd\" <script>");
  EXPECT_FALSE(first.contains("resolved"));
  EXPECT_TRUE(answer.at("alerts").at(2).as_object().contains("resolved"));
  EXPECT_EQ(answer.at("detectors").at(1).at("why").as_string(), "off");
  EXPECT_EQ(answer.at("totals").at(0).at("count").as_int64(), 2);
}

TEST(AlertsPage, Narrows) {
  const auto snapshot = with_alerts();
  EXPECT_EQ(ids(ask(*snapshot, "state=active")), "12");
  EXPECT_EQ(ids(ask(*snapshot, "state=resolved")), "3");
  EXPECT_EQ(ids(ask(*snapshot, "severity=medium")), "13");
  EXPECT_EQ(ids(ask(*snapshot, "kind=port_scan")), "23");
  EXPECT_EQ(ids(ask(*snapshot, "kind=port_scan&kind=syn_flood")), "123");
  EXPECT_EQ(ids(ask(*snapshot, "muted=true")), "1234");
  EXPECT_EQ(ids(ask(*snapshot, "q=src.ip%3D10.0.0.2")), "2");
  EXPECT_EQ(ids(ask(*snapshot, "q=alerts+dst.port%3D443+alert.kind%3Dsyn_flood")), "1");
  EXPECT_EQ(ids(ask(*snapshot, "since=1s")), "");
}

TEST(AlertsPage, HasPages) {
  const auto snapshot = with_alerts();
  const auto first = ask(*snapshot, "limit=2");
  EXPECT_EQ(ids(first), "12");
  EXPECT_EQ(first.at("total").as_int64(), 3);
  const auto next =
      ask(*snapshot, "limit=2&cursor=" + std::string(first.at("next_cursor").as_string()));
  EXPECT_EQ(ids(next), "3");
  EXPECT_TRUE(next.at("next_cursor").is_null());
}

TEST(AlertsQuery, RefusesWhatItDoesNotKnow) {
  for (const std::string_view text :
       {"state=open", "severity=bad", "muted=yes", "limit=0", "since=tomorrow", "q=nope%3D1",
        "q=flows", "colour=red", "state=active&state=resolved"}) {
    const auto query = parse_alerts_query(parse_query(text).value(), kStart);
    ASSERT_FALSE(query) << text;
    EXPECT_FALSE(query.error().detail.empty()) << text;
  }
}

TEST(AlertHub, TellsWhatBecomesOfAlerts) {
  Mutex mutex;
  AlertReportPtr now = report_of({alert("1", Severity::kLow, AlertState::kActive, kNow),
                                  alert("2", Severity::kLow, AlertState::kResolved, kNow)});
  const auto set = [&](std::vector<AlertPtr> alerts) {
    const MutexLock lock(mutex);
    now = report_of(std::move(alerts));
  };
  auto server = HttpServer::make({.address = "127.0.0.1"}).value();
  auto hub = std::make_shared<AlertHub>(
      [&] {
        const MutexLock lock(mutex);
        return now;
      },
      server->timer(), "node\"1");
  server->route("/s", [&](const HttpRequest&, const HttpReply& reply) {
    auto stream = reply.open_stream([] {});
    hub->add(hub->new_client(), std::move(stream), {});
  });
  ASSERT_TRUE(server->start());
  testing::RawConnection client(server->port());
  client.send("GET /s HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client.read_until("event: hello\ndata: {\"node_name\":\"node\\\"1\"}\n\n"));
  ASSERT_TRUE(client.read_until("event: alert\ndata: {\"id\":\"1\""));
  // It goes on a little: nothing is told. Another is opened.
  set({alert("1", Severity::kLow, AlertState::kActive, kNow + 1'000'000),
       alert("3", Severity::kLow, AlertState::kActive, kNow)});
  ASSERT_TRUE(client.read_until("{\"id\":\"3\""));
  EXPECT_EQ(client.seen().find("\"id\":\"2\""), std::string::npos) << "it was over before";
  client.forget();
  set({alert("1", Severity::kHigh, AlertState::kActive, kNow + 2'000'000),
       alert("3", Severity::kLow, AlertState::kResolved, kNow)});
  ASSERT_TRUE(client.read_until("\"severity\":\"high\""));
  ASSERT_TRUE(client.read_until("\"state\":\"resolved\""));
  client.forget();
  set({alert("1", Severity::kHigh, AlertState::kActive, kNow + 12'000'000)});
  ASSERT_TRUE(client.read_until("{\"id\":\"1\"")) << "it is told again after ten seconds";
  client.close();
  server->stop();
}

}  // namespace
}  // namespace netprobe
