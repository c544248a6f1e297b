// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <ctime>

namespace netprobe::bench {

/// Seconds on that clock; not a number where it is gone, as a process's may be.
[[nodiscard]] inline double seconds_on(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return std::nan("");
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// CPU time of this thread: what others do meanwhile counts by the caches that
/// they take, not by the time.
[[nodiscard]] inline double thread_seconds() { return seconds_on(CLOCK_THREAD_CPUTIME_ID); }

template <typename Work>
[[nodiscard]] double thread_seconds_of(const Work& work) {
  const double begin = thread_seconds();
  work();
  return thread_seconds() - begin;
}

template <typename Work>
[[nodiscard]] double thread_millis_of(const Work& work) {
  return thread_seconds_of(work) * 1e3;
}

}  // namespace netprobe::bench
