// SPDX-License-Identifier: Apache-2.0
// What an attacker can make of it: memory and findings are bounded.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "detect/scan/scan_detector.h"
#include "support/flow_traffic.h"

namespace netprobe {
namespace {

using testing::ip;
using testing::ten;
using T = testing::FlowTraffic;

constexpr std::size_t kMost = 8U << 20U;

class BoundsTest : public ::testing::Test {
 protected:
  void tick() {
    traffic.now += T::kSecondMicros;
    detector.tick(traffic.now, [&](Finding&& finding) {
      ++told;
      last = std::move(finding);
    });
  }
  T traffic;
  ScanDetector detector;
  std::size_t told = 0;
  Finding last;
};

TEST_F(BoundsTest, TenMillionSpoofedSources) {
  constexpr std::uint32_t kSources = 10'000'000;
  const IpAddress target = ip("10.0.0.2");
  FlowRecord record = traffic.unanswered(ip("10.0.0.1"), target, 80, 40);
  // A slow scan that began before it is not lost in it.
  for (std::uint16_t port = 1; port <= 15; ++port) {
    detector.on_flow(traffic.refused(ip("10.0.0.3"), target, port, 44));
    tick();
  }
  for (std::uint32_t i = 0; i < kSources; ++i) {
    record.tuple.src = IpAddress::v4(0x20000000U + i * 7);
    record.flow_id = i;
    record.last_seen = record.first_seen = traffic.now;
    detector.on_flow(record);
    if (i % 500'000 == 0) {
      tick();
      EXPECT_LE(detector.bytes(), kMost);
    }
  }
  EXPECT_EQ(told, 0U) << last.summary;
  EXPECT_GT(detector.not_followed(), kSources / 2);
  for (std::uint16_t port = 16; port <= 20; ++port)
    detector.on_flow(traffic.refused(ip("10.0.0.3"), target, port, 44));
  tick();
  EXPECT_EQ(told, 1U);
  EXPECT_EQ(last.key, "10.0.0.3>10.0.0.2");
}

TEST_F(BoundsTest, SpoofedSourcesAtAllPortsAreOneScan) {
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    detector.on_flow(traffic.refused(IpAddress::v4(0x20000000U + i * 7), ip("10.0.0.2"),
                                     static_cast<std::uint16_t>(1 + i % 65'535), 40));
    if (i % 50'000 == 0) tick();
  }
  tick();
  EXPECT_GE(told, 1U);
  EXPECT_LE(told, 21U);
  EXPECT_EQ(last.kind, "distributed_scan");
  EXPECT_EQ(last.key, "10.0.0.2");
}

TEST_F(BoundsTest, AllRoomTakenIsWithinItsBound) {
  const ScanOptions options;
  // Sources and targets with as many probes as are kept, and more of both than are.
  for (std::uint32_t source = 0; source < options.suspects * 2; ++source) {
    for (std::uint16_t port = 1; port <= 100; ++port)
      detector.on_flow(traffic.refused(ten(source), ten(0x800000 + source % 500), port));
    if (source % 16 == 0) tick();
  }
  for (std::uint32_t source = 0; source < options.newcomers * 2; ++source)
    detector.on_flow(traffic.refused(ten(0x100000 + source), ip("10.0.0.2"), 1));
  EXPECT_LE(detector.bytes(), kMost);
  EXPECT_GT(detector.bytes(), kMost / 2);
  EXPECT_GT(detector.not_followed(), 0U);
}

TEST_F(BoundsTest, FindingsOfOneLookAreBounded) {
  const ScanOptions options;
  for (std::uint32_t source = 0; source < 500; ++source)
    for (std::uint16_t port = 1; port <= 20; ++port)
      detector.on_flow(traffic.refused(ten(source), ten(0x800000 + source), port));
  for (std::size_t look = 1; look <= 4; ++look) {
    tick();
    EXPECT_EQ(told, std::min<std::size_t>(500, look * options.max_findings));
  }
}

}  // namespace
}  // namespace netprobe
