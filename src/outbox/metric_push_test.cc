// SPDX-License-Identifier: Apache-2.0
#include "outbox/metric_push.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace netprobe {
namespace {

const SystemClock kClock;

/// A receiver that a test decides for. Each set is one body of so many bytes and points.
class Receiver {
 public:
  std::function<MetricOutcome(const MetricBody&, int call)> decide = [](const auto&, int) {
    return MetricOutcome{};
  };
  std::size_t bodies = 1;
  std::size_t bytes = 100;

  MetricOutcome take(const MetricBody& body) {
    int call = 0;
    {
      const MutexLock lock(mutex_);
      call = calls_++;
    }
    MetricOutcome outcome = decide(body, call);
    const MutexLock lock(mutex_);
    if (!outcome.again) taken_.push_back(body.bytes);
    return outcome;
  }
  std::vector<std::string> taken() {
    const MutexLock lock(mutex_);
    return taken_;
  }
  int calls() {
    const MutexLock lock(mutex_);
    return calls_;
  }
  void note_before(const MetricSet* before) {
    const MutexLock lock(mutex_);
    befores_.push_back(before == nullptr ? -1 : before->taken_at);
  }
  std::vector<Nanos> befores() {
    const MutexLock lock(mutex_);
    return befores_;
  }
  std::atomic<bool> stopped = false;

 private:
  Mutex mutex_;
  int calls_ NETPROBE_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> taken_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<Nanos> befores_ NETPROBE_GUARDED_BY(mutex_);
};

class Sender final : public MetricSender {
 public:
  explicit Sender(Receiver& receiver) : receiver_(receiver) {}
  std::vector<MetricBody> encode(const MetricSet& set, const MetricSet* before) override {
    receiver_.note_before(before);
    std::vector<MetricBody> bodies;
    for (std::size_t i = 0; i < receiver_.bodies; ++i) {
      std::string text = std::to_string(set.taken_at) + "/" + std::to_string(i);
      text.resize(std::max(text.size(), receiver_.bytes), ' ');
      bodies.push_back({text.substr(0, receiver_.bytes), 10});
    }
    return bodies;
  }
  MetricOutcome send(const MetricBody& body) override { return receiver_.take(body); }
  void stop() override { receiver_.stopped = true; }

 private:
  Receiver& receiver_;
};

ExportTarget target(std::size_t queue = 1U << 20U) {
  static constexpr std::array kSchemes{ExportScheme{.scheme = "test", .example = "test:"}};
  auto parsed = parse_export_target("test:", kSchemes, kClock.wall());
  EXPECT_TRUE(parsed);
  parsed->queue = queue;
  return *parsed;
}

/// Sets with the numbers 1, 2, 3 … as their times.
MetricSource counting_source() {
  return [number = std::make_shared<std::atomic<Nanos>>(0)](auto done) {
    done([number]() -> MetricSetPtr {
      auto set = std::make_shared<MetricSet>();
      set->taken_at = ++*number;
      return set;
    });
  };
}

std::uint64_t lost(const OutboxStatus& status, std::string_view cause = "") {
  std::uint64_t sum = 0;
  for (const auto& [name, count] : status.lost)
    if (cause.empty() || name == cause) sum += count;
  return sum;
}

void expect_adds_up(const OutboxStatus& status) {
  EXPECT_EQ(status.seen, status.sent + status.waiting + lost(status));
}

bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 3'000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return holds();
}

std::string number_of(const std::string& body) { return body.substr(0, body.find('/')); }

TEST(MetricPush, SendsASetEachInterval) {
  Receiver receiver;
  receiver.bodies = 3;
  auto push = MetricPush::make(target(), 20 * kMillisecond, std::make_unique<Sender>(receiver),
                               counting_source(), kClock);
  push->start();
  ASSERT_TRUE(eventually([&] { return receiver.taken().size() >= 9; }));
  push->stop(10 * kSecond);
  const auto taken = receiver.taken();
  for (std::size_t i = 0; i < taken.size(); ++i) {
    EXPECT_EQ(number_of(taken[i]), std::to_string(i / 3 + 1));
    EXPECT_TRUE(taken[i].contains("/" + std::to_string(i % 3)));
  }
  const OutboxStatus status = push->status();
  EXPECT_EQ(status.sent, taken.size() * 10);
  EXPECT_EQ(status.waiting, 0U);
  EXPECT_TRUE(status.connected);
  expect_adds_up(status);
  const auto befores = receiver.befores();
  for (std::size_t i = 0; i < befores.size(); ++i)
    EXPECT_EQ(befores[i], i == 0 ? -1 : static_cast<Nanos>(i));
}

TEST(MetricPush, KeepsTheNewestWhileTheReceiverIsAway) {
  Receiver receiver;
  std::atomic<bool> away = true;
  receiver.bytes = 1'000;
  receiver.decide = [&](const auto&, int) {
    return MetricOutcome{
        .again = away.load(), .wait = 10 * kMillisecond, .problem = away ? "away" : ""};
  };
  auto push = MetricPush::make(target(3'500), 5 * kMillisecond, std::make_unique<Sender>(receiver),
                               counting_source(), kClock);
  push->start();
  ASSERT_TRUE(eventually([&] { return lost(push->status(), "queue_full") >= 100; }));
  const OutboxStatus status = push->status();
  EXPECT_LE(status.waiting, 30U);
  EXPECT_GE(status.waiting, 10U);
  EXPECT_EQ(status.sent, 0U);
  EXPECT_EQ(status.problem, "away");
  expect_adds_up(status);
  away = false;
  ASSERT_TRUE(eventually([&] { return !receiver.taken().empty(); }));
  push->stop(10 * kSecond);
  // What waited longest went first, and nothing older than what was kept.
  EXPECT_GT(std::stoul(number_of(receiver.taken().front())), 9U);
  expect_adds_up(push->status());
}

TEST(MetricPush, KeepsTheNewestEvenWhereItIsLargerThanTheQueue) {
  Receiver receiver;
  receiver.bodies = 2;
  receiver.bytes = 10'000;
  auto push = MetricPush::make(target(100), 3'600 * kSecond, std::make_unique<Sender>(receiver),
                               counting_source(), kClock);
  push->start();
  ASSERT_TRUE(eventually([&] { return receiver.taken().size() == 2; }));
  push->stop(kSecond);
  EXPECT_EQ(lost(push->status()), 0U);
}

TEST(MetricPush, CountsWhatIsRejected) {
  Receiver receiver;
  receiver.decide = [](const auto&, int call) {
    return MetricOutcome{.rejected = call == 0 ? 4U : 1'000U, .problem = "no"};
  };
  receiver.bodies = 2;
  auto push = MetricPush::make(target(), 3'600 * kSecond, std::make_unique<Sender>(receiver),
                               counting_source(), kClock);
  push->start();
  ASSERT_TRUE(eventually([&] { return push->status().seen == 20 && push->status().waiting == 0; }));
  push->stop(kSecond);
  EXPECT_EQ(push->status().sent, 6U);
  EXPECT_EQ(lost(push->status(), "rejected"), 14U);
  EXPECT_EQ(push->status().batches, 1U);
}

TEST(MetricPush, StopEndsASendThatHangsAndCountsTheRest) {
  Receiver receiver;
  receiver.decide = [&](const auto&, int) {
    while (!receiver.stopped) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return MetricOutcome{.again = true, .problem = "stopped"};
  };
  auto push = MetricPush::make(target(), 3'600 * kSecond, std::make_unique<Sender>(receiver),
                               counting_source(), kClock);
  push->start();
  ASSERT_TRUE(eventually([&] { return receiver.calls() == 1; }));
  push->stop(20 * kMillisecond);
  EXPECT_EQ(lost(push->status(), "stopped"), 10U);
  EXPECT_EQ(push->status().waiting, 0U);
  expect_adds_up(push->status());
  push->stop(kSecond);  // once more is no harm
}

TEST(MetricPush, TakesNoHarmFromASourceThatAnswersNeverLateOrTwice) {
  Receiver receiver;
  std::function<void(MetricSetMaker)> late;
  Mutex mutex;
  int asked = 0;
  {
    auto push = MetricPush::make(
        target(), 10 * kMillisecond, std::make_unique<Sender>(receiver),
        [&](auto done) {
          const MutexLock lock(mutex);
          const auto set = [] { return std::make_shared<const MetricSet>(); };
          switch (++asked) {
            case 1:
              late = done;
              break;
            case 2:
              done(set);
              done(set);
              break;
            case 3:
              done(nullptr);
              break;
            case 4:
              done([]() -> MetricSetPtr { return nullptr; });
              break;
            default:
              break;
          }
        },
        kClock);
    push->start();
    ASSERT_TRUE(eventually([&] {
      const MutexLock lock(mutex);
      return asked >= 6;
    }));
    EXPECT_EQ(push->status().seen, 10U);
  }
  late([] { return std::make_shared<const MetricSet>(); });  // the push is gone
}

}  // namespace
}  // namespace netprobe
