// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace netprobe {

/// How even a list of numbers is: 1 all alike, 0 as uneven as can be. By ranks alone, so
/// that a few that are far off change little.
struct Evenness {
  double score = 0;   ///< of the two below, the mean
  double skew = 0;    ///< Bowley's, (q1 + q3 − 2 median) / (q3 − q1): −1 to 1
  double spread = 0;  ///< median absolute deviation over the median
  std::uint32_t median = 0;
};
/// At most kMostCalls values; empty: all 0.
[[nodiscard]] Evenness evenness_of(std::span<const std::uint32_t> values);

/// As many calls of one pair are looked at: the newest.
inline constexpr std::size_t kMostCalls = 64;

/// How much calls look like a clock's, as RITA sees it: three parts of equal weight.
struct Regularity {
  double score = 0;     ///< the mean of the three
  Evenness timing;      ///< of the intervals
  Evenness size;        ///< of the bytes sent
  double presence = 0;  ///< share of the parts of the time in which there was a call
};
/// `intervals` in any unit, oldest first, and the bytes of as many calls.
[[nodiscard]] Regularity regularity_of(std::span<const std::uint32_t> intervals,
                                       std::span<const std::uint32_t> sizes);
/// How much intervals of so many calls may deviate: few look alike by chance more often.
[[nodiscard]] inline double most_spread(double most, std::size_t calls) {
  return calls < 32 ? 0.8 * most : most;
}

}  // namespace netprobe
