// SPDX-License-Identifier: Apache-2.0
// What an outbox does on its own thread.
#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "base/byte_size.h"
#include "outbox/threaded_outbox.h"

namespace netprobe {
namespace {

// A receiver that asks for more time than this is asked again all the same.
constexpr Nanos kMostAsked = 300 * kSecond;
constexpr Nanos kIdleApart = kSecond;
// While the program ends.
constexpr Nanos kLastBackoff = 50 * kMillisecond;
constexpr Nanos kSameComplaintApart = 60 * kSecond;

Nanos thread_cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

}  // namespace

/// When the thread has something to do although nothing comes; monotonic.
Nanos ThreadedOutbox::next_due() const {
  Nanos due = last_idle_ + kIdleApart;
  if (fold_.size() > 0) due = std::min(due, fold_since_ + target_.interval);
  if (!waiting_.empty()) {
    const bool whole = waiting_.size() >= target_.batch || is_stopping_;
    const Nanos ripe = whole ? 0 : waiting_.oldest() + target_.interval;
    due = std::min(due, std::max(ripe, not_before_));
  }
  return due;
}

std::vector<OutboxArrival> ThreadedOutbox::await() {
  std::vector<OutboxArrival> arrived;
  const MutexLock lock(mutex_);
  cpu_time_ = thread_cpu_time();
  // What was not known a moment ago is not waited past.
  while (inbox_.empty() && stopping_ == is_stopping_) {
    const Nanos left = next_due() - clock_.monotonic();
    if (left <= 0 || (stopping_ && (waiting_.empty() || clock_.monotonic() >= stop_at_))) break;
    news_.wait_for(mutex_,
                   std::chrono::nanoseconds(stopping_ ? std::min(left, kLastBackoff) : left));
  }
  arrived.swap(inbox_);
  if (stopping_ && !is_stopping_) {
    is_stopping_ = true;
    not_before_ = 0;
  }
  return arrived;
}

void ThreadedOutbox::take_in(const OutboxArrival& arrived) {
  const HistoryBatchPtr& batch = arrived.batch;
  std::vector<RecordRef> wanted;
  std::size_t looked_at = 0;
  for_each_list(*batch, [&](RecordKind kind, const auto& list) {
    const std::size_t share = arrived.share.at(static_cast<std::size_t>(kind));
    looked_at += share;
    wanted.reserve(wanted.size() + share);
    for (std::size_t i = 0; i < share; ++i)
      if (const RecordRef record{kind, &list[i], batch->node};
          sieve_.wants_all() || sieve_.wants(record))
        wanted.push_back(record);
  });
  {
    const MutexLock lock(mutex_);
    counts_.waiting -= looked_at - wanted.size();
    counts_.passed_over += looked_at - wanted.size();
  }
  take_in(batch, wanted);
  // What waits has reserved its own by now.
  const MutexLock lock(mutex_);
  bytes_ -= arrived.bytes;
}

void ThreadedOutbox::take_in(const HistoryBatchPtr& owner, const std::vector<RecordRef>& records) {
  if (records.empty()) return;
  const bool folds = target_.fold == ExportFold::kWorkload;
  std::vector<RecordRef> alone;
  std::uint64_t sums = 0;
  for (const RecordRef& record : records) {
    if (!folds || record.kind != RecordKind::kFlow) {
      alone.push_back(record);
    } else if (fold(record, owner->node)) {
      ++sums;
    }
  }
  {
    const std::uint64_t folded = records.size() - alone.size();
    const MutexLock lock(mutex_);
    counts_.folded += folded;
    counts_.sums += sums;
    counts_.waiting += sums;  // they wait in place of the records
    counts_.waiting -= folded;
  }
  if (alone.empty()) return;
  HistoryBatchPtr keeper = owner;
  if (alone.size() < owner->size() / 2) {
    std::vector<RecordRef> refs;
    keeper = copy_records(*owner, alone, refs);
    alone.swap(refs);
  }
  const Nanos now = clock_.monotonic();
  std::size_t bytes = 0;
  for (const RecordRef& record : alone) {
    const std::size_t own = estimated_bytes(record);
    bytes += own;
    waiting_.push({record, keeper, own, now});
  }
  const MutexLock lock(mutex_);
  bytes_ += bytes;
}

bool ThreadedOutbox::fold(const RecordRef& record, const std::string& node) {
  if (fold_.size() > 0 && (fold_.full() || node != fold_node_)) close_fold();
  if (fold_.size() == 0) {
    fold_since_ = clock_.monotonic();
    fold_node_ = node;
  }
  return fold_.add(*static_cast<const FlowRecord*>(record.record));
}

void ThreadedOutbox::close_fold() {
  auto batch = std::make_shared<HistoryBatch>();
  batch->node = fold_node_;
  batch->flows = fold_.take();
  const Nanos since = fold_since_;
  const MutexLock lock(mutex_);
  for (const FlowRecord& sum : batch->flows) {
    const std::size_t bytes = estimated_bytes(sum);
    if (bytes_ + bytes > target_.queue) {
      --counts_.waiting;
      ++counts_.queue_full;
      continue;
    }
    bytes_ += bytes;
    waiting_.push({{RecordKind::kFlow, &sum, batch->node}, batch, bytes, since});
  }
}

bool ThreadedOutbox::may_send(Nanos now) const {
  if (waiting_.empty() || now < not_before_) return false;
  return is_stopping_ || waiting_.size() >= target_.batch ||
         now >= waiting_.oldest() + target_.interval;
}

void ThreadedOutbox::send_some() {
  const auto records = waiting_.take(target_.batch);
  const std::size_t tried = records.size();
  settle(sender_->send(records), tried);
  last_idle_ = clock_.monotonic();
}

void ThreadedOutbox::settle(const SendOutcome& outcome, std::size_t tried) {
  const auto settled = waiting_.settle(outcome.again);
  const std::size_t again = tried - settled.records;
  const std::uint64_t rejected = std::min(outcome.rejected, settled.records);
  const std::uint64_t sent = settled.records - rejected;
  if (sent > 0 || again == 0) backoff_.reset();
  if (again > 0) {
    const Nanos asked = std::min(outcome.wait, kMostAsked);
    // No sooner than was asked for, and not all clients at once.
    const Nanos wait = asked > 0 ? asked + backoff_.spread(asked / 4) : backoff_.next();
    not_before_ = clock_.monotonic() + (is_stopping_ ? std::min(wait, kLastBackoff) : wait);
  }
  if (!outcome.problem.empty()) complain(outcome.problem, again);
  if (again == 0 && outcome.problem.empty() && has_complained_) {
    has_complained_ = false;
    spdlog::info("export {}: {} takes records again", target_.name, target_.where());
  }
  const MutexLock lock(mutex_);
  bytes_ -= settled.bytes;
  counts_.waiting -= settled.records;
  counts_.sent += sent;
  counts_.rejected += rejected;
  counts_.bytes += outcome.bytes;
  if (sent > 0) ++counts_.batches;
  if (again > 0) ++counts_.retries;
  if (sent > 0) last_sent_ = clock_.wall();
  connected_ = again == 0;
  problem_ = outcome.problem;
}

void ThreadedOutbox::complain(const std::string& problem, std::size_t again) {
  const Nanos now = clock_.monotonic();
  if (problem == complained_ && now < last_complaint_ + kSameComplaintApart) return;
  complained_ = problem;
  last_complaint_ = now;
  has_complained_ = true;
  spdlog::warn("export {} to {}: {}{}", target_.name, target_.where(), problem,
               again > 0 ? "; it is tried again, and records wait" : "");
}

void ThreadedOutbox::complain_of_losses() {
  std::uint64_t lost = 0;
  {
    const MutexLock lock(mutex_);
    lost = counts_.queue_full;
  }
  const Nanos now = clock_.monotonic();
  if (lost == told_lost_) return;
  if (told_lost_ > 0 && now < told_lost_at_ + kSameComplaintApart) return;
  spdlog::warn(
      "export {}: {} records found no room in its queue of {} and are lost; give it a larger one "
      "with queue=, or send less with filter= or fold=workload",
      target_.name, lost - told_lost_, format_byte_size(target_.queue));
  told_lost_ = lost;
  told_lost_at_ = now;
}

void ThreadedOutbox::run() {
  pthread_setname_np(pthread_self(), "np-export");
  last_idle_ = clock_.monotonic();
  for (;;) {
    for (const OutboxArrival& arrived : await()) take_in(arrived);
    const Nanos now = clock_.monotonic();
    if (fold_.size() > 0 && (is_stopping_ || now >= fold_since_ + target_.interval)) close_fold();
    if (may_send(now)) {
      send_some();
    } else if (now >= last_idle_ + kIdleApart && now >= not_before_) {
      sender_->idle();
      last_idle_ = now;
    } else if (now >= last_idle_ + kIdleApart) {
      last_idle_ = now;
    }
    complain_of_losses();
    if (!is_stopping_) continue;
    const MutexLock lock(mutex_);
    if (inbox_.empty() && (waiting_.empty() || clock_.monotonic() >= stop_at_)) break;
  }
  end();
}

void ThreadedOutbox::end() {
  const auto left = waiting_.clear();
  const MutexLock lock(mutex_);
  bytes_ -= left.bytes;
  counts_.waiting -= left.records;
  counts_.stopped += left.records;
  cpu_time_ = thread_cpu_time();
  ended_ = true;
  finished_.notify_all();
}

}  // namespace netprobe
