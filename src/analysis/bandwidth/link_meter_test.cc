// SPDX-License-Identifier: Apache-2.0
#include "analysis/bandwidth/link_meter.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

constexpr std::uint64_t kSpeed = 100'000'000;      // bits per second
constexpr std::uint64_t kFull = kSpeed / 8 / 100;  // bytes in 10 ms at that speed
constexpr Nanos kStep = 10 * kMillisecond;

/// A link whose counter is looked at every 10 ms, unless said otherwise.
class Meter : public testing::Test {
 protected:
  Meter() {
    meter_.set_speed(kSpeed);
    meter_.sample(bytes_, clock_.monotonic());
  }
  void step(std::uint64_t more, Nanos after = kStep) {
    bytes_ += more;
    clock_.advance(after);
    meter_.sample(bytes_, clock_.monotonic());
  }
  void steps(int count, std::uint64_t more) {
    for (int i = 0; i < count; ++i) step(more);
  }
  const LinkUse& close() {
    meter_.close_interval();
    return meter_.use();
  }
  ManualClock clock_{1'000 * kSecond};
  LinkMeter meter_;
  std::uint64_t bytes_ = 12'345;
};

TEST_F(Meter, SteadyLoadHasOneRate) {
  steps(100, kFull / 4);
  close();
  steps(100, kFull / 4);
  const LinkUse& use = close();
  EXPECT_EQ(use.speed, kSpeed);
  EXPECT_NEAR(use.utilisation, 0.25, 1e-9);
  EXPECT_NEAR(use.peak_100ms, kSpeed / 4.0, 1);
  EXPECT_NEAR(use.peak_1s, kSpeed / 4.0, 1);
  EXPECT_EQ(use.microbursts, 0U);
  EXPECT_EQ(use.unmeasured_windows, 0U);
}

TEST_F(Meter, AnIdleLinkHasNothing) {
  steps(300, 0);
  const LinkUse& use = close();
  EXPECT_EQ(use.utilisation, 0);
  EXPECT_EQ(use.peak_100ms, 0);
  EXPECT_EQ(use.peak_1s, 0);
  EXPECT_EQ(use.microbursts, 0U);
}

TEST_F(Meter, ABurstShowsInThePeaksOfItsInterval) {
  steps(150, 0);
  step(kFull);
  step(kFull);
  steps(20, 0);
  const LinkUse& use = close();
  EXPECT_NEAR(use.peak_100ms, kSpeed * 0.2, 1);
  EXPECT_NEAR(use.peak_1s, kSpeed * 0.02, 1);
  EXPECT_EQ(use.microbursts, 1U);
  steps(100, 0);
  close();
  // The second after it still has it in its windows of a second.
  EXPECT_EQ(meter_.use().peak_100ms, 0) << "it passed more than 100 ms before";
  EXPECT_NEAR(meter_.use().peak_1s, kSpeed * 0.02, 1);
  steps(100, 0);
  EXPECT_EQ(close().peak_1s, 0);
  EXPECT_EQ(meter_.use().microbursts, 1U);
}

TEST_F(Meter, EachBurstCountsOnce) {
  steps(150, 0);
  for (int burst = 0; burst < 5; ++burst) {
    steps(3, kFull);
    steps(50, kFull / 100);
  }
  EXPECT_EQ(close().microbursts, 5U);
}

TEST_F(Meter, ABusyLinkHasNoMicrobursts) {
  steps(150, kFull * 6 / 10);
  for (int burst = 0; burst < 5; ++burst) {
    steps(3, kFull);
    steps(20, kFull * 6 / 10);
  }
  EXPECT_EQ(close().microbursts, 0U);
  // Nor has a transfer that begins, goes on and ends.
  steps(200, 0);
  steps(200, kFull);
  steps(200, 0);
  EXPECT_EQ(close().microbursts, 0U);
}

TEST_F(Meter, BelowTheThresholdIsNoBurst) {
  steps(150, 0);
  steps(3, kFull * 79 / 100);
  steps(20, 0);
  EXPECT_EQ(close().microbursts, 0U);
}

TEST_F(Meter, WithoutASpeedThereAreNone) {
  meter_.set_speed(0);
  steps(150, 0);
  step(kFull);
  steps(20, 0);
  const LinkUse& use = close();
  EXPECT_EQ(use.microbursts, 0U);
  EXPECT_EQ(use.utilisation, 0);
  EXPECT_NEAR(use.peak_100ms, kSpeed * 0.1, 1);
}

TEST_F(Meter, NothingIsSaidBeforeASecondIsKnown) {
  step(kFull);
  steps(20, 0);
  EXPECT_EQ(close().microbursts, 0U);
  EXPECT_EQ(meter_.use().peak_1s, 0);
}

TEST_F(Meter, ALateLookIsNoPeakOf100ms) {
  steps(50, kFull / 10);
  close();
  step(kFull * 30, 300 * kMillisecond);  // all of it may have come in a moment
  const LinkUse& late = close();
  EXPECT_EQ(late.peak_100ms, 0);
  EXPECT_GT(late.unmeasured_windows, 0U);
  // 10 ms later the windows still begin before the gap; 100 ms later none does.
  steps(10, kFull / 10);
  EXPECT_NEAR(close().peak_100ms, kSpeed * 0.1, 1);
}

TEST_F(Meter, ALittleLateIsALittleLonger) {
  steps(150, 0);
  step(kFull * 5);
  step(kFull * 5, 115 * kMillisecond);
  const LinkUse& use = close();
  // Ten full samples in the 125 ms that were looked at, and never in 100.
  EXPECT_LE(use.peak_100ms, kSpeed * 0.8 + 1);
  EXPECT_GT(use.peak_100ms, kSpeed * 0.3);
  EXPECT_EQ(use.unmeasured_windows, 0U);
}

TEST_F(Meter, ALongSampleThatIsFullHasAFullMoment) {
  steps(150, 0);
  step(kFull * 4, 40 * kMillisecond);  // as while the agent turns slowly
  steps(20, 0);
  EXPECT_EQ(close().microbursts, 1U);
  // One that is not full may hide a burst, and never makes one up.
  steps(150, 0);
  step(kFull, 40 * kMillisecond);
  steps(20, 0);
  EXPECT_EQ(close().microbursts, 1U);
}

TEST_F(Meter, TheBeginningOfWindowsIsKnownWhereNothingMoved) {
  // One look a second while it is idle: the burst is still one of 100 ms.
  for (int i = 0; i < 5; ++i) step(0, kSecond);
  step(kFull);
  const LinkUse& use = close();
  EXPECT_NEAR(use.peak_100ms, kSpeed * 0.1, 1);
  EXPECT_EQ(use.unmeasured_windows, 0U);
}

TEST_F(Meter, ACounterThatRanBackwardsIsAnotherOne) {
  steps(150, kFull / 2);
  close();
  bytes_ = 0;
  step(0);
  steps(5, kFull / 10);
  const LinkUse& use = close();
  EXPECT_EQ(use.peak_100ms, 0) << "not 100 ms are known of the new one";
  EXPECT_NEAR(use.utilisation, 0.1, 1e-9);
  EXPECT_EQ(use.microbursts, 0U);
}

TEST_F(Meter, BurstsSurviveALookThatComesLate) {
  steps(150, 0);
  step(kFull);
  step(0, 3 * kSecond);
  EXPECT_EQ(close().microbursts, 1U);
}

TEST_F(Meter, TimeThatStandsStillIsNoSample) {
  steps(150, 0);
  bytes_ += kFull;
  meter_.sample(bytes_, clock_.monotonic());
  const LinkUse& use = close();
  EXPECT_EQ(use.peak_100ms, 0);
  step(0);
  EXPECT_NEAR(close().peak_100ms, kSpeed * 0.1, 1);
}

}  // namespace
}  // namespace netprobe
