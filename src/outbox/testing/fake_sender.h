// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "outbox/record_sender.h"

namespace netprobe::testing {

/// A receiver that a test decides for: each send() is shown to `decide`, and what it
/// did not ask for again or reject is remembered as taken.
class FakeReceiver {
 public:
  using Decide = std::function<SendOutcome(std::span<const RecordRef>)>;
  explicit FakeReceiver(Decide decide) : decide_(std::move(decide)) {}

  SendOutcome on_send(std::span<const RecordRef> records) NETPROBE_EXCLUDES(mutex_) {
    SendOutcome outcome = decide_(records);
    const MutexLock lock(mutex_);
    ++sends_;
    largest_ = std::max(largest_, records.size());
    // The first of those that are settled are the ones that are rejected.
    std::uint64_t rejected = outcome.rejected;
    std::size_t next = 0;
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (next < outcome.again.size() && outcome.again[next] == i) {
        ++next;
        continue;
      }
      auto& list = rejected > 0 ? rejected_ : taken_;
      if (rejected > 0) --rejected;
      list.push_back(id_of(records[i]));
    }
    changed_.notify_all();
    return outcome;
  }
  /// What tests know records by: the time, or of a flow its id.
  static std::uint64_t id_of(const RecordRef& record) {
    return record.kind == RecordKind::kFlow ? static_cast<const FlowRecord*>(record.record)->flow_id
                                            : static_cast<std::uint64_t>(record.record->time);
  }
  /// False: it did not come to it within half a minute.
  bool wait_for_taken(std::size_t count) NETPROBE_EXCLUDES(mutex_) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    const MutexLock lock(mutex_);
    while (taken_.size() + rejected_.size() < count)
      if (changed_.wait_until(mutex_, end) == std::cv_status::timeout) return false;
    return true;
  }
  [[nodiscard]] std::vector<std::uint64_t> taken() const NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return taken_;
  }
  [[nodiscard]] std::vector<std::uint64_t> rejected() const NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return rejected_;
  }
  [[nodiscard]] std::size_t sends() const NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return sends_;
  }
  [[nodiscard]] std::size_t largest() const NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return largest_;
  }

  std::atomic<bool> stopped{false};

 private:
  const Decide decide_;
  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::uint64_t> taken_ NETPROBE_GUARDED_BY(mutex_);
  std::vector<std::uint64_t> rejected_ NETPROBE_GUARDED_BY(mutex_);
  std::size_t sends_ NETPROBE_GUARDED_BY(mutex_) = 0;
  std::size_t largest_ NETPROBE_GUARDED_BY(mutex_) = 0;
};

class FakeSender final : public RecordSender {
 public:
  explicit FakeSender(FakeReceiver& receiver) : receiver_(receiver) {}
  SendOutcome send(std::span<const RecordRef> records) override {
    return receiver_.on_send(records);
  }
  void stop() override { receiver_.stopped = true; }

 private:
  FakeReceiver& receiver_;
};

}  // namespace netprobe::testing
