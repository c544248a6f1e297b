// SPDX-License-Identifier: Apache-2.0
#include "sketch/hyper_log_log.h"

#include <gtest/gtest.h>

#include "sketch/keyed_hash.h"

namespace netprobe {
namespace {

std::uint64_t hash(std::uint64_t number, std::uint64_t seed) {
  return mix_hash(mix_hash(seed, number), seed);
}

TEST(HyperLogLog, ErrsAsItSays) {
  constexpr double kError = 0.0325;  // 1.04 / 32
  for (const std::uint64_t count : {0U, 1U, 10U, 300U, 3'000U, 50'000U, 1'000'000U}) {
    double squares = 0;
    const int tries = count > 100'000 ? 8 : 60;
    for (int seed = 1; seed <= tries; ++seed) {
      HyperLogLog<10> sketch;
      for (std::uint64_t i = 0; i < count; ++i) {
        sketch.add(hash(i, static_cast<std::uint64_t>(seed)));
        sketch.add(hash(i / 2, static_cast<std::uint64_t>(seed)));  // again
      }
      const double estimate = sketch.estimate();
      if (count == 0) {
        EXPECT_EQ(estimate, 0);
        continue;
      }
      const double error = estimate / static_cast<double>(count) - 1;
      EXPECT_LT(std::abs(error), 5 * kError) << count;
      squares += error * error;
    }
    EXPECT_LT(std::sqrt(squares / tries), 1.6 * kError) << count;
  }
}

TEST(HyperLogLog, TheSameTwiceIsOne) {
  HyperLogLog<8> sketch;
  for (int i = 0; i < 1'000; ++i) sketch.add(hash(7, 1));
  EXPECT_NEAR(sketch.estimate(), 1, 0.01);
  sketch.clear();
  EXPECT_EQ(sketch.estimate(), 0);
}

TEST(HyperLogLog, MergedIsAsIfOneHadSeenAll) {
  HyperLogLog<10> all;
  HyperLogLog<10> one;
  HyperLogLog<10> other;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    all.add(hash(i, 3));
    (i % 3 == 0 ? one : other).add(hash(i, 3));
    if (i % 5 == 0) one.add(hash(i, 3));
  }
  one.merge(other);
  EXPECT_EQ(one.estimate(), all.estimate());
}

TEST(HyperLogLog, TakesHashesOfAllZerosAndAllOnes) {
  HyperLogLog<4> sketch;
  sketch.add(0);
  sketch.add(UINT64_MAX);
  EXPECT_NEAR(sketch.estimate(), 2, 0.5);
}

}  // namespace
}  // namespace netprobe
