// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "model/history.h"

namespace netprobe::duck {

/// Batches that wait to be written, bounded by the memory that they take; numbered,
/// so that a flush knows when what was before it is done. Not thread-safe.
class BatchQueue {
 public:
  explicit BatchQueue(std::uint64_t most_bytes) : most_bytes_(most_bytes) {}

  /// False: there is no room.
  [[nodiscard]] bool push(HistoryBatchPtr batch);
  /// The first batches, until they have so many rows; they stay until pop().
  [[nodiscard]] std::vector<HistoryBatchPtr> front(std::size_t rows) const;
  void pop(std::size_t batches);

  [[nodiscard]] bool empty() const { return batches_.empty(); }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// Batches ever taken, and ever popped.
  [[nodiscard]] std::uint64_t taken() const { return done_ + batches_.size(); }
  [[nodiscard]] std::uint64_t done() const { return done_; }

 private:
  const std::uint64_t most_bytes_;
  std::deque<HistoryBatchPtr> batches_;
  std::uint64_t rows_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t done_ = 0;
};

/// Memory that a batch takes, about: what it shares with others aside.
[[nodiscard]] std::uint64_t memory_of(const HistoryBatch& batch);

}  // namespace netprobe::duck
