// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace netprobe {

/// Decides when UDP's calls are too many to look at each: a send or receive
/// that is looked at costs about a quarter of a microsecond, which at hundreds
/// of thousands a second is more than its answer is worth. TCP is not
/// concerned: the kernel counts its bytes itself. Pure.
class UdpBudget {
 public:
  /// `limit`: calls per second; 0 for none.
  explicit UdpBudget(std::uint32_t limit) : limit_(limit) {}

  enum class Step : std::uint8_t { kNone, kPause, kResume };
  /// `calls` were counted so far. To be called often; it looks at most every
  /// kInterval.
  [[nodiscard]] Step step(Nanos now, std::uint64_t calls);

  /// A resume failed: try again after another pause.
  void pause_again(Nanos now) {
    paused_since_ = now;
    ++pauses_;
  }
  [[nodiscard]] bool paused() const { return paused_since_ != 0; }
  [[nodiscard]] std::uint64_t pauses() const { return pauses_; }
  /// Calls per second that made it pause last.
  [[nodiscard]] std::uint64_t rate() const { return rate_; }

  static constexpr Nanos kInterval = 200 * kMillisecond;
  /// How long until it looks again whether they are fewer.
  static constexpr Nanos kPause = 30 * kSecond;

 private:
  const std::uint32_t limit_;
  Nanos last_ = 0;
  std::uint64_t calls_ = 0;
  Nanos paused_since_ = 0;
  std::uint64_t pauses_ = 0;
  std::uint64_t rate_ = 0;
};

}  // namespace netprobe
