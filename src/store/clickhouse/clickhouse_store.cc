// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/clickhouse_store.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <set>
#include <thread>

#include "base/backoff.h"
#include "base/log.h"
#include "base/mutex.h"
#include "store/clickhouse/backlog.h"
#include "store/clickhouse/query_pool.h"
#include "store/clickhouse/server.h"

namespace netprobe {
namespace {

/// What a batch takes in memory, about.
std::size_t bytes_of(const HistoryBatch& batch) {
  constexpr std::size_t kTexts = 96;
  return sizeof(batch) + batch.flows.size() * (sizeof(FlowRecord) + kTexts) +
         batch.drops.size() * (sizeof(DropEvent) + kTexts) +
         batch.connections.size() * (sizeof(ConnectionEvent) + kTexts) +
         batch.alerts.size() * (sizeof(AlertEvent) + 10 * kTexts);
}

/// One thread makes groups of what comes, another hands them over: a server that
/// does not answer never holds up the first.
class ClickHouseStore final : public HistoryStore {
 public:
  ClickHouseStore(ClickHouseOptions options, std::string where)
      : options_(std::move(options)),
        where_(std::move(where)),
        backlog_(options_, [this](std::uint64_t batch) { ended(batch); }),
        queries_(options_) {
    if (auto opened = backlog_.open(); !opened)
      spdlog::warn("{}; batches wait in memory alone", opened.error().message);
    encoder_ = std::thread([this] { encode(); });
    sender_ = std::thread([this] { send(); });
  }
  ~ClickHouseStore() override { stop(); }

  void write(HistoryBatchPtr batch) override {
    const std::size_t bytes = bytes_of(*batch);
    const MutexLock lock(mutex_);
    if (stopping_ || incoming_bytes_ + bytes > options_.memory_bytes / 2) {
      lost_[stopping_ ? "stopped" : "queue_full"] += batch->size();
      return;
    }
    if (incoming_.empty()) news_.notify_all();
    incoming_bytes_ += bytes;
    waiting_rows_ += batch->size();
    unfinished_.insert(++last_batch_);
    incoming_.push_back({std::move(batch), last_batch_});
  }

  void flush(Micros patience, std::function<void()> done) override {
    {
      const MutexLock lock(mutex_);
      if (!encoder_ended_) {
        flushes_.push_back(
            {last_batch_, clock_.monotonic() + patience * kMicrosecond, std::move(done)});
        flush_asked_ = true;
        news_.notify_all();
        return;
      }
    }
    done();
  }

  void query(QueryRequest request, QueryDone done) override {
    queries_.query(std::move(request), std::move(done));
  }

  [[nodiscard]] HistoryStatus status() const override {
    const auto backlog = backlog_.counts();
    const auto queries = queries_.counts();
    HistoryStatus status{.engine = "clickhouse", .where = where_};
    status.bytes_spilled = backlog.bytes_spilled;
    status.files = queries.parts;
    status.bytes_on_disk = queries.bytes_on_disk;
    status.oldest = queries.oldest;
    status.queries = queries.queries;
    status.queries_failed = queries.failed;
    auto lost = backlog.lost;
    const MutexLock lock(mutex_);
    status.writable = writable_;
    status.problem = !problem_.empty() ? problem_ : backlog.problem;
    status.rows_written = rows_written_;
    status.batches_written = batches_written_;
    status.rows_waiting = waiting_rows_ + backlog.rows;
    status.memory_bytes = incoming_bytes_ + backlog.bytes_in_memory;
    for (const auto& [cause, rows] : lost_) lost[cause] += rows;
    status.lost.assign(lost.begin(), lost.end());
    return status;
  }

  void stop() override {
    {
      const MutexLock lock(mutex_);
      if (!stopping_) deadline_ = clock_.monotonic() + options_.stop_patience;
      stopping_ = true;
      news_.notify_all();
    }
    if (encoder_.joinable()) encoder_.join();
    {
      const MutexLock lock(mutex_);
      ready_.notify_all();
    }
    if (sender_.joinable()) sender_.join();
    backlog_.give_up();
    queries_.stop();
    tell_flushes(true);
  }

 private:
  struct Incoming {
    HistoryBatchPtr batch;
    std::uint64_t number = 0;
  };
  struct Flush {
    std::uint64_t up_to = 0;
    Nanos until = 0;
    std::function<void()> done;
  };

  void encode() {
    GroupBuilder builder;
    Nanos began = 0;
    for (;;) {
      std::vector<Incoming> taken;
      bool cut = false;
      bool ends = false;
      {
        const MutexLock lock(mutex_);
        Nanos wait = next_flush_end();
        if (builder.rows() > 0) wait = std::min(wait, began + options_.batch_time);
        const Nanos now = clock_.monotonic();
        if (incoming_.empty() && !stopping_ && !flush_asked_ && wait > now)
          news_.wait_for(mutex_, std::chrono::nanoseconds(std::min(wait - now, kSecond)));
        taken.swap(incoming_);
        cut = std::exchange(flush_asked_, false);
        ends = stopping_;
      }
      for (auto& one : taken) {
        if (builder.rows() > 0 && builder.rows() + one.batch->size() > options_.batch_rows)
          hand_over(builder);
        if (builder.rows() == 0) began = clock_.monotonic();
        add(builder, one);
      }
      if (cut || ends || builder.rows() >= options_.batch_rows ||
          (builder.rows() > 0 && clock_.monotonic() - began >= options_.batch_time))
        hand_over(builder);
      tell_flushes(false);
      if (!ends) continue;
      const MutexLock lock(mutex_);
      if (!incoming_.empty()) continue;
      encoder_ended_ = true;
      ready_.notify_all();
      return;
    }
  }

  void add(GroupBuilder& builder, Incoming& one) {
    builder.add(*one.batch, one.number);
    const MutexLock lock(mutex_);
    incoming_bytes_ -= bytes_of(*one.batch);
    open_rows_ += one.batch->size();
    // The group is known by its first batch from here on.
    if (first_open_ == 0) first_open_ = one.number;
    if (first_open_ != one.number) unfinished_.erase(one.number);
    one.batch.reset();
  }

  void hand_over(GroupBuilder& builder) {
    auto group = builder.finish();
    if (!group) return;
    const std::uint64_t first = group->first_batch;
    const bool empty = group->parts.empty();
    if (!empty) backlog_.push(std::move(group));
    if (empty) ended(first);
    const MutexLock lock(mutex_);
    first_open_ = 0;
    waiting_rows_ -= std::exchange(open_rows_, 0);
    ready_.notify_all();
  }

  /// Asked by what waits for the server.
  [[nodiscard]] bool gives_up() const {
    const MutexLock lock(mutex_);
    return stopping_ && clock_.monotonic() >= deadline_;
  }

  void send() {
    ClickHouseServerLink link(options_, [this] { return gives_up(); });
    Backoff backoff(options_.least_backoff, options_.most_backoff);
    while (wait_for_work()) {
      if (!link.prepared()) {
        if (auto prepared = link.prepare(); !prepared) {
          trouble(prepared.error().message, backoff);
          continue;
        }
        note_version(link.version());
      }
      InsertGroup* group = backlog_.front();
      if (group == nullptr) {
        well(backoff);
        continue;
      }
      const auto delivery = link.deliver(*group);
      switch (delivery.outcome) {
        case Delivery::Outcome::kDone:
          count_written(*group);
          backlog_.pop();
          well(backoff);
          break;
        case Delivery::Outcome::kRejected:
          spdlog::warn("history: {}; the batch is set aside", delivery.problem);
          backlog_.park();
          break;
        case Delivery::Outcome::kAgain:
          trouble(delivery.problem, backoff);
          break;
      }
    }
  }

  /// False: nothing will come any more, or there is no more time for it.
  bool wait_for_work() {
    const bool has_some = backlog_.counts().groups > 0;
    const MutexLock lock(mutex_);
    if (stopping_ && clock_.monotonic() >= deadline_) return false;
    // A server that nobody has met is looked for before there is a batch.
    if (has_some || !met_) return !(encoder_ended_ && !has_some);
    if (encoder_ended_) return false;
    ready_.wait_for(mutex_, std::chrono::milliseconds(200));
    return true;
  }

  void note_version(ClickHouseVersion version) {
    spdlog::info("history: ClickHouse {}.{} at {}", version.major, version.minor, where_);
    const MutexLock lock(mutex_);
    met_ = true;
  }

  void well(Backoff& backoff) {
    backlog_.calm();
    backoff.reset();
    const MutexLock lock(mutex_);
    if (!problem_.empty()) spdlog::info("history: ClickHouse takes batches again");
    problem_.clear();
    writable_ = true;
  }

  void trouble(const std::string& problem, Backoff& backoff) {
    {
      const MutexLock lock(mutex_);
      if (backoff.fresh()) spdlog::warn("history: {}; batches wait", problem);
      problem_ = problem;
      writable_ = false;
      // What stops does not wait for a server that is away.
      if (stopping_) deadline_ = clock_.monotonic();
    }
    backlog_.keep_on_disk();
    const Nanos until = clock_.monotonic() + backoff.next();
    const MutexLock lock(mutex_);
    // What stops has no time for long pauses.
    while (clock_.monotonic() < until && !(stopping_ && clock_.monotonic() >= deadline_)) {
      const Nanos left = std::min<Nanos>(until - clock_.monotonic(), 100 * kMillisecond);
      ready_.wait_for(mutex_, std::chrono::nanoseconds(std::max<Nanos>(left, kMillisecond)));
    }
  }

  void count_written(const InsertGroup& group) {
    const MutexLock lock(mutex_);
    rows_written_ += group.rows();
    batches_written_ += group.batches;
  }

  void ended(std::uint64_t first_batch) {
    const MutexLock lock(mutex_);
    unfinished_.erase(first_batch);
    if (!flushes_.empty()) news_.notify_all();
  }

  [[nodiscard]] Nanos next_flush_end() const NETPROBE_REQUIRES(mutex_) {
    Nanos next = clock_.monotonic() + kSecond;
    for (const auto& flush : flushes_) next = std::min(next, flush.until);
    return next;
  }

  void tell_flushes(bool all) {
    std::vector<Flush> over;
    {
      const MutexLock lock(mutex_);
      const Nanos now = clock_.monotonic();
      const std::uint64_t open = unfinished_.empty() ? UINT64_MAX : *unfinished_.begin();
      std::erase_if(flushes_, [&](Flush& flush) {
        const bool is_over = all || flush.until <= now || open > flush.up_to;
        if (is_over) over.push_back(std::move(flush));
        return is_over;
      });
    }
    for (auto& flush : over) flush.done();
  }

  const ClickHouseOptions options_;
  const std::string where_;
  SystemClock clock_;
  Backlog backlog_;
  ClickHouseQueryPool queries_;
  mutable Mutex mutex_;
  std::condition_variable_any news_;   ///< for the encoder
  std::condition_variable_any ready_;  ///< for the sender
  std::vector<Incoming> incoming_ NETPROBE_GUARDED_BY(mutex_);
  std::size_t incoming_bytes_ NETPROBE_GUARDED_BY(mutex_) = 0;
  std::uint64_t waiting_rows_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< not in the backlog yet
  std::uint64_t open_rows_ NETPROBE_GUARDED_BY(mutex_) = 0;     ///< of them, in the group that is made
  std::uint64_t first_open_ NETPROBE_GUARDED_BY(mutex_) = 0;
  std::uint64_t last_batch_ NETPROBE_GUARDED_BY(mutex_) = 0;
  /// Numbers of batches that are neither there nor lost; a group has that of its first.
  std::set<std::uint64_t> unfinished_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<Flush> flushes_ NETPROBE_GUARDED_BY(mutex_);
  bool flush_asked_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool stopping_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool encoder_ended_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool met_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool writable_ NETPROBE_GUARDED_BY(mutex_) = false;
  Nanos deadline_ NETPROBE_GUARDED_BY(mutex_) = 0;
  std::string problem_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t rows_written_ NETPROBE_GUARDED_BY(mutex_) = 0;
  std::uint64_t batches_written_ NETPROBE_GUARDED_BY(mutex_) = 0;
  std::map<std::string, std::uint64_t> lost_ NETPROBE_GUARDED_BY(mutex_);
  std::thread encoder_;
  std::thread sender_;
};

}  // namespace

Result<std::unique_ptr<HistoryStore>> make_clickhouse_store(ClickHouseOptions options) {
  const auto target = clickhouse_target(options);
  if (!target) return std::unexpected(target.error());
  if (options.batch_rows == 0) options.batch_rows = 1;
  return std::make_unique<ClickHouseStore>(std::move(options), target->base);
}

}  // namespace netprobe
