// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace netprobe {

/// About how many different ones there were: HyperLogLog with 64 registers, 64 bytes,
/// standard error 1.04 / sqrt(64) = 13 %; exact to a few where there are few.
class Extent {
 public:
  /// `hash` of one of them; all its bits count.
  void add(std::uint64_t hash) {
    const auto rank = static_cast<std::uint8_t>(std::countl_zero((hash << kBits) | 1U) + 1);
    std::uint8_t& of = registers_[hash >> (64 - kBits)];
    of = std::max(of, rank);
  }
  [[nodiscard]] std::uint64_t estimate() const {
    constexpr double kAlpha = 0.709;  // for 64 registers
    double sum = 0;
    int zeros = 0;
    for (const std::uint8_t rank : registers_) {
      sum += std::ldexp(1, -rank);
      zeros += rank == 0 ? 1 : 0;
    }
    const double raw = kAlpha * kRegisters * kRegisters / sum;
    if (raw <= 2.5 * kRegisters && zeros > 0)
      return static_cast<std::uint64_t>(
          std::lround(kRegisters * std::log(kRegisters / static_cast<double>(zeros))));
    return static_cast<std::uint64_t>(std::llround(raw));
  }

 private:
  static constexpr int kBits = 6;
  static constexpr double kRegisters = 64;
  std::array<std::uint8_t, 64> registers_{};
};

}  // namespace netprobe
