// SPDX-License-Identifier: Apache-2.0
// What shares the turn: broad questions and summing up.
#include <gtest/gtest.h>

#include <atomic>
#include <expected>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "store/duckdb/testing/store_fixture.h"

namespace netprobe::duck {
namespace {

constexpr Micros kMinute = 60'000'000;

using TurnTest = StoreTest;

TEST_F(TurnTest, WhatNeedsMuchMemoryIsDoneOneByOne) {
  std::atomic<int> broad = 0;
  std::atomic<int> together = 0;
  std::atomic<int> begun = 0;
  std::atomic<int> sums = 0;
  options_.at_moment = [&](std::string_view moment) {
    if (moment == "question begun") {
      ++begun;
      if (++broad > 1) ++together;
    } else if (moment == "question ended") {
      --broad;
    } else if (moment.ends_with("inserted")) {
      ++sums;
      if (broad > 0) ++together;
    }
  };
  open();
  for (std::uint64_t i = 0; i < 3; ++i) {
    write(make_batch(1 + i * 100'000, 5'000, now() - kMinute));
    flush();
    store_->close_raw_file();
  }
  const auto rows = ask("src.port>=1 | count").rows;
  ASSERT_EQ(number("src.port>=1 | count"), 15'000U);
  begun = 0;
  constexpr int kAskers = 6;
  constexpr int kTimes = 5;
  std::atomic<int> right = 0;
  std::vector<std::thread> askers;
  for (int i = 0; i < kAskers; ++i) {
    askers.emplace_back([&] {
      for (int time = 0; time < kTimes; ++time) {
        const auto query = parse_query("src.port>=1 | count", clock_.wall());
        const auto answer = ask(QueryRequest{.query = *query});
        if (answer && answer->rows == rows) ++right;
      }
    });
  }
  store_->keep_house();
  for (std::thread& asker : askers) asker.join();
  EXPECT_EQ(right, kAskers * kTimes);
  EXPECT_EQ(begun, kAskers * kTimes);
  EXPECT_EQ(sums, 9) << "three files, each summed up three times";
  EXPECT_EQ(together, 0);
}

TEST_F(TurnTest, WhoWaitsForTheTurnIsTold) {
  std::promise<void> go_on;
  std::promise<void> begun;
  options_.at_moment = [&, first = true](std::string_view moment) mutable {
    if (moment != "question begun" || !std::exchange(first, false)) return;
    begun.set_value();
    go_on.get_future().wait();
  };
  open();
  write(make_batch(1, 100, now() - kMinute));
  flush();
  const auto count = parse_query("flows | count", clock_.wall());
  ASSERT_TRUE(count.has_value());
  using Answer = std::expected<QueryAnswer, QueryFailure>;
  const auto send = [&](QueryRequest request) {
    auto promise = std::make_shared<std::promise<Answer>>();
    store_->query(std::move(request),
                  [promise](Answer answer) { promise->set_value(std::move(answer)); });
    return promise->get_future();
  };
  auto first = send({.query = *count});
  begun.get_future().wait();
  // It has the turn, and the others wait: for a moment, until nobody wants it, and on.
  auto late = send({.query = *count, .limits = {.time = 1000}});
  QueryRequest request{.query = *count};
  const auto cancelled = request.cancelled;
  auto unwanted = send(std::move(request));
  auto last = send({.query = *count});
  *cancelled = true;
  const auto in_vain = late.get();
  ASSERT_FALSE(in_vain.has_value());
  EXPECT_EQ(in_vain.error().kind, QueryFailure::Kind::kNoStore) << in_vain.error().message;
  const auto none = unwanted.get();
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().kind, QueryFailure::Kind::kCancelled);
  // A page of the newest does not wait.
  EXPECT_EQ(ask("flows | fields time").rows.size(), 100U);
  go_on.set_value();
  EXPECT_TRUE(first.get().has_value());
  EXPECT_TRUE(last.get().has_value());
  EXPECT_EQ(store_->status().queries_failed, 2U);
}

}  // namespace
}  // namespace netprobe::duck
