// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/query_answer.h"

namespace netprobe {

/// Writes live sums of a stream as its steps come: a table, CSV, or the events as
/// they are, one a line.
class WindowPrinter {
 public:
  enum class Format : std::uint8_t { kTable, kCsv, kJson };
  WindowPrinter(Format format, bool exact, bool colour)
      : format_(format), exact_(exact), colour_(colour) {}

  /// Appends one step; `data` is its event's. Errors: it is not one.
  [[nodiscard]] Status append(std::string& out, std::string_view data);
  /// What people should know of the newest step; empty: nothing.
  [[nodiscard]] const std::string& remark() const { return remark_; }

 private:
  const Format format_;
  const bool exact_;
  const bool colour_;
  bool begun_ = false;
  std::string remark_;
};

}  // namespace netprobe
