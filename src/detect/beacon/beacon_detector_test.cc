// SPDX-License-Identifier: Apache-2.0
#include "detect/beacon/beacon_detector.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "model/testing/made_traffic.h"

namespace netprobe {
namespace {

using namespace testing;

std::vector<Finding> told(BeaconDetector& detector, Micros now = 0) {
  std::vector<Finding> all;
  detector.tick(now, [&](Finding&& finding) { all.push_back(std::move(finding)); });
  return all;
}

/// Calls as an implant makes them: every so often, with jitter.
struct Implant {
  MadeFlow flow;
  double interval = 60;  ///< seconds
  double jitter = 0.3;
  unsigned seed = 3;
  void run(Micros until, const std::function<void(const FlowRecord&)>& sink) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> factor(1 - jitter, 1 + jitter);
    while (flow.time < until) {
      flow.sent = 400 + random() % 80;
      sink(made_flow(flow));
      flow.time += static_cast<Micros>(interval * factor(random) * double{kMadeSecond});
    }
  }
};

class Beacons : public ::testing::Test {
 protected:
  /// A detector that knows the workload for a while, and judges now.
  BeaconDetector learnt(BeaconOptions options = {}) {
    BeaconDetector detector(std::move(options));
    detector.on_flow(
        made_flow({.src = pod_, .dst = made_outside("203.0.113.1"), .time = before()}));
    return detector;
  }
  static Micros before() { return kMadeMonday - 25 * kMadeHour; }
  std::vector<Finding> run(BeaconDetector& detector, Implant implant, Micros lasts) {
    if (implant.flow.time == 0) implant.flow.time = kMadeMonday;
    const Micros until = implant.flow.time + lasts;
    implant.run(until, [&](const FlowRecord& record) { detector.on_flow(record); });
    return told(detector);
  }
  const MadeEnd pod_ = made_pod("shop", "web", "10.244.2.3");
  const MadeEnd evil_ = made_outside("198.18.7.7");
};

TEST_F(Beacons, HonestDaysAreQuietAndThenACallBackIsFound) {
  BeaconDetector detector;
  std::vector<Finding> all;
  const auto tick = [&](Micros now) {
    for (Finding& finding : told(detector, now)) all.push_back(std::move(finding));
  };
  HonestCluster cluster(11, [&](const FlowRecord& record) { detector.on_flow(record); }, tick);
  const Micros attack = kMadeMonday + 10 * kMadeDay + 9 * kMadeHour;
  cluster.run(kMadeMonday, attack);
  for (const Finding& finding : all) ADD_FAILURE() << finding.summary;
  ASSERT_GT(cluster.records(), 1'000'000U);

  const MadeEnd victim = cluster.web();
  Implant implant{.flow = {.src = victim, .dst = evil_, .time = attack}};
  for (Micros now = attack; now < attack + 2 * kMadeHour; now += 15 * kMadeSecond) {
    implant.run(now + 15 * kMadeSecond, [&](const FlowRecord& r) { detector.on_flow(r); });
    cluster.run(now, now + 15 * kMadeSecond);
    if (!all.empty()) break;
  }
  ASSERT_FALSE(all.empty());
  const Finding& found = all.front();
  EXPECT_LE(found.last_seen, attack + kMadeHour + 5 * 60 * kMadeSecond)
      << "told at the first call after an hour";
  EXPECT_EQ(found.kind, "beacon");
  EXPECT_EQ(found.technique, "T1071.001");
  EXPECT_EQ(found.key, "shop/Deployment/web>198.18.7.7:443");
  EXPECT_EQ(found.source.identity, victim.identity);
  EXPECT_EQ(found.source.address, victim.address);
  EXPECT_EQ(found.target.address, evil_.address);
  EXPECT_EQ(found.target.port, 443);
  EXPECT_EQ(found.evidence.size(), 5U);
  EXPECT_EQ(found.evidence.back().tuple.dst, evil_.address);
  EXPECT_GT(found.confidence, 0.6);
  EXPECT_LE(found.confidence, 1.0);
  EXPECT_FALSE(found.spoofable);
  EXPECT_NE(found.expected.find("first 1d"), std::string::npos) << found.expected;
}

TEST_F(Beacons, OfManyKindsAreFound) {
  struct Case {
    MadeFlow flow;
    double interval;
    Micros lasts;
    std::string_view technique;
  };
  const MadeEnd evil6 = made_outside("2001:db8::bad");
  const MadeEnd process{*IpAddress::parse("10.1.1.1"), nullptr,
                        made_node("n", "10.1.1.1", "sh").process};
  const MadeEnd own{*IpAddress::parse("198.51.100.1"), nullptr, process.process};
  const Case cases[] = {
      {{.src = pod_, .dst = evil_, .port = 4444}, 60, 2 * kMadeHour, "T1571"},
      {{.src = pod_, .dst = evil_, .port = 6667}, 600, 8 * kMadeHour, "T1571"},
      {{.src = pod_, .dst = evil6}, 30, 2 * kMadeHour, "T1071.001"},
      {{.src = pod_, .dst = evil_, .port = 25}, 3600, 24 * kMadeHour, "T1071"},
      {{.src = pod_, .dst = evil_, .port = 9999, .protocol = kProtoUdp},
       60,
       2 * kMadeHour,
       "T1571"},
      {{.src = process, .dst = evil_}, 10, 2 * kMadeHour, "T1071.001"},
      {{.src = own, .dst = evil_}, 60, 2 * kMadeHour, "T1071.001"},
      {{.src = pod_, .dst = made_outside("172.31.9.9")}, 60, 2 * kMadeHour, "T1071.001"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.flow.dst.address.to_string() + ' ' + std::to_string(one.flow.port));
    BeaconDetector detector = learnt();
    detector.on_flow(
        made_flow({.src = process, .dst = made_outside("203.0.113.1"), .time = before()}));
    const auto all = run(detector, {.flow = one.flow, .interval = one.interval}, one.lasts);
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all[0].technique, one.technique);
    EXPECT_EQ(all[0].target.address, one.flow.dst.address);
    EXPECT_LE(static_cast<double>(all[0].count) * one.interval, 1.3 * 3600 + 22 * one.interval);
  }
}

TEST_F(Beacons, WithinOneConnectionAreFound) {
  BeaconDetector detector = learnt();
  FlowRecord record = made_flow({.src = pod_, .dst = evil_, .time = kMadeMonday});
  record.ended = false;
  for (int i = 0; i < 100; ++i) {
    detector.on_flow(record);
    record.began = false;
    record.time += 60 * kMadeSecond;
    record.last_seen = record.time + 1000;
    record.forward = {.packets = 2, .bytes = 300};
  }
  EXPECT_FALSE(told(detector).empty());

  // The same with TCP's keep-alives is a connection that is held, no more.
  BeaconDetector other = learnt();
  record = made_flow({.src = pod_, .dst = evil_, .time = kMadeMonday});
  for (int i = 0; i < 100; ++i) {
    other.on_flow(record);
    record.began = false;
    record.time += 75 * kMadeSecond;
    record.last_seen = record.time + 1000;
    record.forward = {.packets = 1, .bytes = 52};
  }
  EXPECT_TRUE(told(other).empty());
}

TEST_F(Beacons, AnAnswerThatIsToldLaterCounts) {
  BeaconDetector detector = learnt();
  Implant implant{.flow = {.src = pod_, .dst = evil_, .time = kMadeMonday}};
  implant.run(kMadeMonday + 2 * kMadeHour, [&](FlowRecord record) {
    FlowRecord first = record;
    first.forward = {.packets = 1, .bytes = 60};
    first.reverse = {};
    first.tcp_flags = kTcpSyn;
    first.reverse_tcp_flags = 0;
    first.ended = false;
    detector.on_flow(first);
    record.began = false;
    record.time += kMadeSecond;
    record.last_seen += kMadeSecond;
    detector.on_flow(record);
  });
  EXPECT_FALSE(told(detector).empty());
}

TEST_F(Beacons, HonestClocksAreNot) {
  const MadeEnd inside = made_pod("shop", "api", "10.244.3.3");
  const MadeEnd node = made_node("n2", "192.168.0.12");
  const auto quiet = [&](Implant implant, const char* what) {
    implant.jitter = 0;
    BeaconDetector detector = learnt({.inside = {*IpPrefix::parse("10.244.0.0/16")}});
    EXPECT_TRUE(run(detector, implant, 30 * kMadeHour).empty()) << what;
  };
  quiet({.flow = {.src = pod_, .dst = inside}}, "a scrape");
  quiet({.flow = {.src = pod_, .dst = node}}, "a probe of a node");
  quiet({.flow = {.src = pod_, .dst = evil_, .service = made_service("shop", "api")}}, "a service");
  quiet({.flow = {.src = pod_, .dst = made_outside("10.244.7.7")}}, "a pod without name");
  quiet({.flow = {.src = pod_, .dst = evil_, .port = 123, .protocol = kProtoUdp}}, "NTP");
  quiet({.flow = {.src = pod_, .dst = evil_, .port = 53, .protocol = kProtoUdp}}, "DNS");
  quiet({.flow = {.src = pod_, .dst = evil_, .answered = false}}, "a dead peer");
  quiet({.flow = {.src = pod_, .dst = made_outside("203.0.113.9")}}, "a neighbour of a learnt one");
  quiet({.flow = {.src = pod_, .dst = made_outside("224.0.0.9"), .protocol = kProtoUdp}},
        "multicast");
  quiet({.flow = {.src = evil_, .dst = pod_}}, "a visitor");
  quiet({.flow = {.src = made_pod("shop", "new", "10.244.3.9"),
                  .dst = evil_,
                  .time = kMadeMonday + 8 * kMadeHour}},
        "a workload that is learnt");
}

TEST_F(Beacons, WhatBecomesKnownAsInsideIsNotOutside) {
  const Implant implant{.flow = {.src = pod_, .dst = made_outside("198.51.100.77")}, .jitter = 0};
  BeaconDetector before = learnt();
  EXPECT_FALSE(run(before, implant, 30 * kMadeHour).empty());
  BeaconDetector after = learnt();
  after.set_inside({*IpPrefix::parse("198.51.100.0/24")});
  EXPECT_TRUE(run(after, implant, 30 * kMadeHour).empty());
}

TEST_F(Beacons, ChanceIsNot) {
  BeaconDetector detector = learnt();
  std::mt19937 random(9);
  std::exponential_distribution<double> gap(1.0 / 60);
  for (double at = 0; at < 12 * 3600; at += gap(random))
    detector.on_flow(made_flow({.src = pod_,
                                .dst = evil_,
                                .time = kMadeMonday + static_cast<Micros>(at * 1e6),
                                .sent = 300 + random() % 5000}));
  EXPECT_TRUE(told(detector).empty());
}

TEST_F(Beacons, WhatManyWorkloadsCallIsAService) {
  for (const int workloads : {4, 5}) {
    BeaconDetector detector = learnt();
    std::vector<MadeEnd> pods;
    for (int i = 0; i < workloads; ++i)
      pods.push_back(made_pod("shop", "w" + std::to_string(i), "10.244.5.1"));
    for (const MadeEnd& pod : pods)
      detector.on_flow(made_flow({.src = pod, .dst = made_outside("192.0.2.1"), .time = before()}));
    for (Micros now = kMadeMonday; now < kMadeMonday + 3 * kMadeHour; now += 60 * kMadeSecond)
      for (const MadeEnd& pod : pods)
        detector.on_flow(made_flow({.src = pod, .dst = evil_, .time = now}));
    EXPECT_EQ(told(detector).empty(), workloads == 5);
  }
}

TEST_F(Beacons, WhatWasLearntOutlivesARestart) {
  BeaconDetector first = learnt();
  EXPECT_TRUE(run(first, {.flow = {.src = pod_, .dst = evil_}}, kMadeHour / 2).empty());
  std::string state;
  first.save(state);
  BeaconDetector second;
  ASSERT_TRUE(second.load(state));
  Implant rest{.flow = {.src = pod_, .dst = evil_, .time = kMadeMonday + kMadeHour / 2}};
  const auto all = run(second, rest, 40 * 60 * kMadeSecond);
  ASSERT_FALSE(all.empty()) << "the half hour before counts";
  EXPECT_EQ(all[0].first_seen, kMadeMonday);
  EXPECT_TRUE(
      run(second, {.flow = {.src = pod_, .dst = made_outside("203.0.113.1")}}, 3 * kMadeHour)
          .empty())
      << "what was learnt is known";
  std::string again;
  BeaconDetector third;
  ASSERT_TRUE(third.load(state));
  third.save(again);
  EXPECT_EQ(again, state);
}

TEST_F(Beacons, ABadStateIsRefusedAndLearningStartsAnew) {
  BeaconDetector detector = learnt();
  std::string state;
  detector.save(state);
  state[state.size() / 2] = static_cast<char>(state[state.size() / 2] ^ 1);
  const Status status = detector.load(state);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message,
            "what 'beacon' had learnt is refused: its checksum is wrong, so the file is damaged or "
            "cut off");
  EXPECT_TRUE(run(detector, {.flow = {.src = pod_, .dst = evil_}}, 3 * kMadeHour).empty())
      << "it learns again";
}

TEST_F(Beacons, AClockThatIsSetDoesNoHarm) {
  BeaconDetector detector = learnt();
  // Years ahead, and back.
  detector.on_flow(made_flow({.src = pod_, .dst = evil_, .time = kMadeMonday + 4000 * kMadeDay}));
  detector.on_flow(made_flow({.src = pod_, .dst = evil_, .time = kMadeMonday + 4001 * kMadeDay}));
  EXPECT_FALSE(run(detector, {.flow = {.src = pod_, .dst = evil_}}, 2 * kMadeHour).empty());
}

TEST_F(Beacons, MemoryIsBoundedWhoeverCalls) {
  BeaconDetector detector;
  std::mt19937 random(1);
  FlowRecord record = made_flow({.src = pod_, .dst = evil_, .time = kMadeMonday});
  record.src = nullptr;
  for (unsigned i = 0; i < 400'000; ++i) {
    record.tuple.src = IpAddress::v4(0x0a000000U + random() % 20'000);
    record.tuple.dst = IpAddress::v4(0x2d000000U + random() % 0xffffffU);
    for (int call = 0; call < 2; ++call) {
      record.first_seen = record.time = record.last_seen += 4 * kMadeSecond;
      detector.on_flow(record);
    }
  }
  EXPECT_LE(detector.bytes(), 8U << 20U);
  EXPECT_GT(detector.not_followed(), 0U);
  std::string state;
  detector.save(state);
  EXPECT_LE(state.size(), 4U << 20U);
  std::printf("beacon: %zu bytes held, %zu kept\n", detector.bytes(), state.size());
}

}  // namespace
}  // namespace netprobe
