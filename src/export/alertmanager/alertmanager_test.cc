// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <boost/json.hpp>

#include "export/alertmanager/alertmanager_sender.h"
#include "export/alertmanager/told_alerts.h"
#include "outbox/testing/made_alerts.h"

namespace netprobe {
namespace {

using testing::kMadeTime;
using testing::made_alert_event;

constexpr Nanos kWall = kMadeTime * kMicrosecond + 10 * kSecond;

boost::json::array json_of(const ToldAlerts::Item& item) {
  return boost::json::parse("[" + item.json + "]").as_array();
}

struct ToldAlertsTest : ::testing::Test {
  std::vector<ToldAlerts::Item> items(std::vector<AlertEvent> events) {
    events_ = std::move(events);
    std::vector<RecordRef> records;
    for (const AlertEvent& event : events_) records.push_back({RecordKind::kAlert, &event, "n1"});
    return told.items(records, kWall, now);
  }
  void take(std::vector<AlertEvent> events) {
    for (auto& item : items(std::move(events))) told.taken(std::move(item), now);
  }
  ToldAlerts told{{.labels = {{"cluster", "west"}}}};
  Nanos now = 1'000 * kSecond;

 private:
  std::vector<AlertEvent> events_;
};

TEST_F(ToldAlertsTest, LabelsAreWhoItIsAndAnnotationsTheRest) {
  const auto all = items({made_alert_event("a")});
  ASSERT_EQ(all.size(), 1U);
  const auto alert = json_of(all[0]).at(0);
  const boost::json::object labels{{"cluster", "west"},    {"alertname", "NetProbePortScan"},
                                   {"kind", "port_scan"},  {"key", "fd00::9>a"},
                                   {"severity", "medium"}, {"node", "n1"},
                                   {"source", "fd00::9"},  {"target", "shop/web-1"},
                                   {"namespace", "shop"},  {"workload", "web"}};
  EXPECT_EQ(alert.at("labels").as_object(), labels);
  EXPECT_EQ(alert.at("annotations").at("value"), "40");
  EXPECT_EQ(alert.at("annotations").at("threshold"), "20");
  EXPECT_EQ(alert.at("annotations").at("count"), "40");
  EXPECT_EQ(alert.at("annotations").at("tactic_name"), "Reconnaissance");
  EXPECT_EQ(alert.at("startsAt"), "2025-11-24T16:00:00.000000000Z");
  EXPECT_EQ(alert.at("endsAt"), "2025-11-24T16:04:10.000000000Z");
}

TEST_F(ToldAlertsTest, OneThatGoesOnIsSentAgain) {
  take({made_alert_event("a")});
  now += 59 * kSecond;
  EXPECT_TRUE(items({}).empty());
  now += kSecond;
  auto again = items({});
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(json_of(again[0]).at(0).at("labels").at("key"), "fd00::9>a");
  told.taken(std::move(again[0]), now);
  EXPECT_TRUE(items({}).empty());
  // Nothing is heard of it any more, its end neither.
  now += 1'200 * kSecond;
  EXPECT_TRUE(items({}).empty());
}

TEST_F(ToldAlertsTest, OneThatIsOverEndsThenAndIsToldForAWhile) {
  take({made_alert_event("a")});
  auto all = items({made_alert_event("a", AlertChange::kResolved, 5'000'000)});
  EXPECT_EQ(json_of(all[0]).at(0).at("endsAt"), "2025-11-24T16:00:05.000000000Z");
  told.taken(std::move(all[0]), now);
  // By a clock that is behind ours the end was still to come, and did not count.
  for (int i = 0; i < 4; ++i) {
    now += 60 * kSecond;
    auto again = items({});
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(json_of(again[0]).at(0).at("endsAt"), "2025-11-24T16:00:05.000000000Z");
    told.taken(std::move(again[0]), now);
  }
  now += 60 * kSecond;
  EXPECT_TRUE(items({}).empty());
  take({made_alert_event("b")});
  EXPECT_EQ(told.size(), 1U);
}

TEST_F(ToldAlertsTest, OneThatGotWorseAndIsOverAtOnceIsToldAsWorse) {
  take({made_alert_event("a")});
  AlertEvent over = made_alert_event("a", AlertChange::kResolved, 5'000'000);
  over.severity = "high";
  auto all = items({made_alert_event("a", AlertChange::kWorse, 4'000'000), over});
  ASSERT_EQ(all.size(), 1U);
  const auto both = json_of(all[0]);
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both.at(0).at("labels").at("severity"), "high");
  EXPECT_EQ(both.at(0).at("endsAt"), "2025-11-24T16:04:10.000000000Z");
  EXPECT_EQ(both.at(1).at("labels").at("severity"), "medium");
  EXPECT_EQ(both.at(1).at("endsAt"), both.at(1).at("startsAt"));
  told.taken(std::move(all[0]), now);
  EXPECT_EQ(told.size(), 0U);
}

TEST_F(ToldAlertsTest, OneThatIsRefusedWhenSentAgainWaitsForItsNextTurn) {
  take({made_alert_event("a")});
  now += 60 * kSecond;
  const auto again = items({});
  ASSERT_EQ(again.size(), 1U);
  told.refused(again[0], now);
  EXPECT_TRUE(items({}).empty());
  now += 60 * kSecond;
  EXPECT_EQ(items({}).size(), 1U);
  // Its record was: it is not known any more.
  told.refused(items({made_alert_event("a", AlertChange::kOngoing, 7)})[0], now);
  EXPECT_EQ(told.size(), 0U);
}

TEST_F(ToldAlertsTest, OneThatIsWorseTakesThePlaceOfTheOneBefore) {
  take({made_alert_event("a")});
  auto all = items({made_alert_event("a", AlertChange::kWorse, 1)});
  const auto both = json_of(all[0]);
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both.at(0).at("labels").at("severity"), "high");
  EXPECT_EQ(both.at(1).at("labels").at("severity"), "medium");
  // Past by whatever clock.
  EXPECT_EQ(both.at(1).at("endsAt"), both.at(1).at("startsAt"));
  told.taken(std::move(all[0]), now);
  EXPECT_EQ(json_of(items({made_alert_event("a", AlertChange::kWorse, 2)})[0]).size(), 1U);
}

TEST_F(ToldAlertsTest, OfManyWordsOnOneTheNewestGoesOut) {
  const auto all = items({made_alert_event("a"), made_alert_event("b"),
                          made_alert_event("a", AlertChange::kOngoing, 7)});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].records, (std::vector<std::uint32_t>{0, 2}));
  EXPECT_EQ(all[1].records, (std::vector<std::uint32_t>{1}));
}

TEST_F(ToldAlertsTest, OneThatCameAndWentUntoldIsActiveForAWhile) {
  const auto all =
      items({made_alert_event("a"), made_alert_event("a", AlertChange::kResolved, 3'000'000)});
  ASSERT_EQ(all.size(), 1U);
  const auto alert = json_of(all[0]).at(0);
  EXPECT_EQ(alert.at("endsAt"), "2025-11-24T16:04:10.000000000Z");
  EXPECT_EQ(alert.at("annotations").at("resolved"), "2025-11-24T16:00:03.000000000Z");
}

TEST_F(ToldAlertsTest, ANameThatBecomesKnownMakesNoOtherAlert) {
  AlertEvent nameless = made_alert_event("a");
  nameless.dst = nullptr;
  take({nameless});
  const auto all = items({made_alert_event("a", AlertChange::kOngoing, 1)});
  const auto alerts = json_of(all[0]);
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts.at(0).at("labels").at("target"), "10.1.0.4");
  EXPECT_FALSE(alerts.at(0).at("labels").as_object().contains("namespace"));
}

TEST_F(ToldAlertsTest, RemembersNoMoreThanItMay) {
  ToldAlerts few({.most = 2});
  for (const char* id : {"a", "b", "c"}) {
    const AlertEvent event = made_alert_event(id);
    const RecordRef record{RecordKind::kAlert, &event, "n1"};
    for (auto& item : few.items(std::span(&record, 1), kWall, now)) few.taken(std::move(item), now);
  }
  EXPECT_EQ(few.size(), 2U);
}

TEST_F(ToldAlertsTest, OneThatGoesOnTakesThePlaceOfOneThatIsOver) {
  ToldAlerts few({.most = 1});
  for (const AlertEvent& event :
       {made_alert_event("a"), made_alert_event("a", AlertChange::kResolved, 1'000'000),
        made_alert_event("b")}) {
    const RecordRef record{RecordKind::kAlert, &event, "n1"};
    for (auto& item : few.items(std::span(&record, 1), kWall, now)) few.taken(std::move(item), now);
  }
  now += 60 * kSecond;
  const auto again = few.items({}, kWall, now);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].id, "b");
}

TEST(AlertmanagerTarget, SaysWhatIsWrong) {
  const std::array schemes{kAlertmanagerHttpExport, kAlertmanagerHttpsExport};
  const SystemClock clock;
  const auto why = [&](const std::string& rest) {
    const auto target = parse_export_target("alertmanager+http://h?" + rest, schemes, clock.wall());
    if (!target) return target.error().message;
    const auto made = make_alertmanager_sender(*target, clock);
    return made ? std::string() : made.error().message;
  };
  EXPECT_EQ(why("labels=cluster=west&resend=30s"), "");
  EXPECT_NE(why("labels=9a=b").find("'9a' is not letters"), std::string::npos);
  EXPECT_NE(why("resend=1ms").find("resend"), std::string::npos);
  EXPECT_NE(why("records=flows").find("alerts alone"), std::string::npos);
  EXPECT_NE(why("headers=/nowhere").find("/nowhere"), std::string::npos);
}

}  // namespace
}  // namespace netprobe
