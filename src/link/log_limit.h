// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/mutex.h"

namespace netprobe {

/// Lets one line of a kind into the log in a while, and says how many it kept back:
/// what others do wrong must not fill this node's disk. Thread-safe.
class LogLimit {
 public:
  explicit LogLimit(const Clock& clock, Nanos apart = 10 * kSecond)
      : clock_(clock), apart_(apart) {}

  /// Nothing: not now. Else how many there were since the last line.
  [[nodiscard]] std::optional<std::uint64_t> allow() NETPROBE_EXCLUDES(mutex_) {
    const Nanos now = clock_.monotonic();
    const MutexLock lock(mutex_);
    if (last_ && now - *last_ < apart_) {
      ++kept_back_;
      return std::nullopt;
    }
    last_ = now;
    return std::exchange(kept_back_, 0);
  }

 private:
  const Clock& clock_;
  const Nanos apart_;
  Mutex mutex_;
  std::optional<Nanos> last_ NETPROBE_GUARDED_BY(mutex_);
  std::uint64_t kept_back_ NETPROBE_GUARDED_BY(mutex_) = 0;
};

}  // namespace netprobe
