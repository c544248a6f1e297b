// SPDX-License-Identifier: Apache-2.0
#include "probes/socket/udp_budget.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

using Step = UdpBudget::Step;

TEST(UdpBudget, PausesAboveTheLimitAndLooksAgain) {
  UdpBudget budget(1000);
  Nanos now = kSecond;
  EXPECT_EQ(budget.step(now, 500'000), Step::kNone);  // what came before it looked
  now += kSecond;
  EXPECT_EQ(budget.step(now, 501'000), Step::kNone);
  now += kSecond;
  EXPECT_EQ(budget.step(now, 502'001), Step::kPause);
  EXPECT_TRUE(budget.paused());
  EXPECT_EQ(budget.rate(), 1001U);
  now += UdpBudget::kPause - 1;
  EXPECT_EQ(budget.step(now, 502'001), Step::kNone);
  now += 1;
  EXPECT_EQ(budget.step(now, 502'001), Step::kResume);
  EXPECT_FALSE(budget.paused());
  now += kSecond;
  EXPECT_EQ(budget.step(now, 502'100), Step::kNone);
  EXPECT_EQ(budget.pauses(), 1U);
}

TEST(UdpBudget, ABurstShorterThanItsIntervalIsNotJudgedByItself) {
  UdpBudget budget(1000);
  EXPECT_EQ(budget.step(kSecond, 0), Step::kNone);
  EXPECT_EQ(budget.step(kSecond + UdpBudget::kInterval / 2, 150), Step::kNone);
  EXPECT_EQ(budget.step(kSecond + UdpBudget::kInterval, 150), Step::kNone);  // 750 a second
}

TEST(UdpBudget, WithoutALimitItNeverPauses) {
  UdpBudget budget(0);
  EXPECT_EQ(budget.step(kSecond, 0), Step::kNone);
  EXPECT_EQ(budget.step(2 * kSecond, 1'000'000'000), Step::kNone);
}

}  // namespace
}  // namespace netprobe
