// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace netprobe::intel {

/// Cuts text that comes in pieces into lines. Of a line that is too long its beginning alone
/// is kept.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t most) : most_(most) {}

  /// Calls `line(text, too_long)` for each that is whole, without its end.
  template <typename Line>
  void take(std::string_view piece, Line&& line) {
    while (!piece.empty()) {
      const auto end = piece.find('\n');
      const std::string_view part = piece.substr(0, end);
      if (end != std::string_view::npos && held_.empty() && part.size() <= most_) {
        line(part, false);
      } else {
        hold(part);
        if (end == std::string_view::npos) return;
        flush(line);
      }
      piece.remove_prefix(end + 1);
    }
  }
  /// For the last one, which may have no end.
  template <typename Line>
  void finish(Line&& line) {
    if (!held_.empty()) flush(line);
  }

 private:
  void hold(std::string_view part) {
    const std::size_t room = most_ - held_.size();
    too_long_ = too_long_ || part.size() > room;
    held_ += part.substr(0, room);
  }
  template <typename Line>
  void flush(Line&& line) {
    line(std::string_view(held_), too_long_);
    held_.clear();
    too_long_ = false;
  }

  const std::size_t most_;
  std::string held_;
  bool too_long_ = false;
};

}  // namespace netprobe::intel
