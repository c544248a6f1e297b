// SPDX-License-Identifier: Apache-2.0
// What detectors hold together is bounded by how much they look at, not by who sends.
// bench/detect_memory_bench has the same with ten million sources and the heap itself.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "alerts/detection.h"
#include "detectors/registry.h"
#include "detectors/testing/spoofed_flood.h"

namespace netprobe {
namespace {

constexpr std::size_t kBudget = 64UL << 20U;
constexpr std::size_t kBatch = 20'000;
constexpr int kSteps = 3;

class SpoofedFloodTest : public ::testing::TestWithParam<bool> {};

TEST_P(SpoofedFloodTest, TakesNoMoreRoomWithMoreSources) {
  const SystemClock clock;
  auto slots = make_detectors({.node = "node-a", .names = {"all"}, .intel = {}}, clock);
  ASSERT_TRUE(slots) << slots.error().message;
  Detection detection(std::move(*slots), {}, {}, clock);
  testing::SpoofedFlood flood(GetParam());
  std::set<std::string> kinds;
  std::vector<std::map<std::string, std::size_t>> bytes;
  for (int step = 1; step <= kSteps; ++step) {
    while (flood.sources() < static_cast<std::uint64_t>(step) * 200'000) {
      const auto batch = flood.next(kBatch);
      detection.look(*flood.names());
      detection.look(*batch);
      detection.tick(flood.now(), [&](const AlertPtr& a) { kinds.emplace(a->finding.kind); });
    }
    auto& of_step = bytes.emplace_back();
    std::size_t sum = 0;
    for (const DetectorStatus& each : detection.report().detectors) {
      EXPECT_TRUE(each.on) << each.name << ": " << each.why;
      of_step[each.name] = each.bytes;
      sum += each.bytes;
    }
    EXPECT_LE(sum, kBudget) << "after " << flood.sources() << " sources";
  }
  EXPECT_TRUE(kinds.contains("syn_flood"));
  // What was full with 400,000 is with 600,000, but for rounding of tables to powers of two.
  for (const auto& [name, before] : bytes[kSteps - 2])
    EXPECT_LE(bytes[kSteps - 1][name], before + before / 4 + 65'536) << name;
}

TEST(SpoofedFlood, HasAnotherSourceEachTime) {
  for (const bool ipv6 : {false, true}) {
    testing::SpoofedFlood flood(ipv6);
    std::set<IpAddress> sources;
    for (int i = 0; i < 5; ++i)
      for (const FlowRecord& each : flood.next(kBatch)->flows) sources.insert(each.tuple.src);
    EXPECT_EQ(sources.size(), 5 * kBatch);
  }
}

INSTANTIATE_TEST_SUITE_P(Addresses, SpoofedFloodTest, ::testing::Values(false, true),
                         [](const auto& which) { return which.param ? "IPv6" : "IPv4"; });

}  // namespace
}  // namespace netprobe
