// SPDX-License-Identifier: Apache-2.0
#include "detect/scan/scan_detector.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "support/flow_traffic.h"

namespace netprobe {
namespace {

using testing::ip;
using testing::pod;
using testing::ten;
using T = testing::FlowTraffic;

class ScanDetectorTest : public ::testing::Test {
 protected:
  void give(const FlowRecord& record) { detector.on_flow(record); }
  void tick(Micros seconds = 1) {
    for (Micros i = 0; i < seconds; ++i) {
      traffic.now += T::kSecondMicros;
      detector.tick(traffic.now, [&](Finding&& finding) { found.push_back(std::move(finding)); });
    }
  }
  [[nodiscard]] std::map<std::string, int> kinds() const {
    std::map<std::string, int> kinds;
    for (const Finding& finding : found) ++kinds[std::string(finding.kind)];
    return kinds;
  }
  void expect_vertical(const std::function<FlowRecord(std::uint16_t)>& probe,
                       std::string_view method, Micros wait) {
    for (std::uint16_t port = 1; port <= 19; ++port) give(probe(port));
    tick(wait);
    EXPECT_TRUE(found.empty()) << method;
    give(probe(20));
    tick(wait);
    ASSERT_EQ(found.size(), 1U) << method;
    const Finding& finding = found[0];
    EXPECT_EQ(finding.kind, "port_scan");
    EXPECT_EQ(finding.key, "10.0.0.1>10.0.0.2");
    EXPECT_EQ(finding.source.address, a);
    EXPECT_EQ(finding.target.address, b);
    EXPECT_EQ(finding.technique, "T1046");
    EXPECT_EQ(finding.value, 20);
    EXPECT_EQ(finding.threshold, 20);
    EXPECT_EQ(finding.evidence.size(), kMostEvidence);
    EXPECT_EQ(finding.evidence.back().tuple.dst_port, 20);
    EXPECT_EQ(finding.summary.rfind(std::string(method) + " scan: 10.0.0.1 tried 20 ports of ", 0),
              0U)
        << finding.summary;
  }

  IpAddress a = ip("10.0.0.1");
  IpAddress b = ip("10.0.0.2");
  T traffic;
  ScanDetector detector;
  std::vector<Finding> found;
};

TEST_F(ScanDetectorTest, SynOfClosedPorts) {
  expect_vertical([&](std::uint16_t port) { return traffic.refused(a, b, port, 44); }, "SYN", 1);
  EXPECT_TRUE(found[0].spoofable);
  EXPECT_EQ(found[0].severity, Severity::kMedium);
}
TEST_F(ScanDetectorTest, SynOfOpenPorts) {
  expect_vertical([&](std::uint16_t port) { return traffic.half_open(a, b, port); }, "SYN", 1);
}
TEST_F(ScanDetectorTest, SynOfFilteredPorts) {
  expect_vertical([&](std::uint16_t port) { return traffic.unanswered(a, b, port, 44); }, "SYN", 3);
}
TEST_F(ScanDetectorTest, ConnectOfClosedPorts) {
  expect_vertical([&](std::uint16_t port) { return traffic.refused(a, b, port); }, "connect", 1);
}
TEST_F(ScanDetectorTest, ConnectOfSomeOpenPorts) {
  expect_vertical(
      [&](std::uint16_t port) {
        return port % 2 == 0 ? traffic.empty(a, b, port, T::kRst) : traffic.refused(a, b, port);
      },
      "connect", 1);
  EXPECT_FALSE(found[0].spoofable) << "a handshake was seen";
}
TEST_F(ScanDetectorTest, FinNullXmasAckUdp) {
  struct Case {
    std::string method;
    std::function<FlowRecord(std::uint16_t)> probe;
    Micros wait;
  };
  const std::vector<Case> cases{
      {"FIN", [&](std::uint16_t p) { return traffic.odd(a, b, p, T::kFin, 0); }, 1},
      {"NULL", [&](std::uint16_t p) { return traffic.odd(a, b, p, 0, T::kRst | T::kAck); }, 1},
      {"Xmas",
       [&](std::uint16_t p) { return traffic.odd(a, b, p, T::kFin | T::kPsh | T::kUrg, 0); }, 1},
      {"ACK", [&](std::uint16_t p) { return traffic.odd(a, b, p, T::kAck, T::kRst); }, 1},
      {"UDP", [&](std::uint16_t p) { return traffic.udp(a, b, p, "port_unreachable"); }, 1},
      {"UDP", [&](std::uint16_t p) { return traffic.udp(a, b, p, "connecting"); }, 3},
  };
  for (const Case& each : cases) {
    found.clear();
    traffic.now += 2 * 86'400 * T::kSecondMicros;
    tick();
    expect_vertical(each.probe, each.method, each.wait);
  }
}

TEST_F(ScanDetectorTest, APodIsNamedWithItsProcessAndIsOneSource) {
  const IdentityPtr web = pod("web-1");
  auto process = std::make_shared<ProcessRef>();
  process->pid = 12;
  process->comm = "nmap";
  for (std::uint16_t port = 1; port <= 20; ++port) {
    FlowRecord record = port % 2 == 0 ? traffic.refused(a, b, port)
                                      : traffic.refused(ip("fd00::1"), ip("fd00::2"), port, 80);
    // All at one target, by two addresses of the pod.
    if (port % 2 != 0) record.tuple.dst = b;
    record.src = web;
    record.dst = pod("db-0");
    record.src_process = process;
    give(record);
  }
  tick();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].key, "shop/web-1>10.0.0.2");
  EXPECT_EQ(found[0].severity, Severity::kHigh);
  EXPECT_EQ(found[0].source.process->pid, 12U);
  EXPECT_EQ(found[0].target.identity->name, "db-0");
  EXPECT_FALSE(found[0].spoofable);
  EXPECT_NE(found[0].summary.find("pod shop/web-1 ("), std::string::npos);
  EXPECT_NE(found[0].summary.find("process nmap (12)"), std::string::npos);
}

TEST_F(ScanDetectorTest, APodOfTwoFamiliesIsToldByTheAddressThatScanned) {
  const IdentityPtr web = pod("web-1");
  const auto try_port = [&](const char* from, const char* at, std::uint16_t port) {
    FlowRecord record = traffic.refused(ip(from), ip(at), port, 80);
    record.src = web;
    record.dst = pod(at == std::string_view("10.0.0.2") ? "db-0" : "other");
    give(record);
  };
  for (std::uint16_t port = 1; port <= 8; ++port) try_port("fd00::1", "fd00::2", port);
  for (std::uint16_t port = 1; port <= 20; ++port) {
    try_port("10.0.0.1", "10.0.0.2", port);
    try_port("fd00::1", "fd00::3", 80);  // what it does beside it
  }
  tick();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].key, "shop/web-1>10.0.0.2");
  EXPECT_EQ(found[0].source.address, a);
  ASSERT_TRUE(found[0].target.identity);
  EXPECT_EQ(found[0].target.identity->name, "db-0");
  EXPECT_NE(found[0].summary.find("(10.0.0.1)"), std::string::npos) << found[0].summary;
  for (const auto& flow : found[0].evidence)
    EXPECT_EQ(flow.tuple.src.is_v4(), flow.tuple.dst.is_v4());
}

TEST_F(ScanDetectorTest, OnePortAtManyTargets) {
  for (std::uint32_t i = 1; i <= 50; ++i) {
    EXPECT_TRUE(found.empty());
    give(traffic.unanswered(a, ten(0x10200 + i), 22));
  }
  tick(3);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, "network_scan");
  EXPECT_EQ(found[0].key, "10.0.0.1/tcp/22");
  EXPECT_EQ(found[0].target.text, "10.1.2.0/24");
  EXPECT_EQ(found[0].target.port, 22);
  EXPECT_EQ(found[0].value, 50);
}

TEST_F(ScanDetectorTest, FromOutsideHalfAsManyDo) {
  const IpAddress outside = ip("203.0.113.9");
  for (std::uint32_t i = 1; i <= 24; ++i) give(traffic.refused(outside, ten(i), 3389));
  tick();
  EXPECT_TRUE(found.empty());
  give(traffic.refused(outside, ten(25), 3389));
  tick();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].technique, "T1595.001");
}

TEST_F(ScanDetectorTest, SweepByEcho) {
  for (std::uint32_t i = 1; i <= 60; ++i) give(traffic.ping(a, ten(0x10200 + i), i % 4 == 0));
  tick(3);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, "ping_sweep");
  EXPECT_EQ(found[0].technique, "T1018");
  EXPECT_EQ(found[0].key, "10.0.0.1");
}

TEST_F(ScanDetectorTest, SweepByEchoOfIpv6) {
  for (int i = 1; i <= 50; ++i)
    give(traffic.ping(ip("fd00::1"), ip("fd00::1:" + std::to_string(i)), false));
  tick(3);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, "ping_sweep");
  EXPECT_EQ(found[0].target.text, "fd00::1:0/112");
}

TEST_F(ScanDetectorTest, BlocksInOrderAndAtRandom) {
  // nmap: the same ports, host by host, in turns.
  for (std::uint16_t port = 1; port <= 30; ++port)
    for (std::uint32_t host = 1; host <= 20; ++host)
      give(traffic.refused(a, ten(0x10200 + host), port, 44));
  tick();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, "block_scan");
  EXPECT_EQ(found[0].severity, Severity::kHigh);
  EXPECT_EQ(found[0].target.text, "10.1.2.0/24");
  found.clear();
  // masscan: all pairs, shuffled.
  for (std::uint32_t i = 0; i < 2'000; ++i) {
    const std::uint32_t pair = i * 7'919 % 254'000;
    give(traffic.unanswered(ip("10.0.0.9"), ten(0x10300 + pair % 254),
                            static_cast<std::uint16_t>(1 + pair / 254), 44));
    if (i % 500 == 499) tick();
  }
  tick(3);
  ASSERT_GE(found.size(), 1U);
  for (const Finding& finding : found) EXPECT_EQ(finding.kind, "block_scan") << finding.summary;
  EXPECT_GT(found.back().count, 90U);
}

TEST_F(ScanDetectorTest, SlowOnesWithinTheirWindow) {
  // nmap -T1, then -T0: found after 20, and 30 probes.
  for (const auto& [interval, probes] : {std::pair{15, 20}, std::pair{300, 30}}) {
    found.clear();
    const IpAddress source = ten(static_cast<std::uint32_t>(interval));
    for (int i = 1; i < probes; ++i) {
      give(traffic.refused(source, b, static_cast<std::uint16_t>(i), 44));
      tick(interval);
    }
    EXPECT_TRUE(found.empty()) << interval;
    give(traffic.refused(source, b, 9'999, 44));
    tick();
    ASSERT_EQ(found.size(), 1U) << interval;
    EXPECT_EQ(found[0].kind, "slow_scan");
    EXPECT_EQ(found[0].key, source.to_string() + ">10.0.0.2");
    EXPECT_EQ(found[0].value, probes);
    tick(interval);
    EXPECT_EQ(found.size(), 1U) << "no more probes, no more to tell";
    give(traffic.refused(source, b, 10'000, 44));
    tick();
    EXPECT_EQ(found.size(), 2U) << "it goes on";
  }
}

TEST_F(ScanDetectorTest, ManySourcesAtOneTarget) {
  for (std::uint32_t source = 0; source < 10; ++source)
    for (std::uint16_t i = 0; i < 6; ++i)
      give(traffic.refused(ten(0x50000 + source), b,
                           static_cast<std::uint16_t>(source * 6 + i + 1)));
  tick();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, "distributed_scan");
  EXPECT_EQ(found[0].key, "10.0.0.2");
  EXPECT_EQ(found[0].value, 60);
  EXPECT_TRUE(found[0].source.address.is_unspecified());
  EXPECT_EQ(found[0].evidence.size(), kMostEvidence);
}

TEST_F(ScanDetectorTest, GoesOnOnceInAWhileAndEnds) {
  for (std::uint16_t second = 0; second < 20; ++second) {
    for (std::uint16_t i = 0; i < 30; ++i)
      give(traffic.refused(a, b, static_cast<std::uint16_t>(second * 30 + i + 1), 44));
    tick();
  }
  tick(5);
  EXPECT_GE(found.size(), 4U);
  EXPECT_LE(found.size(), 6U);
  EXPECT_EQ(kinds().size(), 1U);
  EXPECT_NEAR(found.back().value, 600, 200) << "of which 96 are known, the rest by estimate";
  const std::size_t told = found.size();
  tick(2'000);
  EXPECT_EQ(found.size(), told) << "what was told is no slow scan afterwards";
}

TEST_F(ScanDetectorTest, TheAnswerMayComeInTheNextRecord) {
  std::vector<FlowRecord> records;
  for (std::uint32_t i = 1; i <= 200; ++i) {
    records.push_back(traffic.unanswered(a, ten(0x10000 + i), 9100));
    give(records.back());
  }
  tick();
  for (FlowRecord& record : records) {
    record.began = false;
    record.tcp_flags = T::kSyn | T::kAck | T::kPsh;
    record.reverse_tcp_flags = T::kSyn | T::kAck | T::kPsh;
    record.forward = {3, 400};
    record.reverse = {3, 4'000};
    give(record);
  }
  tick(10);
  EXPECT_TRUE(found.empty());
}

TEST_F(ScanDetectorTest, AClockThatIsSetBackHoldsNothingUp) {
  for (std::uint16_t port = 1; port <= 20; ++port) give(traffic.unanswered(a, b, port));
  traffic.now -= 3'600 * T::kSecondMicros;
  tick();
  EXPECT_EQ(found.size(), 1U);
}

}  // namespace
}  // namespace netprobe
