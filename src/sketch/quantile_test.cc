// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "sketch/decayed_quantile.h"
#include "sketch/ewma.h"

namespace netprobe {
namespace {

TEST(DecayedQuantile, IsTheQuantileAtMostAFifthTooLarge) {
  std::mt19937 random(9);
  std::lognormal_distribution<double> numbers(6, 2);
  DecayedQuantile sketch(1e9);  // as good as no decay
  std::vector<double> exact;
  for (int i = 0; i < 20'000; ++i) {
    exact.push_back(numbers(random));
    sketch.add(exact.back());
  }
  std::sort(exact.begin(), exact.end());
  for (const double q : {0.05, 0.5, 0.9, 0.95, 0.99, 1.0}) {
    const double right = exact[static_cast<std::size_t>(q * 19'999)];
    EXPECT_GE(sketch.quantile(q), right * 0.995) << q;
    EXPECT_LE(sketch.quantile(q), right * 1.205) << q;
  }
  EXPECT_EQ(sketch.seen(), 20'000U);
}

TEST(DecayedQuantile, ForgetsWhatIsOldAndIsNotMovedByTheRare) {
  DecayedQuantile sketch(100);
  EXPECT_EQ(sketch.quantile(0.95), 0);
  for (int i = 0; i < 2'000; ++i) sketch.add(1'000);
  for (int i = 0; i < 20; ++i) sketch.add(i % 2 == 0 ? 1e9 : 1'000);
  EXPECT_LE(sketch.quantile(0.9), 1'200) << "a tenth of the newest weight at most";
  for (int i = 0; i < 1'000; ++i) sketch.add(10);
  EXPECT_LE(sketch.quantile(0.95), 12);
  EXPECT_GE(sketch.quantile(0.95), 10);
}

TEST(DecayedQuantile, TakesAnyNumberForAnyLength) {
  DecayedQuantile sketch(10);
  for (int i = 0; i < 100'000; ++i) sketch.add(0);
  EXPECT_EQ(sketch.quantile(0.99), 0);
  for (int i = 0; i < 1'000; ++i) sketch.add(1e300);
  EXPECT_GT(sketch.quantile(0.99), 1e9);
  sketch.add(-5);
  EXPECT_EQ(sketch.quantile(0), 0);
}

TEST(Ewma, IsHalfWayAfterAHalfLifeHoweverItIsCut) {
  Ewma once(2);
  once.add(100, 2);
  EXPECT_NEAR(once.value(), 50, 1e-9);
  Ewma often(2);
  for (int i = 0; i < 8; ++i) often.add(100, 0.25);
  EXPECT_NEAR(often.value(), 50, 1e-9);
  often.add(0, 1'000);
  EXPECT_NEAR(often.value(), 0, 1e-9);
}

}  // namespace
}  // namespace netprobe
