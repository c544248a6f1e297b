// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace netprobe {

/// How often each of any number of things was seen (Cormode and Muthukrishnan, 2005): two
/// rows of `width` counters. Never too small; too large by more than e * total / width
/// with a chance of at most 1 in 7 (e^-2). One thread.
class CountMin {
 public:
  /// `width` is made a power of two, not smaller.
  explicit CountMin(std::size_t width) {
    std::size_t size = 1;
    while (size < width) size *= 2;
    mask_ = size - 1;
    counters_.resize(2 * size);
  }

  /// Adds, and tells how many it has now. Where both counters of one differ, only the
  /// smaller one grows (conservative update), which errs less.
  std::uint32_t add(std::uint64_t hash, std::uint32_t weight) {
    std::uint32_t& one = counters_[hash & mask_];
    std::uint32_t& other = counters_[mask_ + 1 + ((hash >> 32U) & mask_)];
    const std::uint32_t before = std::min(one, other);
    const std::uint32_t now = weight > std::numeric_limits<std::uint32_t>::max() - before
                                  ? std::numeric_limits<std::uint32_t>::max()
                                  : before + weight;
    one = std::max(one, now);
    other = std::max(other, now);
    return now;
  }
  [[nodiscard]] std::uint32_t count(std::uint64_t hash) const {
    return std::min(counters_[hash & mask_], counters_[mask_ + 1 + ((hash >> 32U) & mask_)]);
  }
  void clear() { std::fill(counters_.begin(), counters_.end(), 0U); }
  [[nodiscard]] std::size_t width() const { return mask_ + 1; }
  [[nodiscard]] std::size_t bytes() const { return counters_.capacity() * sizeof(std::uint32_t); }

 private:
  std::size_t mask_ = 0;
  std::vector<std::uint32_t> counters_;
};

}  // namespace netprobe
