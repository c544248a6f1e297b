// SPDX-License-Identifier: Apache-2.0
#include "sketch/space_saving.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace netprobe {
namespace {

TEST(SpaceSaving, CountsExactlyWhileThereIsRoom) {
  SpaceSaving<int, 4> sketch;
  sketch.add(1, 5);
  sketch.add(2);
  sketch.add(1, 5);
  ASSERT_EQ(sketch.largest().size(), 2U);
  EXPECT_EQ(sketch.largest()[0].key, 1);
  EXPECT_EQ(sketch.largest()[0].count, 10U);
  EXPECT_EQ(sketch.largest()[0].error, 0U);
  EXPECT_NEAR(sketch.share(*sketch.first()), 10.0 / 11, 1e-9);
}

TEST(SpaceSaving, KeepsItsBounds) {
  constexpr std::size_t kPlaces = 16;
  std::mt19937 random(5);
  std::geometric_distribution<int> often(0.1);
  SpaceSaving<int, kPlaces> sketch;
  std::map<int, std::uint64_t> exact;
  for (int i = 0; i < 200'000; ++i) {
    // Half of it are as many as there can be, each once.
    const int key = i % 2 == 0 ? often(random) : 1'000'000 + i;
    sketch.add(key);
    ++exact[key];
  }
  EXPECT_EQ(sketch.total(), 200'000U);
  std::map<int, bool> here;
  for (const auto& place : sketch.largest()) {
    here[place.key] = true;
    EXPECT_GE(place.count, exact[place.key]);
    EXPECT_LE(place.count - place.error, exact[place.key]);
    EXPECT_LE(place.error, sketch.total() / kPlaces);
  }
  for (const auto& [key, count] : exact)
    if (count > sketch.total() / kPlaces) EXPECT_TRUE(here[key]) << key;
}

TEST(SpaceSaving, HalvedItHoldsItsBoundsOfWhatIsLeft) {
  SpaceSaving<int, 2> sketch;
  EXPECT_EQ(sketch.first(), nullptr);
  sketch.add(1, 9);
  sketch.add(2, 4);
  sketch.add(3, 1);  // in the place of 2
  sketch.halve();
  EXPECT_EQ(sketch.total(), 7U);
  EXPECT_EQ(sketch.largest()[0].key, 1);
  EXPECT_EQ(sketch.largest()[0].count, 5U);
  EXPECT_EQ(sketch.largest()[1].count - sketch.largest()[1].error, 1U);
  EXPECT_EQ(sketch.first()->key, 1);
  sketch.clear();
  EXPECT_EQ(sketch.size(), 0U);
}

}  // namespace
}  // namespace netprobe
