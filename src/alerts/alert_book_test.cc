// SPDX-License-Identifier: Apache-2.0
#include "alerts/alert_book.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace netprobe {
namespace {

constexpr Micros kBegin = 1'700'000'000'000'000;
constexpr Micros kOneSecond = 1'000'000;

Finding scan(const std::string& key, Severity severity = Severity::kMedium) {
  Finding finding;
  finding.kind = "port_scan";
  finding.technique = "T1046";
  finding.severity = severity;
  finding.key = key;
  finding.source.address = *IpAddress::parse("10.0.0.1");
  finding.target.address = *IpAddress::parse("fd00::2");
  finding.summary = "10.0.0.1 asks fd00::2 for 100 ports";
  finding.first_seen = finding.last_seen = kBegin;
  finding.unit = "ports";
  finding.value = 100;
  return finding;
}

EvidenceFlow flow(std::uint64_t id) {
  EvidenceFlow flow;
  flow.flow_id = id;
  flow.tuple.dst_port = static_cast<std::uint16_t>(id);
  return flow;
}

RecordMatcher mute(std::string_view text) { return RecordMatcher(*parse_filter(text, 0)); }

class AlertBookTest : public ::testing::Test {
 protected:
  explicit AlertBookTest(std::vector<RecordMatcher> mutes = {})
      : book_({.node = "n1", .most_active = 3, .most_resolved = 2}, std::move(mutes)) {}

  std::vector<AlertPtr> tick(Micros now) {
    std::vector<AlertPtr> told;
    book_.tick(now, [&](const AlertPtr& alert) { told.push_back(alert); });
    return told;
  }

  AlertBook book_;
};

TEST_F(AlertBookTest, SaysWhyItIsTold) {
  book_.take(scan("a", Severity::kLow), kBegin);
  EXPECT_EQ(tick(kBegin).at(0)->change, AlertChange::kOpened);
  book_.take(scan("a", Severity::kHigh), kBegin + kOneSecond);
  EXPECT_EQ(tick(kBegin + kOneSecond).at(0)->change, AlertChange::kWorse);
  book_.take(scan("a", Severity::kHigh), kBegin + 61 * kOneSecond);
  EXPECT_EQ(tick(kBegin + 61 * kOneSecond).at(0)->change, AlertChange::kOngoing);
  const auto over = tick(kBegin + 121 * kOneSecond);
  EXPECT_EQ(over.at(0)->change, AlertChange::kResolved);
  const AlertEvent event = event_of(*over.at(0), kBegin + 121 * kOneSecond);
  EXPECT_EQ(event.resolved, kBegin + 121 * kOneSecond);
  EXPECT_EQ(event.opened, kBegin);
  EXPECT_EQ(event.key, "a");
  EXPECT_TRUE(event.evidence.starts_with(R"({"change":"resolved","key":"a","opened":")"))
      << event.evidence;
}

TEST_F(AlertBookTest, TheEndOfAFlowDoesNotUndoWhatWasKnownOfIt) {
  Finding first = scan("a");
  first.evidence = {flow(1)};
  first.evidence[0].packets = 7;
  first.evidence[0].bytes = 700;
  book_.take(std::move(first), kBegin);
  Finding last = scan("a");
  last.evidence = {flow(1), flow(2)};  // they ended, and gained nothing
  book_.take(std::move(last), kBegin + 1);
  const auto evidence = book_.report().alerts.at(0)->finding.evidence;
  ASSERT_EQ(evidence.size(), 2U);
  EXPECT_EQ(evidence[0].packets, 7U);
  EXPECT_EQ(evidence[0].bytes, 700U);
  // Of the other nothing is known: it is not said to have had none.
  std::string text;
  append_evidence_json(text, *book_.report().alerts.at(0));
  EXPECT_NE(text.find("\"packets\":7,\"bytes\":700"), std::string::npos) << text;
  EXPECT_EQ(text.find("\"packets\":0"), std::string::npos) << text;
}

TEST_F(AlertBookTest, OneAlertOfOneKindAndKey) {
  book_.take(scan("a"), kBegin);
  auto told = tick(kBegin);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0]->id.size(), 16U);
  EXPECT_EQ(told[0]->state, AlertState::kActive);
  // It goes on: nobody is told each second, and its numbers are the newest.
  for (int i = 1; i < 60; ++i) {
    Finding more = scan("a");
    more.value = 100 + i;
    more.first_seen = more.last_seen = kBegin + i * kOneSecond;
    more.count = static_cast<std::uint64_t>(i);
    book_.take(std::move(more), kBegin + i * kOneSecond);
    EXPECT_TRUE(tick(kBegin + i * kOneSecond).empty()) << i;
  }
  const auto report = book_.report();
  ASSERT_EQ(report.alerts.size(), 1U);
  EXPECT_EQ(report.alerts[0]->id, told[0]->id);
  EXPECT_EQ(report.alerts[0]->finding.value, 159);
  EXPECT_EQ(report.alerts[0]->finding.first_seen, kBegin);
  EXPECT_EQ(report.alerts[0]->finding.last_seen, kBegin + 59 * kOneSecond);
  ASSERT_EQ(report.totals.size(), 1U);
  EXPECT_EQ(report.totals[0].count, 1U);
  // After a minute it is told again, once.
  book_.take(scan("a"), kBegin + 61 * kOneSecond);
  EXPECT_EQ(tick(kBegin + 61 * kOneSecond).size(), 1U);
  EXPECT_TRUE(tick(kBegin + 62 * kOneSecond).empty());
}

TEST_F(AlertBookTest, ItIsToldAtOnceWhenItBecomesWorse) {
  book_.take(scan("a"), kBegin);
  tick(kBegin);
  book_.take(scan("a", Severity::kHigh), kBegin + kOneSecond);
  auto told = tick(kBegin + kOneSecond);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0]->finding.severity, Severity::kHigh);
  // It does not become better again.
  book_.take(scan("a", Severity::kLow), kBegin + 2 * kOneSecond);
  tick(kBegin + 2 * kOneSecond);
  EXPECT_EQ(book_.report().alerts[0]->finding.severity, Severity::kHigh);
}

TEST_F(AlertBookTest, IsOverWhenNothingComes) {
  book_.take(scan("a"), kBegin);
  const std::string id = tick(kBegin)[0]->id;
  EXPECT_TRUE(tick(kBegin + 59 * kOneSecond).empty());
  auto told = tick(kBegin + 60 * kOneSecond);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0]->state, AlertState::kResolved);
  EXPECT_EQ(told[0]->id, id);
  // What comes later is another.
  book_.take(scan("a"), kBegin + 70 * kOneSecond);
  told = tick(kBegin + 70 * kOneSecond);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0]->id, id);
  EXPECT_EQ(book_.report().alerts.size(), 2U);
}

TEST_F(AlertBookTest, ASlowOneWaitsForItsWindowWithinABound) {
  Finding slow = scan("slow");
  slow.window = 6LL * 3600 * kOneSecond;
  book_.take(std::move(slow), kBegin);
  tick(kBegin);
  EXPECT_TRUE(tick(kBegin + 14LL * 60 * kOneSecond).empty());
  EXPECT_EQ(tick(kBegin + 15LL * 60 * kOneSecond).size(), 1U);
}

TEST_F(AlertBookTest, KeepsNoMoreThanItMayAndCountsTheRest) {
  for (const char* key : {"a", "b", "c", "d", "e"}) book_.take(scan(key), kBegin);
  EXPECT_EQ(tick(kBegin).size(), 3U);
  EXPECT_EQ(book_.report().not_kept, 2U);
  // Those that are there go on.
  book_.take(scan("a"), kBegin + kOneSecond);
  EXPECT_EQ(book_.report().not_kept, 2U);
  tick(kBegin + 70 * kOneSecond);
  EXPECT_EQ(book_.report().alerts.size(), 2U) << "of the resolved";
}

TEST_F(AlertBookTest, EvidenceIsEachFlowOnceAndBounded) {
  for (std::uint64_t i = 1; i <= 30; ++i) {
    Finding finding = scan("a");
    finding.evidence = {flow(i), flow(i + 1)};
    book_.take(std::move(finding), kBegin);
  }
  const auto& evidence = book_.report().alerts[0]->finding.evidence;
  ASSERT_EQ(evidence.size(), kMostEvidence);
  for (std::size_t i = 0; i < kMostEvidence; ++i) EXPECT_EQ(evidence[i].flow_id, 12 + i);
}

TEST_F(AlertBookTest, AClockThatIsSetBackDoesNotSilenceIt) {
  book_.take(scan("a"), kBegin);
  tick(kBegin);
  const Micros before = kBegin - 3600 * kOneSecond;
  book_.take(scan("a"), before);
  EXPECT_EQ(tick(before).size(), 1U);
}

class MutedTest : public AlertBookTest {
 protected:
  static std::vector<RecordMatcher> mutes() {
    std::vector<RecordMatcher> list;
    list.push_back(mute("alerts alert.kind=port_scan src.ip=10.0.0.0/8"));
    return list;
  }
  MutedTest() : AlertBookTest(mutes()) {}
};

TEST_F(MutedTest, IsKeptAndToldNobody) {
  book_.take(scan("a"), kBegin);
  EXPECT_TRUE(tick(kBegin).empty());
  Finding other = scan("b");
  other.source.address = *IpAddress::parse("192.0.2.1");
  book_.take(std::move(other), kBegin);
  EXPECT_EQ(tick(kBegin).size(), 1U);
  const auto report = book_.report();
  EXPECT_EQ(report.muted, 1U);
  EXPECT_EQ(report.alerts.size(), 2U);
  EXPECT_EQ(tick(kBegin + 60 * kOneSecond).size(), 1U) << "of the other alone";
}

TEST(AlertEventOf, SaysWhoWhomAndByWhat) {
  AlertBook book({.node = "n1"}, {});
  Finding finding = scan("a");
  finding.target.port = 443;
  finding.expected = "3 ports";
  finding.evidence = {flow(7)};
  book.take(std::move(finding), kBegin);
  const AlertEvent event = event_of(*book.report().alerts[0], kBegin + 5);
  EXPECT_EQ(event.time, kBegin + 5);
  EXPECT_EQ(event.tuple.src.to_string(), "10.0.0.1");
  EXPECT_EQ(event.tuple.dst_port, 443);
  EXPECT_EQ(event.kind, "port_scan");
  EXPECT_EQ(event.severity, "medium");
  EXPECT_NE(event.evidence.find("\"expected\":\"3 ports\""), std::string::npos);
  EXPECT_NE(event.evidence.find("\"flow_id\":7"), std::string::npos);
}

}  // namespace
}  // namespace netprobe
