// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <expected>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "query/history_store.h"
#include "query/sql.h"
#include "store/clickhouse/http.h"
#include "store/clickhouse/schema_sql.h"

namespace netprobe {

/// Answers questions, over two connections at most, on as many threads of its own:
/// what writes never waits for them. It also sees, now and then, to what the
/// server keeps: removes days that are over, and looks how far back the tiers go.
class ClickHouseQueryPool {
 public:
  explicit ClickHouseQueryPool(const ClickHouseOptions& options);
  ~ClickHouseQueryPool();

  void query(QueryRequest request, QueryDone done);
  /// Ends what is asked, with an answer, and the threads.
  void stop();

  struct Counts {
    std::uint64_t queries = 0;
    std::uint64_t failed = 0;
    std::uint64_t bytes_on_disk = 0;
    std::uint64_t parts = 0;
    std::optional<Micros> oldest;  ///< raw flow
  };
  [[nodiscard]] Counts counts() const;

 private:
  struct Job {
    QueryRequest request;
    QueryDone done;
  };
  void work();
  /// Nobody asks: what /ready and retention want to know is looked at then.
  [[nodiscard]] bool idle_turn();
  [[nodiscard]] std::expected<QueryAnswer, QueryFailure> answer(ClickHouseHttp& http,
                                                                const QueryRequest& request);
  [[nodiscard]] std::expected<std::string, QueryFailure> fetch(ClickHouseHttp& http,
                                                               const std::string& sql,
                                                               const QueryRequest& request);
  void kill(ClickHouseHttp& http, const std::string& query_id);
  /// What the server keeps, as it was a minute ago at most.
  struct Kept {
    ClickHouseVersion version;
    std::vector<TierRange> tiers;
    std::array<std::optional<Micros>, kRecordKinds> oldest;  ///< by RecordKind; of raw records
  };
  [[nodiscard]] Result<Kept> kept(ClickHouseHttp& http);
  [[nodiscard]] Result<Kept> look(ClickHouseHttp& http);
  [[nodiscard]] Status remove_old_days(ClickHouseHttp& http, const ClickHouseTables& tables,
                                       const std::vector<std::pair<std::string, std::int64_t>>& days);
  [[nodiscard]] Result<std::string> ask(ClickHouseHttp& http, const std::string& sql);

  const ClickHouseOptions& options_;
  const std::string name_;  ///< of this pool, in ids of queries
  SystemClock clock_;
  std::atomic<bool> stopping_{false};
  mutable Mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Job> jobs_ NETPROBE_GUARDED_BY(mutex_);
  Counts counts_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t last_id_ NETPROBE_GUARDED_BY(mutex_) = 0;
  Nanos looked_at_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< monotonic; 0: never
  Nanos idle_look_at_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< monotonic
  Kept kept_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace netprobe
