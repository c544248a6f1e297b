// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/clock.h"

namespace netprobe {

/// How long a packet may be between two points. The IP layer keeps packets for
/// three seconds while it looks for a neighbour (net.ipv4.neigh.*.retrans_time
/// and mcast_solicit); a sweep may read the one point late.
inline constexpr Nanos kSettleTime = 4 * kSecond;

/// Tells losses from packets on their way, for one passage of one flow.
///
/// What had entered at some time and has not left a settle time later is lost:
/// at least `entered(then) - left(now)` packets are, exactly as many where
/// none entered in between. Two readings in a row must agree, so one that came
/// at a bad moment does no harm.
class Settling {
 public:
  /// Takes a reading; both counters only grow. A deficit counts as far as it
  /// arose before `left` last moved: where packets cease to arrive altogether
  /// they may have found another way. `only_way`: they cannot have. `moved`:
  /// `left` moved just before the first reading.
  void read(Nanos now, std::uint64_t entered, std::uint64_t left, bool only_way, bool moved) {
    if (!begun_) entered_when_moved_ = moved ? entered : std::min(entered, left);
    if (begun_ && left > left_) entered_when_moved_ = entered;
    if (!begun_ || now - readings_[0].time >= kSettleTime / 2) {
      std::ranges::move_backward(readings_.begin(), readings_.end() - 1, readings_.end());
      readings_[0] = {now, entered, left};
    }
    begun_ = true;
    left_ = std::max(left_, left);  // readings of several points can fall back
    now_ = now;
    before_ = bound_;
    deficit_before_ = deficit_;
    deficit_ = above(entered, left);
    bound_ = 0;
    if (const Reading* then = settled(); then != nullptr)
      bound_ = above(only_way ? then->entered : std::min(then->entered, entered_when_moved_), left);
  }

  /// Packets of the readings so far that are lost, without any doubt.
  [[nodiscard]] std::uint64_t lost() const { return std::min(bound_, before_); }
  /// Packets that are missing right now, lost or not: two readings agree.
  [[nodiscard]] std::uint64_t missing() const { return std::min(deficit_, deficit_before_); }
  /// Packets that left a settle time ago and still have not entered: they came
  /// from elsewhere. Two readings need not agree, it only makes us careful.
  [[nodiscard]] std::uint64_t excess(std::uint64_t entered) const {
    const Reading* then = settled();
    return then == nullptr ? 0 : above(then->left, entered);
  }
  [[nodiscard]] bool even() const { return deficit_ == 0 && deficit_before_ == 0; }

 private:
  struct Reading {
    Nanos time = 0;  ///< 0: none
    std::uint64_t entered = 0;
    std::uint64_t left = 0;
  };
  static std::uint64_t above(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; }
  /// The newest reading that is a settle time old.
  [[nodiscard]] const Reading* settled() const {
    for (const Reading& each : readings_)
      if (each.time != 0 && now_ - each.time >= kSettleTime) return &each;
    return nullptr;
  }

  std::array<Reading, 4> readings_;  ///< newest first, half a settle time apart
  bool begun_ = false;
  Nanos now_ = 0;
  std::uint64_t left_ = 0;
  std::uint64_t entered_when_moved_ = 0;
  std::uint64_t bound_ = 0;
  std::uint64_t before_ = 0;
  std::uint64_t deficit_ = 0;
  std::uint64_t deficit_before_ = 0;
};

}  // namespace netprobe
