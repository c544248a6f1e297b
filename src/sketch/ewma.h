// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

namespace netprobe {

/// A mean that forgets: what is `half_life` seconds old counts half. Begins at 0, so that a
/// step is at 1/2 of its height after one half-life, at 7/8 after three.
class Ewma {
 public:
  explicit Ewma(double half_life = 1) : half_life_(half_life) {}

  /// `value` held for the last `seconds`.
  void add(double value, double seconds) {
    value_ += (value - value_) * (1 - std::exp2(-seconds / half_life_));
  }
  [[nodiscard]] double value() const { return value_; }

 private:
  double half_life_;
  double value_ = 0;
};

}  // namespace netprobe
