// SPDX-License-Identifier: Apache-2.0
#include "detect/brute_force/brute_force_detector.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/flow_traffic.h"

namespace netprobe {
namespace {

using testing::ip;
using testing::pod;
using testing::ten;
using T = testing::FlowTraffic;

class BruteForceTest : public ::testing::Test {
 protected:
  /// A refused login, as that service's are.
  FlowRecord attempt(const IpAddress& src, const IpAddress& dst, std::uint16_t port) {
    const LoginService& service = *login_service(port);
    return traffic.answered(src, dst, port, service.client_bytes - 100 + turn++ % 20,
                            service.server_bytes - 100);
  }
  void tick(Micros seconds = 1) {
    for (Micros i = 0; i < seconds; ++i) {
      traffic.now += T::kSecondMicros;
      detector.tick(traffic.now, [&](Finding&& finding) { found.push_back(std::move(finding)); });
    }
  }
  IpAddress outside = ip("203.0.113.9");
  IpAddress server = ip("10.0.0.2");
  T traffic;
  BruteForceDetector detector;
  std::vector<Finding> found;
  unsigned turn = 0;
};

TEST_F(BruteForceTest, EachServiceAtItsThreshold) {
  for (const LoginService& service : login_services())
    for (const std::uint16_t port : service.ports) {
      found.clear();
      traffic.now += 7'200 * T::kSecondMicros;
      for (std::uint32_t i = 1; i < service.attempts; ++i)
        detector.on_flow(attempt(outside, server, port));
      tick();
      EXPECT_TRUE(found.empty()) << service.name;
      detector.on_flow(attempt(outside, server, port));
      tick();
      ASSERT_EQ(found.size(), 1U) << service.name;
      EXPECT_EQ(found[0].kind, "brute_force");
      EXPECT_EQ(found[0].technique, "T1110.001");
      EXPECT_EQ(found[0].key, "203.0.113.9>10.0.0.2/" + std::to_string(port));
      EXPECT_EQ(found[0].value, service.attempts);
      EXPECT_EQ(found[0].severity, service.only_outside ? Severity::kLow : Severity::kMedium);
      EXPECT_EQ(found[0].evidence.size(), 5U);
      EXPECT_FALSE(found[0].spoofable);
      EXPECT_NE(found[0].summary.find(service.name), std::string::npos);
    }
}

TEST_F(BruteForceTest, Ipv6AndFromAPod) {
  for (int i = 0; i < 30; ++i) {
    FlowRecord record = attempt(ip("fd00::1"), ip("fd00::2"), 22);
    record.src = pod("web-1");
    detector.on_flow(record);
  }
  tick();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].key, "fd00::1>fd00::2/22");
  EXPECT_EQ(found[0].severity, Severity::kHigh);
  EXPECT_EQ(found[0].summary.rfind("pod shop/web-1 (fd00::1) made 30 short connections to ssh", 0),
            0U)
      << found[0].summary;
}

TEST_F(BruteForceTest, AnAttemptOfManyRecordsCountsOnce) {
  for (int i = 0; i < 29; ++i) {
    FlowRecord record = attempt(outside, server, 22);
    FlowRecord begin = record;
    begin.tcp_flags = T::kSyn | T::kAck;
    begin.reverse_tcp_flags = T::kSyn | T::kAck;
    begin.forward = {2, 112};
    begin.reverse = {1, 60};
    record.forward.bytes -= 200;
    record.reverse.bytes -= 200;
    detector.on_flow(begin);
    for (int more = 0; more < 3; ++more) {
      record.began = false;
      record.ended = more == 2;
      if (more > 0) record.forward = record.reverse = {};
      detector.on_flow(record);
    }
  }
  tick();
  EXPECT_TRUE(found.empty());
  detector.on_flow(attempt(outside, server, 22));
  tick();
  EXPECT_EQ(found.size(), 1U);
}

TEST_F(BruteForceTest, OneSourceAtManyServersIsToldOnce) {
  for (std::uint32_t i = 0; i < 20; ++i)
    for (int each = 0; each < 3; ++each) detector.on_flow(attempt(outside, ten(0x100 + i), 22));
  tick();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, "password_spray");
  EXPECT_EQ(found[0].technique, "T1110.003");
  EXPECT_EQ(found[0].key, "203.0.113.9/ssh");
  EXPECT_EQ(found[0].target.text, "20 servers");
  // Each of them over its own threshold as well: no more alerts for it.
  for (std::uint32_t i = 0; i < 20; ++i)
    for (int each = 0; each < 30; ++each) detector.on_flow(attempt(outside, ten(0x100 + i), 22));
  tick(6);
  for (const Finding& finding : found) EXPECT_EQ(finding.kind, "password_spray");
}

TEST_F(BruteForceTest, ManySourcesAtOneServer) {
  for (std::uint32_t i = 0; i < 15; ++i)
    for (int each = 0; each < 10; ++each)
      detector.on_flow(attempt(IpAddress::v4(0xcb007100U + i), server, 22));
  tick();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, "distributed_brute_force");
  EXPECT_EQ(found[0].key, "10.0.0.2/22");
  EXPECT_EQ(found[0].source.text, "15 sources");
}

TEST_F(BruteForceTest, GoesOnOnceInAWhile) {
  for (int second = 0; second < 60; ++second) {
    for (int i = 0; i < 5; ++i) detector.on_flow(attempt(outside, server, 22));
    tick();
  }
  EXPECT_GE(found.size(), 9U);
  EXPECT_LE(found.size(), 12U);
  EXPECT_GE(found.back().count, 55U * 5);
  const std::size_t told = found.size();
  tick(600);
  EXPECT_LE(found.size(), told + 1);
}

TEST_F(BruteForceTest, ManySourcesWithHandshakesAreBounded) {
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    FlowRecord record = attempt(IpAddress::v4(0x20000000U + i), ten(i % 5'000), 22);
    detector.on_flow(record);
    if (i % 50'000 == 0) tick();
  }
  tick();
  EXPECT_LE(detector.bytes(), 8U << 20U);
  EXPECT_GT(detector.not_followed(), 0U);
  for (const Finding& finding : found) EXPECT_EQ(finding.kind, "distributed_brute_force");
  EXPECT_LE(found.size(), 21U * 128);
}

TEST_F(BruteForceTest, SpoofedSynsAreNothing) {
  const std::size_t before = detector.bytes();
  for (std::uint32_t i = 0; i < 1'000'000; ++i)
    detector.on_flow(traffic.unanswered(IpAddress::v4(0x20000000U + i), server, 22, 40));
  tick();
  EXPECT_EQ(detector.bytes(), before);
  EXPECT_TRUE(found.empty());
}

TEST(AttemptRate, SlidesAndStandsAClockThatIsSet) {
  AttemptRate rate;
  for (std::uint32_t second = 1'000; second < 1'300; ++second) rate.add(second, 300, true);
  EXPECT_GE(rate.attempts(1'299, 300), 270U);
  EXPECT_LE(rate.attempts(1'299, 300), 300U);
  EXPECT_GE(rate.attempts(1'450, 300), 110U);
  EXPECT_LE(rate.attempts(1'450, 300), 150U);
  EXPECT_EQ(rate.attempts(2'000, 300), 0U);
  rate.add(100, 300, false);
  EXPECT_EQ(rate.attempts(100, 300), 0U);
  EXPECT_EQ(rate.others(100, 300), 1U);
}

}  // namespace
}  // namespace netprobe
