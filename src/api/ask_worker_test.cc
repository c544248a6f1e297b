// SPDX-License-Identifier: Apache-2.0
#include "api/ask_worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>

namespace netprobe {
namespace {

TEST(AskWorker, WorksInOrderOnAThreadOfItsOwn) {
  std::vector<int> order;
  std::promise<std::thread::id> done;
  AskWorker worker;
  ASSERT_TRUE(worker.post([&] { order.push_back(1); }));
  ASSERT_TRUE(worker.post([] { throw std::runtime_error("as the test wants"); }));
  ASSERT_TRUE(worker.post([&] {
    order.push_back(2);
    done.set_value(std::this_thread::get_id());
  }));
  EXPECT_NE(done.get_future().get(), std::this_thread::get_id());
  EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(AskWorker, RefusesWhatIsTooMuchAndDropsWhatWaits) {
  std::atomic<int> ran = 0;
  std::promise<void> begun;
  std::promise<void> go;
  auto allowed = go.get_future().share();
  auto token = std::make_shared<int>(1);
  {
    AskWorker worker;
    ASSERT_TRUE(worker.post([&] {
      begun.set_value();
      allowed.wait();
      ++ran;
    }));
    begun.get_future().wait();
    for (std::size_t i = 0; i < AskWorker::kMostWaiting; ++i) ASSERT_TRUE(worker.post([token] {}));
    EXPECT_FALSE(worker.post([token] {}));
    go.set_value();
  }
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
}  // namespace netprobe
