// SPDX-License-Identifier: Apache-2.0
#include "io/event_queue.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

SharedText text(std::string value) { return std::make_shared<const std::string>(std::move(value)); }

std::string drain(EventQueue& queue) {
  std::string all;
  for (;;) {
    const auto taken = queue.take(1);
    if (taken.empty()) return all;
    for (const auto& piece : taken) all += *piece;
  }
}

TEST(EventQueue, GivesEventsInOrder) {
  EventQueue queue(10, 1000);
  EXPECT_EQ(queue.push(text("a"), 1), EventQueue::Pushed::kQueued);
  EXPECT_EQ(queue.push(text("b"), 1), EventQueue::Pushed::kQueued);
  EXPECT_EQ(drain(queue), "ab");
}

TEST(EventQueue, WakesOnceAfterTheTakerFoundNothing) {
  EventQueue queue(10, 1000);
  EXPECT_TRUE(queue.take(100).empty());
  EXPECT_EQ(queue.push(text("a"), 1), EventQueue::Pushed::kWake);
  EXPECT_EQ(queue.push(text("b"), 1), EventQueue::Pushed::kQueued);
}

TEST(EventQueue, TellsOfLossInItsPlace) {
  EventQueue queue(2, 1000);
  (void)queue.push(text("a"), 1);
  (void)queue.push(text("b"), 1);
  EXPECT_EQ(queue.push(text("c"), 1), EventQueue::Pushed::kLost);
  EXPECT_EQ(queue.push(text("d"), 1), EventQueue::Pushed::kLost);
  EXPECT_EQ(*queue.take(1).at(0), "a");
  (void)queue.push(text("e"), 1);
  EXPECT_EQ(drain(queue), "bevent: lost\ndata: {\"lost\":2}\n\ne");
  EXPECT_EQ(queue.lost(), 2U);
}

TEST(EventQueue, TellsOfLossAlsoWhenNothingFollows) {
  EventQueue queue(1, 1000);
  (void)queue.push(text("a"), 1);
  (void)queue.push(text("b"), 3);
  EXPECT_EQ(drain(queue), "aevent: lost\ndata: {\"lost\":3}\n\n");
  EXPECT_EQ(drain(queue), "");
}

TEST(EventQueue, IsBoundedInBytes) {
  EventQueue queue(100, 10);
  (void)queue.push(text("12345678"), 1);
  EXPECT_EQ(queue.push(text("123"), 1), EventQueue::Pushed::kLost);
  EXPECT_EQ(queue.push(text("12"), 1), EventQueue::Pushed::kQueued);
}

TEST(EventQueue, LetsOneLargeEventThrough) {
  EventQueue queue(100, 10);
  EXPECT_TRUE(queue.take(1).empty());
  EXPECT_EQ(queue.push(text("12345678901234"), 1), EventQueue::Pushed::kWake);
  EXPECT_EQ(drain(queue), "12345678901234");
}

TEST(EventQueue, WakesForALossFromOutside) {
  EventQueue queue(100, 100);
  EXPECT_TRUE(queue.take(1).empty());
  EXPECT_TRUE(queue.lose(7));
  EXPECT_FALSE(queue.lose(1));
  EXPECT_EQ(drain(queue), "event: lost\ndata: {\"lost\":8}\n\n");
}

}  // namespace
}  // namespace netprobe
