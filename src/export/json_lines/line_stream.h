// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <string>

#include "base/clock.h"
#include "export/json_lines/line_buffer.h"

namespace netprobe {

/// A descriptor that lines go to and that may be slow: a pipe, a terminal. What of a
/// line could not be written goes first the next time.
class LineStream {
 public:
  /// Does not own `fd`.
  LineStream(int fd, Nanos timeout, const Clock& clock)
      : fd_(fd), timeout_(timeout), clock_(clock) {}

  struct Written {
    std::size_t lines = 0;  ///< written, or begun and to be ended
    std::string problem;
  };
  [[nodiscard]] Written write(const LineBuffer& lines);
  /// Any thread: ends a write that waits.
  void stop() { stopping_ = true; }

 private:
  /// How many bytes went out until the deadline; why not all.
  std::size_t push(std::string_view text, Nanos deadline, std::string& problem);

  const int fd_;
  const Nanos timeout_;
  const Clock& clock_;
  std::string rest_;  ///< of a line
  std::atomic<bool> stopping_{false};
};

}  // namespace netprobe
