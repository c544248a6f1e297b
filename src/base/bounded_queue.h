// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace netprobe {

/// Joins two stages on two threads. What finds it full is lost and counted;
/// nobody ever waits. Thread-safe.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t most) : most_(most) {}

  /// False: full, and counted as lost.
  bool push(T value) NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    if (values_.size() >= most_) {
      ++lost_;
      return false;
    }
    values_.push_back(std::move(value));
    return true;
  }
  /// False: full; not lost, since the caller keeps it and comes again.
  [[nodiscard]] bool offer(const T& value) NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    if (values_.size() >= most_) return false;
    values_.push_back(value);
    return true;
  }
  /// All that is there, in order.
  [[nodiscard]] std::vector<T> take() NETPROBE_EXCLUDES(mutex_) {
    std::vector<T> result;
    const MutexLock lock(mutex_);
    result.swap(values_);
    return result;
  }
  [[nodiscard]] std::uint64_t lost() const NETPROBE_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return lost_;
  }

 private:
  const std::size_t most_;
  mutable Mutex mutex_;
  std::vector<T> values_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t lost_ NETPROBE_GUARDED_BY(mutex_) = 0;
};

}  // namespace netprobe
