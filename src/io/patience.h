// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "base/clock.h"

namespace netprobe {

/// How long something that waits may do so: until a moment, and no longer than until
/// somebody else says so.
class Patience {
 public:
  /// Both outlive this. `until` is monotonic.
  Patience(const Clock& clock, Nanos until, const std::atomic<bool>& stopping)
      : clock_(clock), until_(until), stopping_(stopping) {}

  [[nodiscard]] bool is_over() const { return stopping_ || clock_.monotonic() >= until_; }
  /// Waits until the descriptor is ready for these poll(2) events or has failed; false:
  /// there is no patience left. stop is seen within 50 ms.
  [[nodiscard]] bool await(int fd, short events) const;
  /// Sleeps a little.
  void pause(Nanos time) const;

 private:
  const Clock& clock_;
  const Nanos until_;
  const std::atomic<bool>& stopping_;
};

}  // namespace netprobe
