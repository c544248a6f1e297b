// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/history.h"

namespace netprobe {

inline constexpr Micros kHistoryHour = 3'600'000'000;

/// What the embedded history may take, and how long it keeps things.
struct DuckDbOptions {
  std::string directory = "/var/lib/netprobe/history";  ///< made if it is not there
  std::uint64_t max_bytes = 2ULL << 30U;                ///< of all its files
  std::uint64_t min_free_bytes = 256U << 20U;  ///< of the file system; below it nothing is written
  Micros keep_raw = 24 * kHistoryHour;
  Micros keep_minute = 14 * 24 * kHistoryHour;
  Micros keep_hour = 400 * 24 * kHistoryHour;
  Micros keep_events = 14 * 24 * kHistoryHour;  ///< drops, connections, alerts
  std::uint64_t memory_limit = 128U << 20U;     ///< of all that history takes, rows in waiting too;
                                                ///< below 64 MiB it cannot be kept
  unsigned threads = 1;                         ///< that work on one query
  // When a raw file is closed.
  Micros raw_age = kHistoryHour;
  std::uint64_t raw_bytes = 128U << 20U;
  Micros housekeeping = 5'000'000;  ///< between looks at what is to be rolled up and removed
  /// Without a question and without a sum, until memory that only these need goes back.
  Micros rest_after = 30'000'000;
  /// For tests: called on the thread that sums up, at "minute inserted", before the
  /// commit, and "minute committed", before the checkpoint; so of "hour" and "events". And on
  /// one that answers, at "question begun" and "question ended", of broad ones.
  std::function<void(std::string_view moment)> at_moment;
};

}  // namespace netprobe
