// SPDX-License-Identifier: Apache-2.0
#include "base/bounded_queue.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace netprobe {
namespace {

TEST(BoundedQueue, KeepsOrderAndCountsWhatItHasNoRoomFor) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.push(1));
  EXPECT_TRUE(queue.push(2));
  EXPECT_FALSE(queue.push(3));
  EXPECT_EQ(queue.lost(), 1U);
  EXPECT_EQ(queue.take(), (std::vector<int>{1, 2}));
  EXPECT_TRUE(queue.take().empty());
  EXPECT_TRUE(queue.push(4));
  EXPECT_EQ(queue.take(), std::vector<int>{4});
}

TEST(BoundedQueue, EveryValueIsTakenOrLostAcrossThreads) {
  constexpr std::uint64_t kEach = 20'000;
  BoundedQueue<std::uint64_t> queue(64);
  std::uint64_t taken = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 3; ++i)
    writers.emplace_back([&queue] {
      for (std::uint64_t n = 0; n < kEach; ++n) (void)queue.push(n);
    });
  for (int i = 0; i < 1000; ++i) taken += queue.take().size();
  for (auto& writer : writers) writer.join();
  taken += queue.take().size();
  EXPECT_EQ(taken + queue.lost(), 3 * kEach);
}

TEST(BoundedQueue, WhatIsOfferedAndKeptIsNotLost) {
  BoundedQueue<int> queue(1);
  EXPECT_TRUE(queue.offer(1));
  EXPECT_FALSE(queue.offer(2));
  EXPECT_EQ(queue.lost(), 0U);
  EXPECT_EQ(queue.take(), std::vector<int>{1});
  EXPECT_TRUE(queue.offer(2));
}

}  // namespace
}  // namespace netprobe
