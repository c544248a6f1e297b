// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "store/clickhouse/clickhouse_store.h"
#include "store/faulty_proxy.h"
#include "store/history_records.h"
#include "support/clickhouse_server.h"
#include "support/temp_dir.h"

namespace netprobe::test {

/// A server, and a store on it by way of a proxy that can be told to misbehave.
class ClickHouseStoreTest : public ::testing::Test {
 protected:
  static constexpr const char* kPassword = "s3cr3t'pw&%/x";

  void SetUp() override {
    if (const auto why = ClickHouseServer::obstacle(); !why.empty()) GTEST_SKIP() << why;
    auto server = ClickHouseServer::start({.data_path = data_path()});
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    proxy_ = std::make_unique<FaultyProxy>(server_->port());
  }
  void TearDown() override {
    if (store_) store_->stop();
  }
  [[nodiscard]] virtual std::string data_path() const { return {}; }

  [[nodiscard]] ClickHouseOptions options() const {
    ClickHouseOptions options;
    options.url = proxy_->url();
    options.spill_directory = spill_.path();
    options.batch_time = 20 * kMillisecond;
    options.insert_timeout = insert_timeout_;
    options.ask_timeout = 2 * kSecond;
    options.least_backoff = 20 * kMillisecond;
    options.most_backoff = 200 * kMillisecond;
    options.keep_raw = options.keep_minutes = options.keep_hours = options.keep_events = 0;
    return options;
  }
  void open(const ClickHouseOptions& options) {
    store_.reset();
    auto store = make_clickhouse_store(options);
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
  }
  void open() { open(options()); }
  /// What was written before is there or lost; false: not in time.
  [[nodiscard]] bool flush(int seconds = 60) {
    auto done = std::make_shared<std::promise<void>>();
    store_->flush(seconds * 1'000'000LL, [done] { done->set_value(); });
    done->get_future().wait();
    return store_->status().rows_waiting == 0;
  }
  template <typename Condition>
  [[nodiscard]] bool wait_until(const Condition& condition, int seconds = 30) const {
    for (int i = 0; i < seconds * 50; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }
  [[nodiscard]] std::string ask(const std::string& sql) const {
    const auto answer = server_->ask(sql);
    return answer ? *answer : answer.error().message;
  }
  /// The same for what has no answer.
  void tell(const std::string& sql) const { EXPECT_EQ(ask(sql), "") << sql; }
  /// Rows and sums of the raw table and of both roll-ups say the same, and it is
  /// that of `rows` records.
  void expect_exact(std::uint64_t rows) const {
    const std::string sums =
        "sum(bytes), sum(packets), sum(reverse_bytes), sum(flows), sum(connections), sum(ended)";
    const std::string raw = ask(
        "SELECT count(), " + sums +
        ", sum(handshake), countIf(handshake > 0), max(handshake), max(rtt) FROM netprobe.flows");
    EXPECT_EQ(raw.substr(0, raw.find('\t')), std::to_string(rows));
    for (const std::string table : {"flows_1m", "flows_1h"})
      EXPECT_EQ(ask("SELECT sum(records), " + sums +
                    ", sum(handshake_sum), sum(handshake_count), maxMerge(handshake_max_state), "
                    "maxMerge(rtt_max_state) FROM netprobe." +
                    table + " WHERE lane = ''"),
                raw)
          << table;
    EXPECT_EQ(ask("SELECT count() FROM (SELECT flow_id FROM netprobe.flows GROUP BY flow_id HAVING "
                  "count() > 1)"),
              "0");
  }
  [[nodiscard]] static std::uint64_t lost(const HistoryStatus& status, const std::string& cause) {
    for (const auto& [name, rows] : status.lost)
      if (name == cause) return rows;
    return 0;
  }
  /// Writes batches `from` to `to` of `flows` records.
  void write(std::uint64_t from, std::uint64_t to, std::size_t flows = 50) {
    for (auto number = from; number <= to; ++number)
      store_->write(make_batch({.number = number, .flows = flows}));
  }

  /// Writes one batch and waits until it is there.
  using Deliver = std::function<void(std::size_t flows)>;
  /// As many agents at once, each by a proxy of its own: most of a fault is waiting.
  /// `task` is told which it is, from 0; the server has met its agent by then.
  template <typename Task>
  void at_once(std::size_t agents, const Task& task) const {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < agents; ++i) {
      threads.emplace_back([this, i, &task] {
        FaultyProxy proxy(server_->port());
        auto own = options();
        own.url = proxy.url();
        own.spill_directory.clear();
        auto store = make_clickhouse_store(own);
        ASSERT_TRUE(store) << store.error().message;
        EXPECT_TRUE(wait_until([&] { return (*store)->status().writable; }));
        task(i, proxy, [&](std::size_t flows) {
          (*store)->write(
              make_batch({.lane = "agent-" + std::to_string(i), .number = i + 1, .flows = flows}));
          std::promise<void> done;
          (*store)->flush(60'000'000, [&] { done.set_value(); });
          done.get_future().wait();
          EXPECT_EQ((*store)->status().rows_waiting, 0U) << (*store)->status().problem;
        });
        (*store)->stop();
      });
    }
    for (auto& thread : threads) thread.join();
  }

  Nanos insert_timeout_ = 2 * kSecond;
  std::unique_ptr<ClickHouseServer> server_;
  std::unique_ptr<FaultyProxy> proxy_;
  TempDir spill_;
  std::unique_ptr<HistoryStore> store_;
};

/// What had no answer is waited for by seconds of the server's clock: a short timeout
/// is a short test.
class ClickHouseFaultTest : public ClickHouseStoreTest {
 protected:
  ClickHouseFaultTest() { insert_timeout_ = kSecond / 2; }
};

}  // namespace netprobe::test
