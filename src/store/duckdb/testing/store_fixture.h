// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/duckdb/duckdb_store.h"

namespace netprobe::duck {

/// The system's clock, and steps of the wall clock.
class SteppedClock final : public Clock {
 public:
  [[nodiscard]] Nanos monotonic() const override { return system_.monotonic(); }
  [[nodiscard]] Nanos wall() const override { return system_.wall() + step_; }
  void step(Nanos by) { step_ += by; }

 private:
  SystemClock system_;
  std::atomic<Nanos> step_{0};
};

/// A batch whose flows have the ids `first` and on, 60 bytes each way, namespaces by
/// turns; and a drop, a connection and an alert with `first` in them.
[[nodiscard]] std::shared_ptr<HistoryBatch> make_batch(std::uint64_t first, std::size_t flows,
                                                       Micros time, Micros step = 1000);

/// A folder of the test's own, and a store in it.
class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  [[nodiscard]] Micros now() const { return clock_.wall() / kMicrosecond; }
  /// Opens the store; skips nothing: the library was there in SetUp().
  void open();
  void close() { store_.reset(); }
  void write(const HistoryBatchPtr& batch) { store_->write(batch); }
  /// Everything that was written is acknowledged or lost.
  void flush(Micros patience = 20'000'000);
  [[nodiscard]] std::expected<QueryAnswer, QueryFailure> ask(QueryRequest request);
  /// By text; a failure fails the test.
  [[nodiscard]] QueryAnswer ask(const std::string& text, std::size_t rows = 1'000'000);
  /// The first value of the first row, as a number.
  [[nodiscard]] std::uint64_t number(const std::string& text);
  [[nodiscard]] std::uint64_t lost(const std::string& cause) const;
  [[nodiscard]] std::vector<std::string> names(const std::string& begin) const;

  SteppedClock clock_;
  std::filesystem::path folder_;
  DuckDbOptions options_;
  std::unique_ptr<DuckDbStore> store_;
};

}  // namespace netprobe::duck
