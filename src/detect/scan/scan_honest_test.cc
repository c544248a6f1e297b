// SPDX-License-Identifier: Apache-2.0
// Traffic that resembles a scan and is none.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "detect/scan/scan_detector.h"
#include "support/flow_traffic.h"

namespace netprobe {
namespace {

using testing::ip;
using testing::ten;
using T = testing::FlowTraffic;

class HonestTest : public ::testing::Test {
 protected:
  void give(const FlowRecord& record) { detector.on_flow(record); }
  void tick(Micros seconds = 1) {
    for (Micros i = 0; i < seconds; ++i) {
      traffic.now += T::kSecondMicros;
      detector.tick(traffic.now, [&](Finding&& finding) { found.push_back(std::move(finding)); });
    }
  }
  void expect_quiet() const {
    for (const Finding& finding : found) ADD_FAILURE() << finding.summary;
  }

  IpAddress a = ip("10.0.0.1");
  T traffic;
  ScanDetector detector;
  std::vector<Finding> found;
  std::mt19937 random{7};
};

TEST_F(HonestTest, AMonitorThatScrapesManyTargets) {
  // 500 targets on three ports every 15 s; one in ten is down, others each time.
  for (std::uint32_t round = 0; round < 40; ++round) {
    for (std::uint32_t i = 0; i < 500; ++i) {
      const auto port = static_cast<std::uint16_t>(i % 3 == 0 ? 9100 : i % 3 == 1 ? 8080 : 10250);
      const bool down = random() % 10 == 0;
      give(down ? traffic.refused(a, ten(0x10000 + i), port)
                : traffic.answered(a, ten(0x10000 + i), port));
      if (i % 34 == 0) tick();
    }
  }
  expect_quiet();
}

TEST_F(HonestTest, AClientWithManyConnectionsToOnePort) {
  for (int i = 0; i < 5'000; ++i) {
    // Some are refused as the server's queue is full.
    give(i % 3 == 0 ? traffic.refused(a, ip("10.0.0.2"), 443)
                    : traffic.answered(a, ip("10.0.0.2"), 443));
    if (i % 100 == 0) tick();
  }
  tick(5);
  expect_quiet();
}

TEST_F(HonestTest, AnAddressBehindWhichManyClientsAre) {
  // A NAT or proxy: thousands of servers on the web's ports, some of which are dead.
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const IpAddress server = IpAddress::v4(0x5d000000U + random() % 4'000 * 977);
    const auto port = static_cast<std::uint16_t>(random() % 5 == 0 ? 80 : 443);
    give(random() % 20 == 0 ? traffic.unanswered(a, server, port)
                            : traffic.answered(a, server, port));
    if (i % 100 == 0) tick();
  }
  tick(5);
  expect_quiet();
}

TEST_F(HonestTest, AResolverOfNames) {
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const std::uint32_t server = random() % 3'000;
    // One server in ten never answers.
    give(traffic.udp(a, IpAddress::v4(0xc0000000U + server * 331), 53,
                     server % 10 == 0 ? "connecting" : "answered"));
    if (i % 50 == 0) tick();
  }
  tick(5);
  expect_quiet();
}

TEST_F(HonestTest, AResolverAtNight) {
  // A query in ten seconds: a day, in which hundreds of servers do not answer.
  for (std::uint32_t i = 0; i < 8'640; ++i) {
    const std::uint32_t server = random() % 3'000;
    give(traffic.udp(a, IpAddress::v4(0xc0000000U + server * 331), 53,
                     server % 10 == 0 ? "connecting" : "answered"));
    tick(10);
  }
  expect_quiet();
}

TEST_F(HonestTest, ARollingDeployment) {
  // 80 pods behind a client, replaced ten at a time by ones that refuse for some seconds.
  std::vector<std::uint32_t> pods;
  std::uint32_t next = 0x20000;
  for (int i = 0; i < 80; ++i) pods.push_back(next++);
  for (int round = 0; round < 60; ++round) {
    std::vector<bool> starting(pods.size());
    if (round % 3 == 0)
      for (std::size_t i = 0; i < 10; ++i) {
        const std::size_t at = (static_cast<std::size_t>(round) / 3 * 10 + i) % pods.size();
        give(traffic.unanswered(a, ten(pods[at]), 8080));  // the old one is gone
        pods[at] = next++;
        starting[at] = true;
      }
    for (std::size_t i = 0; i < pods.size(); ++i)
      give(starting[i] ? traffic.refused(a, ten(pods[i]), 8080)
                       : traffic.answered(a, ten(pods[i]), 8080));
    tick(5);
  }
  expect_quiet();
}

TEST_F(HonestTest, HealthChecksThatConnectAndClose) {
  // A load balancer or a node checks 200 backends on four ports, three of them are down.
  for (int round = 0; round < 100; ++round) {
    for (std::uint32_t i = 0; i < 200; ++i) {
      const auto port = static_cast<std::uint16_t>(8080 + i % 4);
      give(i < 3 ? traffic.refused(a, ten(0x30000 + i), port)
                 : traffic.empty(a, ten(0x30000 + i), port));
      // And another that has them all on one port.
      give(i < 3 ? traffic.refused(ip("10.0.0.9"), ten(0x30000 + i), 80)
                 : traffic.empty(ip("10.0.0.9"), ten(0x30000 + i), 80));
    }
    tick(5);
  }
  expect_quiet();
}

TEST_F(HonestTest, PeerToPeerChatterIsLowAtMost) {
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    const IpAddress peer = IpAddress::v4(static_cast<std::uint32_t>(random()) | 0x40000000U);
    const auto port =
        static_cast<std::uint16_t>(random() % 3 == 0 ? 6881 : 1'024 + random() % 31'000);
    if (random() % 2 == 0)
      give(traffic.udp(a, peer, port, random() % 3 == 0 ? "answered" : "connecting"));
    else
      give(random() % 3 == 0 ? traffic.answered(a, peer, port) : traffic.unanswered(a, peer, port));
    if (i % 20 == 0) tick();
  }
  tick(5);
  for (const Finding& finding : found)
    EXPECT_LE(finding.severity, Severity::kLow) << finding.summary;
}

TEST_F(HonestTest, RepliesWhoseBeginningNobodySaw) {
  // The agent starts beside a busy server: flows are told with it as their source.
  for (std::uint16_t i = 0; i < 2'000; ++i) {
    const auto client = static_cast<std::uint16_t>(32'768 + i * 13 % 28'000);
    for (const auto& [flags, back] :
         {std::pair{T::kAck, T::kRst},
          std::pair{static_cast<std::uint8_t>(T::kAck | T::kFin), T::kRst},
          std::pair{static_cast<std::uint8_t>(T::kAck | T::kPsh), T::kAck},
          std::pair{T::kRst, std::uint8_t{0}}}) {
      FlowRecord record = traffic.odd(a, ip("10.0.0.2"), client, flags, back);
      record.tuple.src_port = 443;
      give(record);
    }
    FlowRecord dns = traffic.udp(a, ip("10.0.0.2"), client, "connecting");
    dns.tuple.src_port = 53;
    give(dns);
    if (i % 100 == 0) tick();
  }
  tick(5);
  expect_quiet();
}

TEST_F(HonestTest, TracerouteAndTunnels) {
  for (std::uint16_t i = 0; i < 90; ++i)
    give(traffic.udp(a, ip("198.51.100.7"), static_cast<std::uint16_t>(33'434 + i), "connecting"));
  for (std::uint32_t node = 0; node < 300; ++node)
    give(traffic.udp(a, ten(0x70000 + node), 8472, "connecting"));
  tick(5);
  expect_quiet();
}

TEST_F(HonestTest, AnOutageThatAllClientsSee) {
  // 60 services of one node had clients; now the node is gone.
  for (int down = 0; down < 2; ++down)
    for (std::uint32_t i = 0; i < 600; ++i) {
      const auto port = static_cast<std::uint16_t>(30'000 + i % 60);
      give(down == 0 ? traffic.answered(ten(0x90000 + i % 40), ip("10.0.0.2"), port)
                     : traffic.unanswered(ten(0x90000 + i % 40), ip("10.0.0.2"), port));
      if (i % 60 == 0) tick();
    }
  tick(5);
  expect_quiet();
}

}  // namespace
}  // namespace netprobe
