// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace netprobe {

/// Scales numbers so that half of them lie between 3/8 and 5/8, by the quartiles of the first
/// ones; from then on it stays, since trees are cut for it.
template <std::size_t kFeatures>
class RobustScale {
 public:
  using Point = std::array<float, kFeatures>;
  static constexpr std::size_t kFirst = 1'000;

  /// False: there were not enough yet.
  bool learn(const Point& raw) {
    if (ready_) return true;
    first_.push_back(raw);
    if (first_.size() < kFirst) return false;
    for (std::size_t f = 0; f < kFeatures; ++f) {
      std::vector<float> values;
      for (const Point& point : first_) values.push_back(point[f]);
      std::sort(values.begin(), values.end());
      middle_[f] = values[kFirst / 2];
      // What hardly varies is not blown up.
      width_[f] = std::max(values[kFirst * 3 / 4] - values[kFirst / 4], kLeastWidth);
    }
    std::vector<Point>().swap(first_);
    ready_ = true;
    return true;
  }
  [[nodiscard]] Point scaled(const Point& raw) const {
    Point point;
    for (std::size_t f = 0; f < kFeatures; ++f)
      point[f] = std::clamp(0.5F + (raw[f] - middle_[f]) / (4 * width_[f]), 0.0F, 1.0F);
    return point;
  }
  [[nodiscard]] std::size_t bytes() const { return first_.capacity() * sizeof(Point); }

 private:
  static constexpr float kLeastWidth = 1;
  std::vector<Point> first_;
  Point middle_{};
  Point width_{};
  bool ready_ = false;
};

}  // namespace netprobe
