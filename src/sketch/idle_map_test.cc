// SPDX-License-Identifier: Apache-2.0
#include "sketch/idle_map.h"

#include <gtest/gtest.h>

#include <list>
#include <random>
#include <string>
#include <unordered_map>

namespace netprobe {
namespace {

TEST(IdleMap, ForgetsWhoWasNotTouchedLongest) {
  IdleMap<int, std::string> map(3);
  map.touch(1) = "a";
  map.touch(2) = "b";
  map.touch(3) = "c";
  ASSERT_NE(map.touch_if_known(1), nullptr);
  std::string gone;
  map.touch(4, [&](int key, std::string& value) { gone = std::to_string(key) + value; }) = "d";
  EXPECT_EQ(gone, "2b");
  EXPECT_EQ(map.find(2), nullptr);
  EXPECT_EQ(*map.find(1), "a");
  EXPECT_EQ(map.size(), 3U);
  EXPECT_EQ(map.evicted(), 1U);
}

TEST(IdleMap, DropsWhatIsIdleUpToTheFirstThatIsNot) {
  IdleMap<int, int> map(10);
  for (int i = 0; i < 5; ++i) map.touch(i) = i;
  map.drop_idle([](int, int value) { return value < 3; });
  EXPECT_EQ(map.size(), 2U);
  map.drop_idle([](int, int) { return true; }, 1);
  EXPECT_EQ(map.size(), 1U);
  map.drop(4);
  EXPECT_EQ(map.size(), 0U);
  EXPECT_EQ(map.touch(4), 0) << "a place that is used again is as new";
}

TEST(IdleMap, IsAsAListAndAMapWouldBe) {
  constexpr std::size_t kCapacity = 100;
  IdleMap<unsigned, unsigned> map(kCapacity);
  std::list<unsigned> order;  // oldest first
  std::unordered_map<unsigned, unsigned> values;
  std::mt19937 random(7);
  for (unsigned step = 0; step < 20'000; ++step) {
    const unsigned key = random() % 150;
    if (random() % 10 == 0) {
      map.drop(key);
      order.remove(key);
      values.erase(key);
      continue;
    }
    if (values.contains(key)) {
      order.remove(key);
    } else if (values.size() == kCapacity) {
      values.erase(order.front());
      order.pop_front();
    }
    order.push_back(key);
    values[key] = step;
    map.touch(key) = step;
    ASSERT_EQ(map.size(), values.size());
  }
  auto expected = order.begin();
  map.for_each([&](unsigned key, unsigned value) {
    ASSERT_NE(expected, order.end());
    EXPECT_EQ(key, *expected++);
    EXPECT_EQ(value, values[key]);
  });
  EXPECT_EQ(expected, order.end());
  EXPECT_GT(map.bytes(), kCapacity * 8);
  map.clear();
  EXPECT_EQ(map.bytes(), 0U);
  map.touch(1) = 5;
  EXPECT_EQ(*map.find(1), 5U);
}

}  // namespace
}  // namespace netprobe
