// SPDX-License-Identifier: Apache-2.0
#include "detect/lateral/lateral_detector.h"

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

std::vector<Finding> told(LateralDetector& detector, Micros now = kMadeMonday) {
  std::vector<Finding> all;
  detector.tick(now, [&](Finding&& finding) { all.push_back(std::move(finding)); });
  return all;
}

class Lateral : public ::testing::Test {
 protected:
  /// A week in which web calls api, and api the database.
  void learn(LateralDetector& detector) {
    for (Micros now = kMadeMonday - 8 * kMadeDay; now < kMadeMonday; now += kMadeHour) {
      detector.on_flow(made_flow({.src = web_, .dst = api_, .port = 8081, .time = now}));
      detector.on_flow(made_flow({.src = api_, .dst = database_, .port = 5432, .time = now}));
      EXPECT_TRUE(told(detector, now).empty());
    }
  }
  std::vector<Finding> call(LateralDetector& detector, MadeFlow flow) {
    if (flow.time == 0) flow.time = kMadeMonday + kMadeHour;
    detector.on_flow(made_flow(flow));
    return told(detector, flow.time);
  }
  const MadeEnd web_ = made_pod("shop", "web", "10.244.2.3");
  const MadeEnd api_ = made_pod("shop", "api", "10.244.3.3");
  const MadeEnd database_ = made_pod("shop", "database", "10.244.1.20");
  const MadeEnd node_ = made_node("n1", "192.168.0.11");
};

TEST_F(Lateral, HonestDaysAreQuietAndThenAMoveIsFound) {
  LateralDetector detector;
  std::vector<Finding> all;
  const auto tick = [&](Micros now) {
    for (Finding& finding : told(detector, now)) all.push_back(std::move(finding));
  };
  HonestCluster cluster(13, [&](const FlowRecord& record) { detector.on_flow(record); }, tick);
  const Micros attack = kMadeMonday + 11 * kMadeDay;
  cluster.run(kMadeMonday, attack);
  for (const Finding& finding : all) ADD_FAILURE() << finding.summary << ": " << finding.value;
  ASSERT_GT(cluster.records(), 1'000'000U);

  struct Case {
    MadeEnd src, dst;
    std::uint16_t port;
    std::string_view technique, key;
  };
  const MadeEnd web = cluster.web();
  const Case cases[] = {
      {web, node_, 22, "T1021.004", "shop/Deployment/web>Node n1:22"},
      {web, node_, 10250, "T1613", "shop/Deployment/web>Node n1:10250"},
      {cluster.database(), cluster.api(), 8081, "T1210",
       "shop/Deployment/database>shop/Deployment/api:8081"},
      {web, made_pod("ops", "vault", "10.244.7.7"), 5432, "T1210",
       "shop/Deployment/web>ops/Deployment/vault:5432"},
      {cluster.cache(), made_outside("192.168.0.77"), 445, "T1021.002",
       "shop/Deployment/cache>192.168.0.77:445"},
      {cluster.web(), made_outside("fd00::77"), 3389, "T1021.001",
       "shop/Deployment/web>fd00::77:3389"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.key);
    const auto found =
        call(detector, {.src = one.src, .dst = one.dst, .port = one.port, .time = attack});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].kind, "lateral_movement");
    EXPECT_EQ(found[0].technique, one.technique);
    EXPECT_EQ(found[0].key, one.key);
    EXPECT_EQ(found[0].source.identity, one.src.identity);
    EXPECT_EQ(found[0].target.address, one.dst.address);
    EXPECT_EQ(found[0].target.port, one.port);
    EXPECT_EQ(found[0].evidence.size(), 1U);
    EXPECT_GE(found[0].value, found[0].threshold);
    EXPECT_FALSE(found[0].spoofable);
    EXPECT_NE(found[0].expected.find("since 2026-01-05"), std::string::npos) << found[0].expected;
  }
}

TEST_F(Lateral, IsToldAgainWhileItIsNewAndThenKnown) {
  LateralDetector detector;
  learn(detector);
  std::size_t n = 0;
  const Micros from = kMadeMonday + kMadeHour;
  Micros last = 0;
  std::uint64_t count = 0;
  for (Micros now = from; now < from + 3 * kMadeDay; now += 20 * kMadeSecond)
    for (const Finding& finding :
         call(detector, {.src = web_, .dst = node_, .port = 22, .time = now})) {
      ++n;
      last = finding.last_seen;
      count = finding.count;
    }
  EXPECT_EQ(n, 24U * 60) << "once a minute for a day";
  EXPECT_LT(last, from + kMadeDay);
  EXPECT_EQ(count, 24U * 180 - 2);
}

TEST_F(Lateral, AnotherReplicaAnotherVersionAnotherNodeAreNotNew) {
  LateralDetector detector;
  learn(detector);
  EXPECT_TRUE(call(detector, {.src = made_pod("shop", "api", "10.244.8.9", 7),
                              .dst = made_pod("shop", "database", "10.244.8.8", 3),
                              .port = 5432})
                  .empty());
  EXPECT_EQ(call(detector, {.src = web_, .dst = node_, .port = 10250}).size(), 1U);
  EXPECT_TRUE(
      call(detector, {.src = web_, .dst = made_node("n7", "192.168.0.17"), .port = 10250}).empty())
      << "the same, told a moment ago";
  EXPECT_TRUE(
      call(detector, {.src = api_, .dst = made_pod("shop", "api", "10.244.8.7"), .port = 22})
          .empty())
      << "replicas among themselves";
}

TEST_F(Lateral, AServiceIsItsBackend) {
  LateralDetector detector;
  const IdentityPtr service = made_service("shop", "database");
  const MadeFlow both{.src = api_,
                      .dst = database_,
                      .port = 5432,
                      .time = kMadeMonday - 8 * kMadeDay,
                      .service = service};
  detector.on_flow(made_flow(both));
  // Its backend is not known.
  const MadeEnd name{*IpAddress::parse("10.96.0.7"), service, nullptr};
  EXPECT_TRUE(call(detector, {.src = api_, .dst = name, .port = 5432, .service = service}).empty());
  FlowRecord translated = made_flow({.src = api_, .dst = name, .port = 5432, .time = kMadeMonday});
  translated.dst = database_.identity;
  translated.nat = true;
  translated.translated = translated.tuple;
  translated.translated.dst = database_.address;
  detector.on_flow(translated);
  EXPECT_TRUE(told(detector).empty());
}

TEST_F(Lateral, WhatIsNotAMoveIsQuiet) {
  LateralDetector detector;
  learn(detector);
  const auto quiet = [&](MadeFlow flow, const char* what) {
    EXPECT_TRUE(call(detector, std::move(flow)).empty()) << what;
  };
  const MadeEnd outside = made_outside("198.18.7.7");
  quiet({.src = web_, .dst = outside, .port = 22}, "to the outside");
  quiet({.src = outside, .dst = web_, .port = 22}, "from the outside");
  quiet({.src = web_, .dst = node_, .port = 22, .answered = false}, "an attempt");
  quiet({.src = database_, .dst = made_node("cp", "192.168.0.10"), .port = 6443}, "the API server");
  quiet({.src = database_,
         .dst = made_node("cp", "192.168.0.10"),
         .port = 443,
         .service = made_service("default", "kubernetes")},
        "the API server by its service");
  quiet({.src = database_, .dst = web_, .port = 45'000, .protocol = kProtoUdp}, "a late answer");
  quiet({.src = made_node("n1", "192.168.0.11", "kubelet"),
         .dst = made_pod("shop", "new", "10.244.1.9"),
         .port = 6379},
        "a probe");
  quiet({.src = made_outside("127.0.0.1"), .dst = made_outside("127.0.0.1"), .port = 22},
        "loopback");
  FlowRecord from_the_middle =
      made_flow({.src = web_, .dst = node_, .port = 22, .time = kMadeMonday});
  from_the_middle.tcp_flags = kTcpAck;
  from_the_middle.reverse_tcp_flags = kTcpAck;
  detector.on_flow(from_the_middle);
  EXPECT_TRUE(told(detector).empty()) << "who began is not known";
  EXPECT_FALSE(call(detector, {.src = web_, .dst = node_, .port = 22}).empty());
}

TEST_F(Lateral, ANewcomerIsLearntButForOddAdministration) {
  LateralDetector detector;
  learn(detector);
  const MadeEnd fresh = made_pod("shop", "fresh", "10.244.9.1");
  EXPECT_TRUE(call(detector, {.src = fresh, .dst = database_, .port = 5432}).empty());
  EXPECT_TRUE(call(detector, {.src = fresh, .dst = api_, .port = 8081}).empty());
  EXPECT_EQ(call(detector, {.src = fresh, .dst = database_, .port = 22}).size(), 1U);
  // Two that do it: so it is done here.
  detector.on_flow(made_flow({.src = web_, .dst = node_, .port = 10250, .time = kMadeMonday}));
  detector.on_flow(made_flow({.src = api_, .dst = node_, .port = 10250, .time = kMadeMonday}));
  EXPECT_EQ(told(detector).size(), 2U);
  EXPECT_TRUE(call(detector, {.src = fresh, .dst = node_, .port = 10250}).empty());
  EXPECT_EQ(call(detector, {.src = fresh,
                            .dst = made_pod("shop", "other", "10.244.9.2"),
                            .port = 6379,
                            .time = kMadeMonday + 30 * kMadeHour})
                .size(),
            1U)
      << "no newcomer any more";
}

TEST_F(Lateral, WhatWasLearntOutlivesARestart) {
  LateralDetector first;
  learn(first);
  std::string state;
  first.save(state);
  LateralDetector second;
  ASSERT_TRUE(second.load(state));
  std::string again;
  second.save(again);
  EXPECT_EQ(again, state);
  EXPECT_TRUE(call(second, {.src = api_, .dst = database_, .port = 5432}).empty());
  EXPECT_EQ(call(second, {.src = web_, .dst = node_, .port = 22}).size(), 1U);
  ASSERT_FALSE(second.load("nonsense"));
  EXPECT_TRUE(call(second, {.src = api_, .dst = node_, .port = 22}).empty()) << "it learns again";
}

TEST_F(Lateral, WhatIsNotUsedIsForgotten) {
  LateralDetector detector;
  learn(detector);
  for (int day = 0; day < 40; ++day) {
    const Micros now = kMadeMonday + day * kMadeDay;
    (void)call(detector, {.src = api_, .dst = web_, .port = 8080, .time = now});
  }
  const auto all = call(
      detector, {.src = api_, .dst = database_, .port = 5432, .time = kMadeMonday + 40 * kMadeDay});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_NE(all[0].expected.find("it calls 1 other inside, and no others call this port"),
            std::string::npos)
      << all[0].expected;
}

TEST_F(Lateral, AfterALongTimeOffEverythingIsLearntAnew) {
  LateralDetector before;
  learn(before);
  std::string saved;
  before.save(saved);
  LateralDetector detector;
  ASSERT_TRUE(detector.load(saved));
  const Micros later = kMadeMonday + 31 * kMadeDay;
  EXPECT_TRUE(call(detector, {.src = web_, .dst = api_, .port = 8081, .time = later}).empty());
  EXPECT_TRUE(call(detector, {.src = web_, .dst = node_, .port = 22, .time = later}).empty());
}

TEST_F(Lateral, AWorkloadThatWasGoneForLongIsANewcomer) {
  LateralDetector detector;
  learn(detector);
  for (int day = 0; day < 40; ++day) {
    const Micros now = kMadeMonday + day * kMadeDay;
    EXPECT_TRUE(call(detector, {.src = api_, .dst = database_, .port = 5432, .time = now}).empty());
  }
  const Micros later = kMadeMonday + 40 * kMadeDay;
  EXPECT_TRUE(call(detector, {.src = web_, .dst = api_, .port = 8081, .time = later}).empty());
  // One that was there all the time is not.
  EXPECT_EQ(call(detector, {.src = api_, .dst = web_, .port = 5432, .time = later}).size(), 1U);
}

TEST_F(Lateral, MemoryIsBoundedWhoeverTalks) {
  LateralDetector detector;
  std::mt19937 random(1);
  FlowRecord record = made_flow({.src = web_, .dst = node_, .port = 22, .time = kMadeMonday});
  record.src = record.dst = nullptr;
  for (unsigned i = 0; i < 400'000; ++i) {
    record.tuple.src = IpAddress::v4(0x0a000000U + random() % 20'000);
    record.tuple.dst = IpAddress::v4(0x0b000000U - 1 - random() % 0xffffU);
    record.tuple.dst_port = static_cast<std::uint16_t>(random() % 30'000);
    detector.on_flow(record);
  }
  EXPECT_LE(detector.bytes(), 5U << 20U);
  EXPECT_GT(detector.not_followed(), 0U);
  std::string state;
  detector.save(state);
  EXPECT_LE(state.size(), 4U << 20U);
  std::printf("lateral: %zu bytes held, %zu kept\n", detector.bytes(), state.size());
}

}  // namespace
}  // namespace netprobe
