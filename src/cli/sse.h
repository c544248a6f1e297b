// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace netprobe {

/// One server-sent event.
struct SseEvent {
  std::string name = "message";
  std::string data;  ///< lines joined by '\n'
};

/// Puts lines of text/event-stream together (WHATWG HTML 9.2.6). Pure.
class SseParser {
 public:
  /// Takes one line without its end. True where it completes an event, which
  /// then is in event() until the next call.
  [[nodiscard]] bool line(std::string_view line);
  [[nodiscard]] const SseEvent& event() const { return event_; }

 private:
  SseEvent event_;
  std::string name_;
  std::string data_;
  bool has_data_ = false;
};

}  // namespace netprobe
