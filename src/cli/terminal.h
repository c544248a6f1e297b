// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace netprobe {

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// The terminal as a full-screen program has it: alternate screen, keys as they
/// are pressed, no cursor. One at a time; gives it back when it goes, when a
/// signal ends the process, and while the process is stopped.
class Terminal {
 public:
  /// Fails where standard input and output are no terminal.
  [[nodiscard]] static Result<Terminal> make();
  Terminal(Terminal&& other) noexcept;
  Terminal& operator=(Terminal&&) = delete;
  ~Terminal();

  [[nodiscard]] TerminalSize size() const;
  /// Replaces what is on the screen.
  void draw(std::string_view screen);
  /// A key within `timeout`; 0 where there was none or the size changed; -1
  /// where the terminal is gone.
  [[nodiscard]] int key(Nanos timeout);

 private:
  Terminal() = default;
  bool owner_ = true;
};

}  // namespace netprobe
