// SPDX-License-Identifier: Apache-2.0
#include "detect/beacon/regularity.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>

namespace netprobe {
namespace {

constexpr std::size_t kParts = 24;

/// Of sorted values, between the two that are nearest.
double quantile(std::span<const std::uint32_t> sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (1.0 * sorted[high] - 1.0 * sorted[low]);
}

double presence_of(std::span<const std::uint32_t> intervals) {
  double all = 0;
  for (const std::uint32_t interval : intervals) all += interval;
  if (all <= 0) return 0;
  // Fewer calls than parts cannot be in all of them.
  const std::size_t parts = std::min(kParts, intervals.size() / 2);
  if (parts == 0) return 0;
  std::bitset<kParts> seen;
  double at = 0;
  for (const std::uint32_t interval : intervals) {
    seen.set(std::min(parts - 1, static_cast<std::size_t>(at / all * static_cast<double>(parts))));
    at += interval;
  }
  return static_cast<double>(seen.count()) / static_cast<double>(parts);
}

}  // namespace

Evenness evenness_of(std::span<const std::uint32_t> values) {
  std::array<std::uint32_t, kMostCalls> sorted{};
  const std::size_t n = std::min(values.size(), sorted.size());
  if (n == 0) return {};
  std::copy_n(values.begin(), n, sorted.begin());
  const std::span<std::uint32_t> all(sorted.data(), n);
  std::sort(all.begin(), all.end());
  const double q1 = quantile(all, 0.25);
  const double median = quantile(all, 0.5);
  const double q3 = quantile(all, 0.75);
  Evenness even;
  even.median = static_cast<std::uint32_t>(median);
  if (q3 > q1) even.skew = (q1 + q3 - 2 * median) / (q3 - q1);
  for (std::uint32_t& value : all)
    value = static_cast<std::uint32_t>(std::abs(1.0 * value - median));
  std::sort(all.begin(), all.end());
  even.spread = median > 0 ? quantile(all, 0.5) / median : 1;
  even.score = ((1 - std::abs(even.skew)) + std::max(0.0, 1 - even.spread)) / 2;
  return even;
}

Regularity regularity_of(std::span<const std::uint32_t> intervals,
                         std::span<const std::uint32_t> sizes) {
  Regularity regular;
  regular.timing = evenness_of(intervals);
  regular.size = evenness_of(sizes);
  regular.presence = presence_of(intervals);
  regular.score = (regular.timing.score + regular.size.score + regular.presence) / 3;
  return regular;
}

}  // namespace netprobe
