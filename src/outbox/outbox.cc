// SPDX-License-Identifier: Apache-2.0
// What of an outbox is called from other threads than its own.
#include "outbox/outbox.h"

#include <algorithm>
#include <chrono>

#include "outbox/threaded_outbox.h"

namespace netprobe {

std::size_t ThreadedOutbox::reserve(const HistoryBatch& batch, OutboxShare& share) {
  const MutexLock lock(mutex_);
  if (stopping_) return 0;
  std::size_t reserved = 0;
  const std::size_t room = target_.queue - std::min(bytes_, target_.queue);
  for_each_list(batch, [&](RecordKind kind, const auto& list) {
    if (!sieve_.wants(kind)) return;
    auto& count = share.at(static_cast<std::size_t>(kind));
    for (const auto& record : list) {
      const std::size_t bytes = estimated_bytes(record);
      if (reserved + bytes > room) return;
      reserved += bytes;
      ++count;
    }
  });
  bytes_ += reserved;
  return reserved;
}

void ThreadedOutbox::put(const HistoryBatchPtr& batch) {
  if (!batch || batch->size() == 0) return;
  OutboxArrival arrived{batch, {}, 0};
  arrived.bytes = reserve(*batch, arrived.share);
  std::uint64_t passed_over = 0;
  std::uint64_t no_room = 0;
  std::uint64_t taken = 0;
  for_each_list(*batch, [&](RecordKind kind, const auto& list) {
    const std::size_t share = arrived.share.at(static_cast<std::size_t>(kind));
    taken += share;
    if (!sieve_.wants(kind)) {
      passed_over += list.size();
      return;
    }
    // Only what would have gone out is lost.
    for (std::size_t i = share; i < list.size(); ++i)
      ++(sieve_.wants(RecordRef{kind, &list[i], batch->node}) ? no_room : passed_over);
  });
  {
    const MutexLock lock(mutex_);
    counts_.seen += batch->size();
    counts_.passed_over += passed_over;
    if (stopping_) {
      bytes_ -= arrived.bytes;
      counts_.stopped += no_room + taken;
      return;
    }
    counts_.queue_full += no_room;
    counts_.waiting += taken;
    if (taken > 0) inbox_.push_back(std::move(arrived));
  }
  news_.notify_one();
}

void ThreadedOutbox::stop(Nanos patience) {
  {
    const MutexLock lock(mutex_);
    if (!stopping_) {
      stopping_ = true;
      stop_at_ = clock_.monotonic() + patience;
      news_.notify_one();
    }
    // The thread sends what there is; what hangs is cut off when its time is over.
    while (thread_.joinable() && !ended_ && clock_.monotonic() < stop_at_)
      finished_.wait_for(mutex_, std::chrono::nanoseconds(stop_at_ - clock_.monotonic()));
  }
  if (thread_.joinable()) {
    sender_->stop();
    thread_.join();
  }
  const MutexLock lock(mutex_);
  counts_.stopped += counts_.waiting;
  counts_.waiting = 0;
  inbox_.clear();
}

OutboxStatus ThreadedOutbox::status() const {
  OutboxStatus status;
  status.name = target_.name;
  status.where = target_.where();
  const MutexLock lock(mutex_);
  status.connected = connected_;
  status.problem = problem_;
  status.seen = counts_.seen;
  status.passed_over = counts_.passed_over;
  status.folded = counts_.folded;
  status.sums = counts_.sums;
  status.sent = counts_.sent;
  status.waiting = counts_.waiting;
  status.batches = counts_.batches;
  status.bytes = counts_.bytes;
  status.retries = counts_.retries;
  status.last_sent = last_sent_;
  status.cpu_seconds = static_cast<double>(cpu_time_) / kSecond;
  status.lost = {{"queue_full", counts_.queue_full},
                 {"rejected", counts_.rejected},
                 {"stopped", counts_.stopped}};
  return status;
}

std::unique_ptr<Outbox> Outbox::make(ExportTarget target, std::unique_ptr<RecordSender> sender,
                                     const Clock& clock) {
  return std::make_unique<ThreadedOutbox>(std::move(target), std::move(sender), clock);
}

}  // namespace netprobe
