// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/history.h"
#include "query/answer.h"
#include "query/query.h"

namespace netprobe {

/// Bounds of one query; a user may raise them up to what the store allows.
struct QueryLimits {
  std::size_t rows = 10'000;              ///< of the answer
  std::uint64_t rows_read = 200'000'000;  ///< where the engine can tell
  Micros time = 30 * 1'000'000;
};

/// One question to a store.
struct QueryRequest {
  Query query;
  QueryLimits limits;
  std::string cursor;  ///< of the page before; empty: the first
  /// Of agents only, stores do not heed them: what is in memory is asked, not history;
  bool live = false;
  /// and what was just seen is written before history is.
  bool fresh = false;
  /// Wanted no more, as the client went away: set from any thread.
  std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);
};

/// Why a query has no answer.
struct QueryFailure {
  enum class Kind : std::uint8_t {
    kBadQuery,  ///< a bad cursor; what the engine cannot do: 400
    kTooBroad,  ///< a limit was met: 422
    kCancelled,
    kNoStore,  ///< history is off, or the engine is away: 503
    kFailed,   ///< 500
  };
  Kind kind = Kind::kFailed;
  std::string message;
};
using QueryDone = std::function<void(std::expected<QueryAnswer, QueryFailure>)>;

/// State of a store, for /ready, /metrics and /api/probes.
struct HistoryStatus {
  std::string engine;  ///< "duckdb", "clickhouse", "off"
  std::string where;   ///< a directory or URL, without secrets
  bool writable = false;
  std::string problem;             ///< why not, or what is being worked around; empty: none
  std::uint64_t rows_written = 0;  ///< acknowledged: they survive the process
  std::uint64_t batches_written = 0;
  std::uint64_t rows_waiting = 0;  ///< taken and not acknowledged
  std::uint64_t bytes_on_disk = 0;
  std::uint64_t bytes_spilled = 0;  ///< batches on disk that the engine does not have yet
  std::uint64_t memory_bytes = 0;   ///< as far as the engine tells
  std::uint64_t files = 0;
  std::optional<Micros> oldest;  ///< raw record
  std::uint64_t queries = 0;
  std::uint64_t queries_failed = 0;
  /// Records that are not kept, by cause: queue_full, disk_full, rejected,
  /// corrupt_file (rows of files that cannot be used; 1 of one whose rows cannot be
  /// counted), retention (rows removed by age or size) …; and foreign_file, of files in
  /// the store's directory that are none of its own.
  std::vector<std::pair<std::string, std::uint64_t>> lost;
};

/// Keeps records and answers questions about them. Every method may be called
/// from any thread and returns at once; work is done on the store's own threads.
class HistoryStore {
 public:
  virtual ~HistoryStore() = default;
  /// Takes a batch, or counts it as lost where too much is waiting.
  virtual void write(HistoryBatchPtr batch) = 0;
  /// Calls `done` when everything that was taken before is acknowledged or
  /// lost, or after `patience` at the latest: the answer that follows is fresh.
  virtual void flush(Micros patience, std::function<void()> done) = 0;
  /// Calls `done` once, on a thread of the store.
  virtual void query(QueryRequest request, QueryDone done) = 0;
  [[nodiscard]] virtual HistoryStatus status() const = 0;
  /// Writes what it has; ends its threads; answers what is still asked.
  virtual void stop() = 0;
};

}  // namespace netprobe
