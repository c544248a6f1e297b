// SPDX-License-Identifier: Apache-2.0
#include "cli/sse.h"

namespace netprobe {

bool SseParser::line(std::string_view line) {
  if (line.empty()) {
    const bool complete = has_data_;
    if (complete) {
      event_.name = name_.empty() ? "message" : name_;
      event_.data = std::move(data_);
    }
    name_.clear();
    data_.clear();
    has_data_ = false;
    return complete;
  }
  const auto colon = line.find(':');
  if (colon == 0) return false;  // a comment: heartbeats
  const auto field = line.substr(0, colon);
  auto value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    name_ = value;
  } else if (field == "data") {
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  }
  return false;
}

}  // namespace netprobe
