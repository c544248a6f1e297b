// SPDX-License-Identifier: Apache-2.0
#include "sketch/entropy.h"

#include <gtest/gtest.h>

#include <vector>

#include "sketch/keyed_hash.h"

namespace netprobe {
namespace {

std::uint64_t hash(std::uint64_t number, std::uint64_t seed) {
  return mix_hash(mix_hash(seed, number), seed);
}

// The mean of many keys of the hash.
double bits_of_equal(std::uint64_t sources) {
  constexpr int kSeeds = 50;
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    EntropySketch sketch;
    for (std::uint64_t i = 0; i < sources; ++i) sketch.add(hash(i, seed), 10);
    EXPECT_LE(sketch.bits(), std::log2(static_cast<double>(sources)) + 1e-9);
    EXPECT_LE(sketch.bits(), EntropySketch::kMostBits + 1e-9);
    sum += sketch.bits();
  }
  return sum / kSeeds;
}

TEST(EntropySketch, ErrsAsItSaysWithEqualShares) {
  EXPECT_EQ(bits_of_equal(1), 0);
  for (const std::uint64_t sources : {2U, 8U, 16U, 32U}) {
    const double lost = std::log2(static_cast<double>(sources)) - bits_of_equal(sources);
    EXPECT_LT(lost, 2.0 * static_cast<double>(sources) / 512) << sources;
  }
  EXPECT_GT(bits_of_equal(2'560), 8 - 0.09);
  EXPECT_GT(bits_of_equal(100'000), 8 - 0.01);
}

TEST(EntropySketch, OneLoudSourceAmongManyIsNotEven) {
  EntropySketch sketch;
  EXPECT_EQ(sketch.bits(), 0);
  double exact = 0;
  const std::vector<double> shares{0.9, 0.05, 0.03, 0.02};
  for (std::size_t i = 0; i < shares.size(); ++i) {
    sketch.add(hash(i, 1), static_cast<std::uint32_t>(shares[i] * 10'000));
    exact -= shares[i] * std::log2(shares[i]);
  }
  EXPECT_LE(sketch.bits(), exact + 1e-9);
  EXPECT_GT(sketch.bits(), 0.4);
  EXPECT_LT(sketch.evenness(4), 0.35);
  EXPECT_EQ(sketch.evenness(1), 0);
  sketch.halve();
  EXPECT_NEAR(sketch.bits(), exact, 0.2);
  sketch.clear();
  EXPECT_EQ(sketch.bits(), 0);
}

}  // namespace
}  // namespace netprobe
