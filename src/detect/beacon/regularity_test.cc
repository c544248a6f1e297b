// SPDX-License-Identifier: Apache-2.0
#include "detect/beacon/regularity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <random>
#include <span>
#include <vector>

namespace netprobe {
namespace {

using Values = std::vector<std::uint32_t>;

TEST(Evenness, OfAClockIsOne) {
  const Evenness even = evenness_of(Values(20, 60'000));
  EXPECT_EQ(even.score, 1);
  EXPECT_EQ(even.median, 60'000U);
  EXPECT_EQ(evenness_of(Values{}).score, 0);
  EXPECT_EQ(evenness_of(Values{5}).score, 1);
  EXPECT_EQ(evenness_of(Values(9, 0)).spread, 1) << "nothing of nothing is not even";
}

TEST(Evenness, SkewAndSpreadAreThoseOfTheDefinition) {
  // Quartiles 2, 4, 8: skew (2 + 8 - 8) / 6; deviations 3 2 0 4 6 of the median 4.
  const Evenness even = evenness_of(Values{1, 2, 4, 8, 10});
  EXPECT_EQ(even.median, 4U);
  EXPECT_NEAR(even.skew, 2.0 / 6, 1e-9);
  EXPECT_NEAR(even.spread, 3.0 / 4, 1e-9);
  EXPECT_NEAR(even.score, ((1 - 2.0 / 6) + 0.25) / 2, 1e-9);
}

TEST(Evenness, AFewThatAreFarOffChangeLittle) {
  Values values(30, 60'000);
  values[3] = 4'000'000'000;
  values[17] = 1;
  EXPECT_EQ(evenness_of(values).score, 1);
}

/// After how many calls a made list passes as a clock's under the detector's defaults,
/// looked at after each from the 20th on; 0: never.
using Interval = std::function<double(std::mt19937&)>;
std::size_t passes_after(const Interval& interval, std::size_t calls, std::mt19937& random) {
  Values intervals;
  Values sizes;
  while (intervals.size() + 1 < calls) {
    intervals.push_back(static_cast<std::uint32_t>(interval(random)));
    sizes.push_back(static_cast<std::uint32_t>(500 + random() % 100));
    if (intervals.size() + 1 < 20) continue;
    const std::size_t n = std::min(intervals.size(), kMostCalls);
    const std::size_t from = intervals.size() - n;
    const Regularity regular =
        regularity_of(std::span(intervals).subspan(from, n), std::span(sizes).subspan(from, n));
    if (regular.score >= 0.75 && regular.timing.spread <= most_spread(0.25, n + 1))
      return intervals.size() + 1;
  }
  return 0;
}
double share_passed(const Interval& interval, std::size_t calls) {
  std::mt19937 random(5);
  constexpr int kRounds = 1000;
  int passed = 0;
  for (int round = 0; round < kRounds; ++round)
    if (passes_after(interval, calls, random) != 0) ++passed;
  return 1.0 * passed / kRounds;
}

TEST(Regularity, TellsJitterFromChance) {
  const auto jitter = [](double share) {
    return [share](std::mt19937& random) {
      return 60'000 * std::uniform_real_distribution<double>(1 - share, 1 + share)(random);
    };
  };
  const auto chance = [](std::mt19937& random) {
    return std::exponential_distribution<double>(1.0 / 60'000)(random);
  };
  for (const double share : {0.0, 0.2, 0.3, 0.4, 0.5}) {
    const double at_once = share_passed(jitter(share), 20);
    const double soon = share_passed(jitter(share), 40);
    std::printf("jitter %.0f %%: %.3f after 20 calls, %.3f within 40\n", share * 100, at_once,
                soon);
    if (share <= 0.2) EXPECT_GE(at_once, 0.99) << share;
    if (share <= 0.3) EXPECT_GE(soon, 0.99) << share;
  }
  const double by_chance = share_passed(chance, 300);
  std::printf("by chance within 300 calls: %.3f\n", by_chance);
  EXPECT_LE(by_chance, 0.01);
}

TEST(Regularity, CallsInBurstsAreNotPresentAllTheTime) {
  Values intervals(63, 1'000);
  intervals[15] = 3'600'000;
  const Regularity regular = regularity_of(intervals, Values(63, 500));
  EXPECT_EQ(regular.timing.score, 1) << "the gap is one of many";
  EXPECT_LT(regular.presence, 0.2);
  EXPECT_LT(regular.score, 0.75);
}

}  // namespace
}  // namespace netprobe
