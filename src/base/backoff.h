// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <random>

#include "base/clock.h"

namespace netprobe {

/// How long to wait before trying again: doubled with each failure up to a
/// bound, and at random in the upper half, so that many clients of a server
/// that comes back do not come together.
class Backoff {
 public:
  Backoff(Nanos least, Nanos most) : least_(least), most_(most), random_(std::random_device{}()) {}

  [[nodiscard]] Nanos next() {
    const Nanos whole = std::min(most_, least_ << std::min(failures_, 20));
    ++failures_;
    return spread(whole);
  }
  /// Between a half and all of it.
  [[nodiscard]] Nanos spread(Nanos whole) {
    return whole / 2 + static_cast<Nanos>(static_cast<double>(whole / 2) * unit_(random_));
  }
  void reset() { failures_ = 0; }
  /// Nothing has failed since it was reset.
  [[nodiscard]] bool fresh() const { return failures_ == 0; }

 private:
  Nanos least_;
  Nanos most_;
  int failures_ = 0;
  std::minstd_rand random_;
  std::uniform_real_distribution<double> unit_{0, 1};
};

}  // namespace netprobe
