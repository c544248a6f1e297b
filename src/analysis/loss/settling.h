// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace netprobe {

/// How long a packet may be between two points: in a queue, or counted at the
/// one and not yet read at the other. docs/losses.md.
inline constexpr Nanos kSettleTime = kSecond;

/// Tells losses from packets on their way, for one passage of one flow.
///
/// What had entered at some time and has not left a settle time later is lost:
/// at least `entered(then) - left(now)` packets are, exactly as many where
/// none entered in between. Two readings in a row must agree, so one that came
/// at a bad moment does no harm.
class Settling {
 public:
  /// Takes a reading; both counters only grow. With `must_move` a deficit
  /// counts only as far as it arose before `left` last moved: where packets
  /// cease to arrive altogether they may have found another way. `moved`: it
  /// moved just before the first reading.
  void read(Nanos now, std::uint64_t entered, std::uint64_t left, bool must_move, bool moved) {
    if (!begun_) entered_when_moved_ = moved ? entered : std::min(entered, left);
    if (begun_ && left != left_) entered_when_moved_ = entered;
    if (!begun_) newer_ = {now, entered, left};
    begun_ = true;
    before_ = bound_;
    deficit_before_ = deficit_;
    left_ = left;
    if (now - newer_.time >= kSettleTime) {
      older_ = newer_;
      newer_ = {now, entered, left};
      settled_ = true;
    }
    bound_ = 0;
    deficit_ = above(entered, left);
    if (!settled_) return;
    const std::uint64_t sure =
        must_move ? std::min(older_.entered, entered_when_moved_) : older_.entered;
    bound_ = above(sure, left);
  }

  /// Packets of the readings so far that are lost, without any doubt.
  [[nodiscard]] std::uint64_t lost() const { return std::min(bound_, before_); }
  /// Packets that are missing right now, lost or not: two readings agree.
  [[nodiscard]] std::uint64_t missing() const { return std::min(deficit_, deficit_before_); }
  /// Packets that left a settle time ago and still have not entered: they came
  /// from elsewhere. Two readings need not agree, it only makes us careful.
  [[nodiscard]] std::uint64_t excess(std::uint64_t entered) const {
    return settled_ ? above(older_.left, entered) : 0;
  }
  [[nodiscard]] bool even() const { return deficit_ == 0 && deficit_before_ == 0; }

 private:
  static std::uint64_t above(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; }
  struct Reading {
    Nanos time = 0;
    std::uint64_t entered = 0;
    std::uint64_t left = 0;
  };
  Reading older_;  ///< at least a settle time old
  Reading newer_;
  bool begun_ = false;
  bool settled_ = false;
  std::uint64_t left_ = 0;
  std::uint64_t entered_when_moved_ = 0;
  std::uint64_t bound_ = 0;
  std::uint64_t before_ = 0;
  std::uint64_t deficit_ = 0;
  std::uint64_t deficit_before_ = 0;
};

}  // namespace netprobe
