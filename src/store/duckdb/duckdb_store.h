// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "query/history_store.h"
#include "store/duckdb/options.h"

namespace netprobe {

/// History in this process: DuckDB's library on files of a directory of this agent's
/// own. docs/adr/0007-history.md says which files there are.
///
/// Four threads: one writes, two answer, one sums up and removes; of questions that need much
/// memory, and of sums, one is worked on at a time. What is written
/// is acknowledged when it is committed; what waits is bounded by memory, and what
/// comes beyond that is lost and counted.
class DuckDbStore final : public HistoryStore {
 public:
  /// Loads the library, takes the directory and opens what is in it. The error is one
  /// sentence: no library (kNotFound), another agent has the directory (kBusy) …; an
  /// agent goes on without history then. `clock` outlives the store.
  [[nodiscard]] static Result<std::unique_ptr<DuckDbStore>> open(const DuckDbOptions& options,
                                                                 const Clock& clock);
  ~DuckDbStore() override;

  void write(HistoryBatchPtr batch) override;
  void flush(Micros patience, std::function<void()> done) override;
  void query(QueryRequest request, QueryDone done) override;
  [[nodiscard]] HistoryStatus status() const override;
  void stop() override;

  /// Sums up what is closed and removes what is old, now, and waits for it: for tests.
  void keep_house();
  /// Closes the raw file that is written to: for tests and benchmarks.
  void close_raw_file();

 private:
  class Impl;
  explicit DuckDbStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace netprobe
