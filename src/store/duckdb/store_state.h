// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace netprobe::duck {

/// Why records are not kept.
enum class LossCause : std::uint8_t { kQueueFull, kDiskFull, kRejected, kStopped, kCount };
[[nodiscard]] std::string_view to_string(LossCause cause);

/// What a store counts. Guarded by the store's mutex.
struct StoreState {
  std::string problem;   ///< of writing; empty: none
  std::string upkeep_problem;  ///< of sums
  bool writable = true;
  bool disk_full = false;
  std::uint64_t rows_written = 0;
  std::uint64_t batches_written = 0;
  std::uint64_t rotations = 0;  ///< that were asked for
  std::uint64_t queries = 0;
  std::uint64_t queries_failed = 0;
  std::uint64_t rows_removed = 0;
  std::uint64_t memory_bytes = 0;  ///< of DuckDB's buffers, at the last look
  std::array<std::uint64_t, static_cast<std::size_t>(LossCause::kCount)> lost{};

  [[nodiscard]] std::uint64_t& lost_by(LossCause cause) {
    return lost.at(static_cast<std::size_t>(cause));
  }
};

}  // namespace netprobe::duck
