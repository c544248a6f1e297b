// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace netprobe {

/// Quantiles of numbers of which old ones count less and less: what is normal, robust to
/// what is not. Numbers fall into 128 buckets, each a fifth wider than the one before,
/// from 1 to 1.0e10; so a quantile is that of the numbers with their weights, at most 20 %
/// too large and never too small. Below 1 is one bucket, told as 0. 520 bytes. One thread.
class DecayedQuantile {
 public:
  /// After `half_life` numbers more, a number counts half.
  explicit DecayedQuantile(double half_life = 3'600) : growth_(std::exp2(1 / half_life)) {}

  void add(double number) {
    buckets_[bucket_of(number)] += static_cast<float>(weight_);
    total_ += weight_;
    ++seen_;
    // Newer ones weigh more, instead of all before less; now and then all are scaled.
    weight_ *= growth_;
    if (weight_ > kMostWeight) scale();
  }
  /// `q` 0 to 1; 0 where nothing was seen.
  [[nodiscard]] double quantile(double q) const {
    double below = 0;
    const double wanted = q * total_;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      below += buckets_[i];
      if (below > 0 && below >= wanted * kRounding) return i == 0 ? 0 : upper(i);
    }
    return 0;
  }
  /// Numbers since the start, whatever they count now.
  [[nodiscard]] std::uint64_t seen() const { return seen_; }

 private:
  static constexpr std::size_t kBuckets = 128;
  static constexpr double kStep = 1.2;
  static constexpr double kMostWeight = 1e6;
  // Sums of floats: a quantile of 1 has to be met.
  static constexpr double kRounding = 1 - 1e-5;

  static std::size_t bucket_of(double number) {
    if (!(number >= 1)) return 0;
    static const double kLogStep = std::log(kStep);
    const double i = std::floor(std::log(number) / kLogStep) + 1;
    return std::min(kBuckets - 1, static_cast<std::size_t>(i));
  }
  static double upper(std::size_t i) { return std::pow(kStep, static_cast<double>(i)); }
  void scale() {
    for (float& bucket : buckets_) bucket /= static_cast<float>(weight_);
    total_ /= weight_;
    weight_ = 1;
  }

  double growth_;
  double weight_ = 1;
  double total_ = 0;
  std::uint64_t seen_ = 0;
  std::array<float, kBuckets> buckets_{};
};

}  // namespace netprobe
