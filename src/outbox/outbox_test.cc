// SPDX-License-Identifier: Apache-2.0
#include "outbox/outbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <random>
#include <thread>

#include "outbox/testing/fake_sender.h"
#include "outbox/testing/made_records.h"
#include "outbox/waiting_records.h"

namespace netprobe {
namespace {

using testing::FakeReceiver;
using testing::FakeSender;
using testing::made_flows;

constexpr std::array kSchemes{ExportScheme{.scheme = "test", .example = "test:"}};
const SystemClock kClock;

ExportTarget target(const std::string& parameters = "") {
  auto parsed = parse_export_target("test:?interval=10ms&" + parameters, kSchemes, kClock.wall());
  EXPECT_TRUE(parsed) << parsed.error().message;
  return *parsed;
}

std::unique_ptr<Outbox> make(FakeReceiver& receiver, const std::string& parameters = "") {
  return Outbox::make(target(parameters), std::make_unique<FakeSender>(receiver), kClock);
}

SendOutcome take_all(std::span<const RecordRef> records) {
  SendOutcome outcome;
  outcome.bytes = records.size() * 10;
  return outcome;
}

std::uint64_t lost(const OutboxStatus& status, std::string_view cause = "") {
  std::uint64_t sum = 0;
  for (const auto& [name, count] : status.lost)
    if (cause.empty() || name == cause) sum += count;
  return sum;
}

void expect_adds_up(const OutboxStatus& status) {
  EXPECT_EQ(status.seen + status.sums,
            status.passed_over + status.folded + status.sent + status.waiting + lost(status));
}

std::vector<std::uint64_t> ids(std::uint64_t from, std::size_t count) {
  std::vector<std::uint64_t> all(count);
  std::iota(all.begin(), all.end(), from);
  return all;
}

constexpr Nanos kPatience = 20 * kSecond;

TEST(Outbox, SendsEveryRecordOnceAndInOrder) {
  FakeReceiver receiver(take_all);
  auto outbox = make(receiver, "batch=7");
  outbox->start();
  for (std::uint64_t i = 0; i < 10; ++i) outbox->put(made_flows(100, 1 + i * 100));
  ASSERT_TRUE(receiver.wait_for_taken(1000));
  outbox->stop(kPatience);
  EXPECT_EQ(receiver.taken(), ids(1, 1000));
  EXPECT_LE(receiver.largest(), 7U);
  const OutboxStatus status = outbox->status();
  EXPECT_EQ(status.seen, 1000U);
  EXPECT_EQ(status.sent, 1000U);
  EXPECT_EQ(status.waiting, 0U);
  EXPECT_EQ(status.bytes, 10'000U);
  EXPECT_EQ(status.batches, receiver.sends());
  EXPECT_TRUE(status.connected);
  EXPECT_GT(status.last_sent, 0);
  EXPECT_EQ(status.name, "test");
  EXPECT_EQ(status.where, "test:");
  expect_adds_up(status);
}

TEST(Outbox, AccountAddsUpWhateverTheReceiverDoes) {
  std::mt19937 random(5);
  FakeReceiver receiver([&](std::span<const RecordRef> records) {
    SendOutcome outcome;
    for (std::uint32_t i = 0; i < records.size(); ++i)
      if (random() % 3 == 0) outcome.again.push_back(i);
    const std::size_t settled = records.size() - outcome.again.size();
    if (random() % 4 == 0) outcome.rejected = random() % (settled + 1);
    if (!outcome.again.empty()) outcome.wait = kMillisecond;
    outcome.problem = outcome.again.empty() ? "" : "it does not want all of them now";
    return outcome;
  });
  auto outbox = make(receiver, "batch=16");
  outbox->start();
  std::atomic<bool> done{false};
  // At any moment, whoever looks.
  std::thread reader([&] {
    while (!done) {
      expect_adds_up(outbox->status());
      std::this_thread::yield();
    }
  });
  for (std::uint64_t i = 0; i < 50; ++i) outbox->put(made_flows(40, 1 + i * 40));
  ASSERT_TRUE(receiver.wait_for_taken(2000));
  outbox->stop(kPatience);
  done = true;
  reader.join();
  std::vector<std::uint64_t> all = receiver.taken();
  const auto rejected = receiver.rejected();
  all.insert(all.end(), rejected.begin(), rejected.end());
  std::ranges::sort(all);
  EXPECT_EQ(all, ids(1, 2000));
  const OutboxStatus status = outbox->status();
  EXPECT_EQ(status.sent, receiver.taken().size());
  EXPECT_EQ(lost(status, "rejected"), rejected.size());
  EXPECT_GT(status.retries, 0U);
  expect_adds_up(status);
}

TEST(Outbox, WhatIsSentAgainComesFirstAndInOrder) {
  std::vector<std::vector<std::uint64_t>> sends;
  FakeReceiver receiver([&](std::span<const RecordRef> records) {
    auto& seen = sends.emplace_back();
    for (const RecordRef& record : records) seen.push_back(FakeReceiver::id_of(record));
    SendOutcome outcome;
    if (sends.size() == 1) outcome.again = {1, 3};
    if (sends.size() == 2) return SendOutcome::retry_all(records.size(), "away", kMillisecond);
    return outcome;
  });
  auto outbox = make(receiver, "batch=4");
  outbox->put(made_flows(8));
  outbox->start();
  ASSERT_TRUE(receiver.wait_for_taken(8));
  outbox->stop(kPatience);
  ASSERT_EQ(sends.size(), 4U);
  EXPECT_EQ(sends[0], (std::vector<std::uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(sends[1], (std::vector<std::uint64_t>{2, 4, 5, 6}));
  EXPECT_EQ(sends[2], (std::vector<std::uint64_t>{2, 4, 5, 6}));
  EXPECT_EQ(sends[3], (std::vector<std::uint64_t>{7, 8}));
  EXPECT_EQ(outbox->status().retries, 2U);
}

TEST(Outbox, PositionsThatDoNotExistOrComeTwiceDoNoHarm) {
  int sends = 0;
  FakeReceiver receiver([&](std::span<const RecordRef> records) {
    SendOutcome outcome;
    if (++sends == 1) {
      outcome.again = {0, 0, static_cast<std::uint32_t>(records.size()), 4'000'000'000U};
      outcome.wait = kMillisecond;
    }
    outcome.rejected = sends == 2 ? 1'000'000 : 0;
    return outcome;
  });
  auto outbox = make(receiver);
  outbox->put(made_flows(3));
  outbox->start();
  while (outbox->status().waiting > 0) std::this_thread::yield();
  outbox->stop(kPatience);
  const OutboxStatus status = outbox->status();
  EXPECT_EQ(status.sent, 2U);
  EXPECT_EQ(lost(status, "rejected"), 1U);
  expect_adds_up(status);
}

TEST(Outbox, HonoursTheTimeThatTheReceiverAskedFor) {
  constexpr Nanos kAsked = 150 * kMillisecond;
  std::vector<Nanos> times;
  FakeReceiver receiver([&](std::span<const RecordRef> records) {
    times.push_back(kClock.monotonic());
    if (times.size() == 1) return SendOutcome::retry_all(records.size(), "slower", kAsked);
    return SendOutcome{};
  });
  auto outbox = make(receiver);
  outbox->put(made_flows(1));
  outbox->start();
  ASSERT_TRUE(receiver.wait_for_taken(1));
  outbox->stop(kPatience);
  ASSERT_EQ(times.size(), 2U);
  EXPECT_GE(times[1] - times[0], kAsked);
}

TEST(Outbox, QueueIsBoundedAndWhatFindsNoRoomIsCounted) {
  FakeReceiver receiver([](std::span<const RecordRef> records) {
    return SendOutcome::retry_all(records.size(), "nobody is there", 3600 * kSecond);
  });
  auto outbox = make(receiver, "queue=64KiB");
  outbox->start();
  for (std::uint64_t i = 0; i < 20; ++i) outbox->put(made_flows(100, 1 + i * 100));
  const std::size_t fit = (64U << 10U) / estimated_bytes(made_flows(1)->flows[0]);
  OutboxStatus status = outbox->status();
  EXPECT_LE(status.waiting, fit);
  EXPECT_GE(status.waiting + 1, fit / 2);
  EXPECT_EQ(status.waiting + lost(status, "queue_full"), 2000U);
  while (outbox->status().problem.empty()) std::this_thread::yield();
  status = outbox->status();
  EXPECT_FALSE(status.connected);
  EXPECT_EQ(status.problem, "nobody is there");
  outbox->stop(0);
  status = outbox->status();
  EXPECT_EQ(status.waiting, 0U);
  EXPECT_GT(lost(status, "stopped"), 0U);
  expect_adds_up(status);
}

TEST(Outbox, ThereIsRoomForWhatIsRareBeforeFlows) {
  FakeReceiver receiver(take_all);
  auto outbox = make(receiver, "queue=64KiB");
  auto batch = made_flows(1000);
  batch->alerts.resize(3);
  batch->drops.resize(3);
  outbox->put(batch);
  EXPECT_EQ(outbox->status().waiting + lost(outbox->status(), "queue_full"), 1006U);
  outbox->start();
  outbox->stop(kPatience);
  const auto taken = receiver.taken();
  ASSERT_GT(taken.size(), 6U);
  EXPECT_EQ(std::vector(taken.begin(), taken.begin() + 6), std::vector<std::uint64_t>(6));
}

TEST(Outbox, FilterAndKindsAreKeptTo) {
  FakeReceiver receiver(take_all);
  auto outbox = make(receiver, "filter=src.namespace%3Dshop and dst.port=443&records=flows,drops");
  auto batch = made_flows(500);
  batch->connections.resize(5);
  batch->drops.resize(2);
  batch->drops[0].src = testing::made_pod("shop", "web", "web-1");
  batch->drops[0].tuple.dst_port = 443;
  batch->drops[0].time = 7;
  outbox->put(batch);
  outbox->start();
  outbox->stop(kPatience);
  std::vector<std::uint64_t> wanted{7};
  for (const FlowRecord& flow : batch->flows)
    if (flow.src && flow.src->name_space == "shop" && flow.tuple.dst_port == 443)
      wanted.push_back(flow.flow_id);
  EXPECT_GT(wanted.size(), 10U);
  EXPECT_EQ(receiver.taken(), wanted);
  const OutboxStatus status = outbox->status();
  EXPECT_EQ(status.passed_over, 507U - wanted.size());
  expect_adds_up(status);
}

TEST(Outbox, WhatTheFilterLeavesOutIsNoLossOfAFullQueue) {
  FakeReceiver receiver(take_all);
  auto outbox = make(receiver, "queue=64KiB&filter=dst.port=443&records=flows");
  const auto batch = made_flows(2000);
  outbox->put(batch);  // nobody takes from the queue yet
  const OutboxStatus status = outbox->status();
  const auto other = static_cast<std::uint64_t>(std::ranges::count_if(
      batch->flows, [](const FlowRecord& flow) { return flow.tuple.dst_port != 443; }));
  EXPECT_GT(status.passed_over, 0U);
  EXPECT_LE(status.passed_over, other);
  EXPECT_GT(lost(status, "queue_full"), 0U);
  expect_adds_up(status);
  outbox->start();
  outbox->stop(kPatience);
  EXPECT_EQ(outbox->status().passed_over, other);
  expect_adds_up(outbox->status());
}

TEST(Outbox, StopEndsASendThatHangs) {
  FakeReceiver* asked = nullptr;
  std::atomic<bool> inside{false};
  FakeReceiver receiver([&](std::span<const RecordRef> records) {
    inside = true;
    while (!asked->stopped) std::this_thread::yield();
    return SendOutcome::retry_all(records.size(), "ended");
  });
  asked = &receiver;
  auto outbox = make(receiver);
  outbox->start();
  outbox->put(made_flows(10));
  while (!inside) std::this_thread::yield();
  outbox->stop(50 * kMillisecond);
  EXPECT_TRUE(receiver.stopped);
  EXPECT_EQ(lost(outbox->status(), "stopped"), 10U);
  outbox->put(made_flows(5));
  outbox->stop(kPatience);
  EXPECT_EQ(lost(outbox->status(), "stopped"), 15U);
  expect_adds_up(outbox->status());
}

TEST(Outbox, StopSendsWhatWaitsForItsInterval) {
  FakeReceiver receiver(take_all);
  auto outbox = Outbox::make(*parse_export_target("test:?interval=1h", kSchemes, kClock.wall()),
                             std::make_unique<FakeSender>(receiver), kClock);
  outbox->start();
  outbox->put(made_flows(10));
  outbox->stop(kPatience);
  EXPECT_EQ(receiver.taken().size(), 10U);
}

TEST(Outbox, SumsGoOutInPlaceOfFlows) {
  FakeReceiver receiver(take_all);
  auto outbox = make(receiver, "fold=workload");
  auto batch = made_flows(5000);
  batch->drops.resize(3);
  outbox->start();
  outbox->put(batch);
  outbox->stop(kPatience);
  const OutboxStatus status = outbox->status();
  EXPECT_EQ(status.folded, 5000U);
  EXPECT_GT(status.sums, 100U);
  EXPECT_LT(status.sums, 4000U);
  EXPECT_EQ(status.sent, status.sums + 3);
  EXPECT_EQ(receiver.taken().size(), status.sent);
  expect_adds_up(status);
}

TEST(Outbox, SumsSayWhatTheyStandFor) {
  std::atomic<std::uint64_t> records = 0;
  std::atomic<std::uint64_t> flows = 0;
  FakeReceiver receiver([&](std::span<const RecordRef> sent) {
    const FieldRef of_records{FieldId::kRecords, {}};
    const FieldRef of_flows{FieldId::kFlows, {}};
    for (const RecordRef& sum : sent) {
      records += std::get<std::uint64_t>(value_of(of_records, sum));
      flows += std::get<std::uint64_t>(value_of(of_flows, sum));
    }
    return SendOutcome{};
  });
  auto outbox = make(receiver, "fold=workload");
  outbox->start();
  outbox->put(made_flows(5000));
  outbox->stop(kPatience);
  EXPECT_EQ(records, 5000U);
  EXPECT_EQ(flows, 5000U);
  EXPECT_LT(outbox->status().sent, 4000U);
}

}  // namespace
}  // namespace netprobe
