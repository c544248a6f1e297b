// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace netprobe {

/// Exit codes of every command; --help says them too.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDegraded = 3;   ///< status: not all is well
inline constexpr int kExitTruncated = 4;  ///< replay: the capture ends too early

/// Standard output, buffered. A reader that went away (`| head`) is no error:
/// the command then ends quietly.
class Output {
 public:
  ~Output() { (void)flush(); }
  /// What is to be written; flushed when it is long.
  std::string& text() { return text_; }
  /// False where nobody reads any more.
  [[nodiscard]] bool flush();
  /// Flushes what is long enough to be worth a write.
  [[nodiscard]] bool flush_if_long() { return text_.size() < kLong || flush(); }
  /// A full disk, say: errno of the write that failed; 0 without.
  [[nodiscard]] int error() const { return error_; }

 private:
  static constexpr std::size_t kLong = 64UL * 1024;
  std::string text_;
  bool closed_ = false;
  int error_ = 0;
};

/// True where the descriptor is a terminal that takes colours, and the user
/// did not say no (--no-color, NO_COLOR, TERM=dumb).
[[nodiscard]] bool wants_colour(int fd, bool no_colour_flag);

/// "netprobe: <message>" on standard error. Returns `code`.
int complain(std::string_view message, int code);

}  // namespace netprobe
