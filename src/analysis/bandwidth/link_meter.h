// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "model/interface.h"

namespace netprobe {

/// One direction of a link: samples of its byte counter in, use and peaks out.
/// Samples may come at any distance; what they cannot tell is not told.
/// Definitions: docs/bandwidth.md. Times are monotonic.
class LinkMeter {
 public:
  /// A window may be so much longer than it is called. Rates divide by the
  /// true time, so a longer one only makes a peak lower.
  static constexpr Nanos kWindow100ms = 100 * kMillisecond;
  static constexpr Nanos kWindow1s = kSecond;
  static constexpr double kTolerance = 1.25;
  /// Microbursts: from here on, in a second that stays below the other.
  static constexpr double kBurst = 0.8;
  static constexpr double kQuiet = 0.5;
  /// Samples kept at most: a second of them, 10 ms apart, and some room.
  static constexpr std::size_t kSamples = 128;

  /// Bits per second; 0: it has none. A burst under way is then forgotten.
  void set_speed(std::uint64_t speed);
  /// What the counter says now. One that ran backwards is another counter:
  /// the meter begins anew, and only its sums stay.
  void sample(std::uint64_t bytes, Nanos now);
  /// Ends an interval (call sample() first): use() tells of it from now on.
  void close_interval();
  [[nodiscard]] const LinkUse& use() const { return use_; }
  /// Did the counter move in the second before its last sample?
  [[nodiscard]] bool active() const { return moved_ != 0 && last_look_ - moved_ < kSecond; }

 private:
  struct Sample {
    Nanos time = 0;
    std::uint64_t bytes = 0;
  };
  /// The end of what is known at `time` or before; how many bytes there were
  /// then, and exactly when. None where nothing is known of that time.
  struct Start {
    Nanos time = 0;
    std::uint64_t bytes = 0;
    bool known = false;
  };
  [[nodiscard]] Start start_of(Nanos time, std::size_t& cursor) const;
  void restart(std::uint64_t bytes, Nanos now);
  void append(std::uint64_t bytes, Nanos now);
  void measure_window(Nanos length, std::size_t& cursor, double& peak);
  void watch_burst(const Sample& before, const Sample& now);
  [[nodiscard]] bool second_was_quiet();
  [[nodiscard]] const Sample& at(std::size_t sequence) const { return ring_[sequence % kSamples]; }

  // Sequence numbers: the ring holds [first_, next_).
  std::vector<Sample> ring_;
  std::size_t first_ = 0;
  std::size_t next_ = 0;
  std::size_t cursor_100ms_ = 0;
  std::size_t cursor_1s_ = 0;
  std::size_t cursor_burst_ = 0;
  Nanos moved_ = 0;      ///< last sample with more than the one before
  Nanos last_look_ = 0;  ///< last sample
  bool in_burst_ = false;
  Sample interval_;  ///< where the interval began
  bool has_interval_ = false;
  double peak_100ms_ = 0;  ///< of the interval so far
  double peak_1s_ = 0;
  std::uint64_t speed_ = 0;
  LinkUse use_;
};

}  // namespace netprobe
