// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/record_json.h"
#include "outbox/record_sender.h"

namespace netprobe {

/// Records that were rendered, one a line, and where each line ends.
class LineBuffer {
 public:
  explicit LineBuffer(const FieldSelection& selection) : json_(selection) {}

  /// Renders these in place of those before.
  void render(std::span<const RecordRef> records) {
    text_.clear();
    ends_.clear();
    for (std::size_t i = 0; i < records.size(); ++i) {
      prefetch(records, i);
      json_.append(text_, records[i]);
      text_ += '\n';
      ends_.push_back(text_.size());
    }
  }
  [[nodiscard]] std::string_view text() const { return text_; }
  /// How many lines the first so many bytes hold.
  [[nodiscard]] std::size_t lines_in(std::size_t bytes) const;
  /// Where the line ends in which this byte is; at 0 and at ends: there.
  [[nodiscard]] std::size_t end_of_lines(std::size_t lines) const {
    return lines == 0 ? 0 : ends_[lines - 1];
  }
  /// What is said of a send of which so many lines were written.
  [[nodiscard]] SendOutcome outcome(std::size_t written, std::string problem) const;

 private:
  RecordJson json_;
  std::string text_;
  std::vector<std::size_t> ends_;
};

}  // namespace netprobe
