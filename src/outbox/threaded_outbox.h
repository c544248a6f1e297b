// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/backoff.h"
#include "base/mutex.h"
#include "outbox/outbox.h"
#include "outbox/record_sieve.h"
#include "outbox/waiting_records.h"
#include "outbox/workload_fold.h"

namespace netprobe {

/// So many of each list of a batch, from its begin.
using OutboxShare = std::array<std::size_t, kRecordKinds>;

struct OutboxArrival {
  HistoryBatchPtr batch;
  OutboxShare share{};
  std::size_t bytes = 0;  ///< that were reserved for them
};

/// Of records; since the start.
struct OutboxCounts {
  std::uint64_t seen = 0;
  std::uint64_t passed_over = 0;
  std::uint64_t folded = 0;
  std::uint64_t sums = 0;
  std::uint64_t sent = 0;
  std::uint64_t waiting = 0;
  std::uint64_t batches = 0;
  std::uint64_t bytes = 0;
  std::uint64_t retries = 0;
  std::uint64_t queue_full = 0;
  std::uint64_t rejected = 0;
  std::uint64_t stopped = 0;
};

/// The outbox that there is.
class ThreadedOutbox final : public Outbox {
 public:
  ThreadedOutbox(ExportTarget target, std::unique_ptr<RecordSender> sender, const Clock& clock)
      : target_(std::move(target)),
        sieve_(target_),
        clock_(clock),
        sender_(std::move(sender)),
        backoff_(200 * kMillisecond, 30 * kSecond),
        fold_(target_.pairs) {}
  ~ThreadedOutbox() override { stop(0); }
  ThreadedOutbox(const ThreadedOutbox&) = delete;
  ThreadedOutbox& operator=(const ThreadedOutbox&) = delete;

  void start() override {
    thread_ = std::thread([this] { run(); });
  }
  void put(const HistoryBatchPtr& batch) override NETPROBE_EXCLUDES(mutex_);
  void stop(Nanos patience) override NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] OutboxStatus status() const override NETPROBE_EXCLUDES(mutex_);

 private:
  // On any thread.
  [[nodiscard]] std::size_t reserve(const HistoryBatch& batch, OutboxShare& share)
      NETPROBE_EXCLUDES(mutex_);

  // On the outbox's thread.
  void run();
  [[nodiscard]] std::vector<OutboxArrival> await() NETPROBE_EXCLUDES(mutex_);
  [[nodiscard]] Nanos next_due() const;
  void take_in(const OutboxArrival& arrived);
  void take_in(const HistoryBatchPtr& owner, const std::vector<RecordRef>& records);
  /// True: it began a new sum.
  bool fold(const RecordRef& record, const std::string& node);
  void close_fold();
  [[nodiscard]] bool may_send(Nanos now) const;
  void send_some();
  void settle(const SendOutcome& outcome, std::size_t tried);
  void complain(const std::string& problem, std::size_t again);
  void complain_of_losses();
  void end();

  const ExportTarget target_;
  const RecordSieve sieve_;
  const Clock& clock_;
  const std::unique_ptr<RecordSender> sender_;
  std::thread thread_;

  // Of the thread alone.
  Backoff backoff_;
  WaitingRecords waiting_;
  WorkloadFold fold_;
  std::string fold_node_;
  Nanos fold_since_ = 0;
  Nanos not_before_ = 0;  ///< the receiver is left alone until then
  Nanos last_idle_ = 0;
  Nanos last_complaint_ = 0;
  std::string complained_;       ///< the newest that the log has
  bool has_complained_ = false;  ///< and all is not well again
  std::uint64_t told_lost_ = 0;  ///< that found no room, as of the log
  Nanos told_lost_at_ = 0;
  bool is_stopping_ = false;  ///< as of the last look

  mutable Mutex mutex_;
  std::condition_variable_any news_;
  std::condition_variable_any finished_;
  std::vector<OutboxArrival> inbox_ NETPROBE_GUARDED_BY(mutex_);
  std::size_t bytes_ NETPROBE_GUARDED_BY(mutex_) = 0;  ///< of all that wait, and reserved
  OutboxCounts counts_ NETPROBE_GUARDED_BY(mutex_);
  bool connected_ NETPROBE_GUARDED_BY(mutex_) = false;
  std::string problem_ NETPROBE_GUARDED_BY(mutex_);
  Nanos last_sent_ NETPROBE_GUARDED_BY(mutex_) = 0;
  Nanos cpu_time_ NETPROBE_GUARDED_BY(mutex_) = 0;
  bool stopping_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool ended_ NETPROBE_GUARDED_BY(mutex_) = false;
  Nanos stop_at_ NETPROBE_GUARDED_BY(mutex_) = 0;
};

}  // namespace netprobe
