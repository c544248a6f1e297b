// SPDX-License-Identifier: Apache-2.0
#include "sketch/count_min.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "sketch/keyed_hash.h"

namespace netprobe {
namespace {

std::uint64_t hash(std::uint64_t number) { return mix_hash(mix_hash(11, number), 12); }

TEST(CountMin, IsNeverTooSmallAndSeldomTooLarge) {
  CountMin sketch(1'000);
  EXPECT_EQ(sketch.width(), 1'024U);
  EXPECT_EQ(sketch.bytes(), 2 * 1'024 * sizeof(std::uint32_t));
  std::mt19937 random(3);
  std::map<std::uint64_t, std::uint32_t> exact;
  double total = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t key = random() % 20'000;
    const std::uint32_t weight = 1 + random() % 3;
    sketch.add(hash(key), weight);
    exact[key] += weight;
    total += weight;
  }
  std::size_t beyond = 0;
  for (const auto& [key, count] : exact) {
    ASSERT_GE(sketch.count(hash(key)), count);
    if (sketch.count(hash(key)) - count > std::exp(1) * total / 1'024) ++beyond;
  }
  EXPECT_LE(static_cast<double>(beyond), static_cast<double>(exact.size()) / 7);
}

TEST(CountMin, StaysAtItsMostAndIsCleared) {
  CountMin sketch(4);
  EXPECT_EQ(sketch.add(1, UINT32_MAX - 1), UINT32_MAX - 1);
  EXPECT_EQ(sketch.add(1, 7), UINT32_MAX);
  sketch.clear();
  EXPECT_EQ(sketch.count(1), 0U);
}

}  // namespace
}  // namespace netprobe
