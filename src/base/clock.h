// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace netprobe {

/// Nanoseconds. Monotonic ones count from boot without suspend, wall ones from
/// 1970-01-01T00:00:00Z.
using Nanos = std::int64_t;

inline constexpr Nanos kMicrosecond = 1'000;
inline constexpr Nanos kMillisecond = 1'000'000;
inline constexpr Nanos kSecond = 1'000'000'000;

/// The one source of time for everything above it, so that tests and replay
/// can set their own.
class Clock {
 public:
  virtual ~Clock() = default;
  /// CLOCK_MONOTONIC: the clock of BPF programs.
  [[nodiscard]] virtual Nanos monotonic() const = 0;
  /// CLOCK_REALTIME.
  [[nodiscard]] virtual Nanos wall() const = 0;
};

/// The system's clocks. Stateless; safe from every thread.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Nanos monotonic() const override;
  [[nodiscard]] Nanos wall() const override;
};

/// A clock that stands still until it is set; both readings are the same. For
/// tests and for replay, where a capture's time is all the time there is.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Nanos now = 0) : now_(now) {}
  [[nodiscard]] Nanos monotonic() const override { return now_; }
  [[nodiscard]] Nanos wall() const override { return now_; }
  void set(Nanos now) { now_ = now; }
  void advance(Nanos by) { now_ += by; }

 private:
  Nanos now_;
};

}  // namespace netprobe
