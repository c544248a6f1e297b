// SPDX-License-Identifier: Apache-2.0
#include "detect/exfiltration/exfiltration_detector.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "model/testing/made_traffic.h"

namespace netprobe {
namespace {

using namespace testing;

constexpr std::uint64_t kMega = std::uint64_t{1} << 20U;

class Exfiltration : public ::testing::Test {
 protected:
  std::vector<Finding> told(ExfiltrationDetector& detector, Micros now) {
    std::vector<Finding> all;
    detector.tick(now, [&](Finding&& finding) { all.push_back(std::move(finding)); });
    return all;
  }
  /// Four days in which the workload sends ten megabytes an hour to one peer, and gets as many.
  void learn(ExfiltrationDetector& detector, const MadeEnd& who) {
    for (Micros now = kMadeMonday - 4 * kMadeDay; now < kMadeMonday; now += kMadeHour / 4) {
      detector.on_flow(made_flow({.src = who,
                                  .dst = usual_,
                                  .time = now,
                                  .sent = 10 * kMega / 4,
                                  .received = 10 * kMega / 4}));
      EXPECT_TRUE(told(detector, now).empty());
    }
  }
  /// So much in a second's records of one flow; what was told by then.
  std::vector<Finding> send(ExfiltrationDetector& detector, MadeFlow flow, std::uint64_t bytes,
                            Micros lasts = 120 * kMadeSecond) {
    if (flow.time == 0) flow.time = kMadeMonday + 9 * kMadeHour;
    flow.sent = bytes / static_cast<std::uint64_t>(lasts / kMadeSecond);
    flow.received = flow.sent / 50;
    std::vector<Finding> all;
    FlowRecord record = made_flow(flow);
    record.ended = false;
    for (Micros left = lasts; left > 0; left -= kMadeSecond) {
      detector.on_flow(record);
      for (Finding& finding : told(detector, record.time)) all.push_back(std::move(finding));
      record.time += kMadeSecond;
      record.last_seen += kMadeSecond;
      record.began = false;
    }
    return all;
  }
  const MadeEnd pod_ = made_pod("shop", "api", "10.244.3.3");
  const MadeEnd usual_ = made_outside("203.0.113.1");
  const MadeEnd evil_ = made_outside("198.18.7.7");
};

TEST_F(Exfiltration, HonestDaysAreQuietAndThenATheftIsFound) {
  ExfiltrationDetector detector;
  std::vector<Finding> all;
  const auto tick = [&](Micros now) {
    for (Finding& finding : told(detector, now)) all.push_back(std::move(finding));
  };
  HonestCluster cluster(12, [&](const FlowRecord& record) { detector.on_flow(record); }, tick);
  const Micros attack = kMadeMonday + 10 * kMadeDay + 15 * kMadeHour;
  cluster.run(kMadeMonday, attack);
  for (const Finding& finding : all) ADD_FAILURE() << finding.summary << ": " << finding.expected;
  ASSERT_GT(cluster.records(), 1'000'000U);

  // The database's backup goes out at another time, to somebody else.
  const MadeEnd thief = cluster.database();
  all = send(detector, {.src = thief, .dst = evil_, .port = 21, .time = attack}, 400 * kMega);
  ASSERT_EQ(all.size(), 2U) << "once a minute as long as it goes on";
  const Finding& found = all.front();
  EXPECT_LE(found.last_seen, attack + 32 * kMadeSecond) << "told as the floor is crossed";
  EXPECT_EQ(found.kind, "exfiltration");
  EXPECT_EQ(found.technique, "T1048.003");
  EXPECT_EQ(found.key, "shop/Deployment/database");
  EXPECT_EQ(found.severity, Severity::kHigh);
  EXPECT_EQ(found.source.identity, thief.identity);
  EXPECT_EQ(found.target.address, evil_.address);
  EXPECT_EQ(found.target.port, 21);
  EXPECT_GE(found.value, 100.0 * double{kMega});
  EXPECT_EQ(found.threshold, 100.0 * double{kMega});
  ASSERT_EQ(found.evidence.size(), 1U);
  EXPECT_EQ(found.evidence[0].tuple.dst, evil_.address);
  EXPECT_GE(static_cast<double>(found.evidence[0].bytes), found.value);
  EXPECT_NE(found.summary.find("did not call before"), std::string::npos) << found.summary;
  EXPECT_NE(found.expected.find("At most 0.0 B an hour"), std::string::npos) << found.expected;

  // And the backup's own workload at noon, though it sends far more at night.
  all = send(detector, {.src = cluster.backup(), .dst = evil_, .time = attack}, 400 * kMega);
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].technique, "T1567");
  EXPECT_EQ(all[0].source.identity, cluster.backup().identity);
}

TEST_F(Exfiltration, IsUnusualByPeerByRatioOrByMuch) {
  struct Case {
    const char* what;
    MadeEnd peer;
    std::uint64_t sent;
    std::uint64_t received;
    bool found;
  };
  const Case cases[] = {
      {"a new peer", evil_, 300 * kMega, 300 * kMega, true},
      {"a new peer, below the floor", evil_, 80 * kMega, 0, false},
      {"the usual peer, but only sent", usual_, 300 * kMega, 0, true},
      {"the usual peer, as always but more", usual_, 300 * kMega, 300 * kMega, true},
      {"the usual peer, busy", usual_, 75 * kMega, 75 * kMega, false},
      {"the usual peer, at five times", usual_, 150 * kMega, 150 * kMega, false},
  };
  for (const Case& one : cases) {
    ExfiltrationDetector detector({.floor = 100 * kMega, .much_factor = 20});
    learn(detector, pod_);
    detector.on_flow(made_flow({.src = pod_,
                                .dst = one.peer,
                                .time = kMadeMonday + 9 * kMadeHour,
                                .sent = one.sent,
                                .received = one.received}));
    const auto all = told(detector, kMadeMonday + 9 * kMadeHour);
    EXPECT_EQ(!all.empty(), one.found) << one.what;
  }
}

TEST_F(Exfiltration, WhatVisitorsFetchIsAWorkloadsToo) {
  ExfiltrationDetector detector;
  for (Micros now = kMadeMonday - 4 * kMadeDay; now < kMadeMonday; now += kMadeHour / 4)
    detector.on_flow(made_flow({.src = evil_,
                                .dst = pod_,
                                .port = 80,
                                .time = now,
                                .sent = kMega,
                                .received = 20 * kMega}));
  EXPECT_TRUE(told(detector, kMadeMonday).empty());
  const auto visit = [&](std::uint64_t bytes) {
    detector.on_flow(made_flow({.src = usual_,
                                .dst = pod_,
                                .port = 80,
                                .time = kMadeMonday + 1,
                                .sent = bytes / 20,
                                .received = bytes}));
    return told(detector, kMadeMonday + 1);
  };
  EXPECT_TRUE(visit(300 * kMega).empty()) << "a good day";
  const auto all = visit(900 * kMega);
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].source.identity, pod_.identity);
  EXPECT_EQ(all[0].target.address, usual_.address);
}

TEST_F(Exfiltration, AWholeDayInSmallParts) {
  ExfiltrationDetector detector;
  learn(detector, pod_);
  std::vector<Finding> all;
  for (unsigned hour = 0; hour < 24 && all.empty(); ++hour)
    for (Finding& finding :
         send(detector, {.src = pod_, .dst = evil_, .time = kMadeMonday + hour * kMadeHour},
              80 * kMega))
      all.push_back(std::move(finding));
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].window, kMadeDay);
  EXPECT_GE(all[0].value, 1024.0 * double{kMega});
}

TEST_F(Exfiltration, ABackupThatRecursBecomesNormal) {
  ExfiltrationDetector detector;
  learn(detector, pod_);
  std::vector<int> nights_told;
  for (int night = 0; night < 6; ++night) {
    const Micros at = kMadeMonday + night * kMadeDay + 3 * kMadeHour + night % 3 * kMadeHour / 2;
    const MadeEnd storage = made_outside("34.1." + std::to_string(night) + ".9");
    if (!send(detector, {.src = pod_, .dst = storage, .time = at}, 20'000 * kMega).empty())
      nights_told.push_back(night);
    for (Micros hour = at; hour < at + kMadeDay - kMadeHour; hour += kMadeHour)
      told(detector, hour);
  }
  EXPECT_EQ(nights_told, (std::vector<int>{0, 1}));
}

TEST_F(Exfiltration, InsideIsNotOutside) {
  ExfiltrationDetector detector(
      {.learning = 0,
       .inside = {*IpPrefix::parse("10.244.0.0/16"), *IpPrefix::parse("fd00::/16")}});
  const auto quiet = [&](MadeFlow flow, const char* what) {
    EXPECT_TRUE(send(detector, std::move(flow), 4'000 * kMega).empty()) << what;
  };
  quiet({.src = pod_, .dst = made_pod("shop", "web", "10.244.2.2")}, "a pod");
  quiet({.src = pod_, .dst = made_node("n2", "192.168.0.12")}, "a node");
  quiet({.src = pod_, .dst = made_outside("10.244.9.9")}, "an address of pods");
  quiet({.src = pod_, .dst = made_outside("fd00::9")}, "the same in IPv6");
  quiet({.src = pod_, .dst = evil_, .service = made_service("shop", "web")}, "a service");
  quiet({.src = made_outside("192.168.0.11"),
         .dst = made_outside("192.168.0.12"),
         .port = 8472,
         .protocol = kProtoUdp},
        "a tunnel");
  quiet({.src = made_outside("1.2.3.4"), .dst = evil_}, "what passes through");
  EXPECT_FALSE(send(detector, {.src = pod_, .dst = evil_}, 200 * kMega).empty());
}

TEST_F(Exfiltration, WithoutKubernetesAndInIpv6) {
  const ProcessPtr rsync = made_node("", "::1", "rsync").process;
  for (const char* own : {"2001:db8::1", "198.51.100.7", "192.168.1.5"}) {
    SCOPED_TRACE(own);
    const MadeEnd host{*IpAddress::parse(own), nullptr, rsync};
    ExfiltrationDetector detector;
    learn(detector, host);
    const MadeEnd evil6 = made_outside("2001:db8:bad::1");
    const auto all = send(detector, {.src = host, .dst = evil6, .port = 4444}, 400 * kMega);
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all[0].technique, "T1041");
    EXPECT_EQ(all[0].key, "rsync");
    EXPECT_EQ(all[0].source.address, host.address);
    EXPECT_EQ(all[0].target.address, evil6.address);
  }
}

TEST_F(Exfiltration, WhatWasLearntOutlivesARestart) {
  ExfiltrationDetector first;
  learn(first, pod_);
  std::string state;
  first.save(state);
  ExfiltrationDetector second;
  ASSERT_TRUE(second.load(state));
  std::string again;
  second.save(again);
  EXPECT_EQ(again, state);
  EXPECT_FALSE(send(second, {.src = pod_, .dst = evil_}, 300 * kMega).empty())
      << "no learning again";
  ASSERT_TRUE(second.load(state));
  EXPECT_TRUE(send(second, {.src = pod_, .dst = usual_}, 15 * kMega).empty());
  state.pop_back();
  ASSERT_FALSE(second.load(state));
  EXPECT_TRUE(send(second, {.src = pod_, .dst = evil_}, 300 * kMega).empty()) << "it learns again";
}

TEST_F(Exfiltration, AClockThatIsSetDoesNoHarm) {
  ExfiltrationDetector detector;
  learn(detector, pod_);
  EXPECT_TRUE(told(detector, kMadeMonday + 4000 * kMadeDay).empty());
  EXPECT_TRUE(told(detector, kMadeMonday).empty());
  learn(detector, pod_);
  EXPECT_FALSE(send(detector, {.src = pod_, .dst = evil_}, 300 * kMega).empty());
}

TEST_F(Exfiltration, MemoryIsBoundedWhoeverSends) {
  ExfiltrationDetector detector;
  std::mt19937 random(1);
  FlowRecord record = made_flow({.src = pod_, .dst = evil_, .time = kMadeMonday});
  record.src = nullptr;
  for (unsigned i = 0; i < 400'000; ++i) {
    record.tuple.src = IpAddress::v4(0x0a000000U + random() % 20'000);
    record.tuple.dst = IpAddress::v4(0x2d000000U + random() % 0xffffffU);
    detector.on_flow(record);
  }
  EXPECT_LE(detector.bytes(), 8U << 20U);
  EXPECT_GT(detector.not_followed(), 0U);
  std::string state;
  detector.save(state);
  EXPECT_LE(state.size(), 4U << 20U);
  std::printf("exfiltration: %zu bytes held, %zu kept\n", detector.bytes(), state.size());
}

}  // namespace
}  // namespace netprobe
