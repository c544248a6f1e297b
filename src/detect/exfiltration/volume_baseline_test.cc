// SPDX-License-Identifier: Apache-2.0
#include "detect/exfiltration/volume_baseline.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

constexpr std::uint64_t kMega = 1'000'000;

TEST(VolumeStep, IsWithinTenPercent) {
  EXPECT_EQ(step_volume(volume_step(0)), 0U);
  EXPECT_EQ(step_volume(volume_step(1)), 1U);
  for (std::uint64_t bytes = 100; bytes < UINT64_MAX / 3; bytes += bytes / 3) {
    const double ratio =
        static_cast<double>(step_volume(volume_step(bytes))) / static_cast<double>(bytes);
    EXPECT_GT(ratio, 0.9) << bytes;
    EXPECT_LT(ratio, 1.1) << bytes;
  }
  EXPECT_GT(step_volume(volume_step(UINT64_MAX)), UINT64_MAX / 10 * 4);
}

/// One megabyte an hour for so many days, and `at` more at this hour.
void add_days(VolumeBaseline& baseline, int days, unsigned hour, std::uint64_t at) {
  for (int day = 0; day < days; ++day)
    for (unsigned h = 0; h < 24; ++h) baseline.add_hour(h, h == hour ? at : kMega);
}

TEST(VolumeBaseline, KnowsTheHourOfTheDay) {
  VolumeBaseline baseline;
  EXPECT_EQ(baseline.usual_hour(3), 0U);
  add_days(baseline, 5, 2, 1000 * kMega);
  EXPECT_NEAR(static_cast<double>(baseline.usual_hour(2)), 1e9, 1e8);
  EXPECT_NEAR(static_cast<double>(baseline.usual_hour(3)), 1e9, 1e8) << "it may be late";
  EXPECT_NEAR(static_cast<double>(baseline.usual_hour(1)), 1e9, 1e8) << "or early";
  EXPECT_NEAR(static_cast<double>(baseline.usual_hour(14)), 1e6, 1e5);
  EXPECT_NEAR(static_cast<double>(baseline.usual_hour(0)), 1e6, 1e5);
}

TEST(VolumeBaseline, WhatHappenedOnceIsNotUsualWhatHappensWeeklyIs) {
  VolumeBaseline baseline;
  add_days(baseline, 6, 0, kMega);
  add_days(baseline, 1, 5, 9'000 * kMega);
  add_days(baseline, 6, 0, kMega);
  EXPECT_NEAR(static_cast<double>(baseline.usual_hour(5)), 1e6, 1e5);
  add_days(baseline, 1, 5, 9'000 * kMega);
  EXPECT_NEAR(static_cast<double>(baseline.usual_hour(5)), 9e9, 9e8);
  add_days(baseline, 8, 0, kMega);
  EXPECT_NEAR(static_cast<double>(baseline.usual_hour(5)), 1e6, 1e5) << "and is forgotten";
}

TEST(VolumeBaseline, OneThatCrossesTheHourIsOne) {
  VolumeBaseline baseline;
  add_days(baseline, 6, 0, kMega);
  for (unsigned h = 0; h < 24; ++h) baseline.add_hour(h, h == 4 || h == 5 ? 9'000 * kMega : kMega);
  add_days(baseline, 2, 0, kMega);
  EXPECT_NEAR(static_cast<double>(baseline.usual_hour(5)), 1e6, 1e5);
  // In the middle of its own day as well: the hour before is over.
  for (unsigned h = 0; h < 5; ++h) baseline.add_hour(h, h == 4 ? 9'000 * kMega : kMega);
  EXPECT_NEAR(static_cast<double>(baseline.usual_hour(5)), 1e6, 1e5);
}

TEST(VolumeBaseline, Days) {
  VolumeBaseline baseline;
  EXPECT_EQ(baseline.usual_day(), 0U);
  baseline.add_day(kMega);
  EXPECT_NEAR(static_cast<double>(baseline.usual_day()), 1e6, 1e5);
  baseline.add_day(50 * kMega);
  EXPECT_NEAR(static_cast<double>(baseline.usual_day()), 1e6, 1e5);
  baseline.add_day(70 * kMega);
  EXPECT_NEAR(static_cast<double>(baseline.usual_day()), 5e7, 5e6);
}

TEST(RatioBaseline, IsTheMedian) {
  RatioBaseline baseline;
  baseline.add(10, 10);
  EXPECT_FALSE(baseline.known()) << "too little to speak of";
  for (int i = 0; i < 40; ++i) baseline.add(kMega, 3 * kMega);
  for (int i = 0; i < 12; ++i) baseline.add(kMega, 0);
  EXPECT_TRUE(baseline.known());
  EXPECT_NEAR(baseline.usual(), -0.5, 0.01);
  EXPECT_EQ(RatioBaseline::ratio(0, 0), 0);
  EXPECT_EQ(RatioBaseline::ratio(5, 0), 1);
}

}  // namespace
}  // namespace netprobe
