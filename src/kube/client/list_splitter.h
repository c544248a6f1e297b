// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace netprobe::kube {

/// Cuts the answer to a list request into its items as it arrives, so that a
/// page of 500 pods is never in memory as a whole, nor as a tree: memory is the
/// largest item. Only finds where items begin and end; what is in them is for
/// the parser to judge.
class ListSplitter {
 public:
  /// `max_item`, `max_rest`: bytes of one item and of all that is around them.
  ListSplitter(std::size_t max_item, std::size_t max_rest)
      : max_item_(max_item), max_rest_(max_rest) {}

  /// Calls `item` with the text of every item that is whole by now; the text
  /// has room for simdjson's padding behind it, and goes with the call. An
  /// error where this cannot become a list; feed no more then.
  [[nodiscard]] Status feed(std::string_view data,
                            const std::function<void(std::string_view)>& item);
  /// The list without its items (`"items":[]`); an error where it is cut off.
  [[nodiscard]] Result<std::string> finish() const;
  /// Items that were longer than allowed or are no objects.
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

 private:
  [[nodiscard]] Status take_outside(char c);
  [[nodiscard]] std::size_t take_item(std::string_view data);
  void take_between(char c);
  /// One character of a string: where an escape or the string ends. In the
  /// header, since the hot loop has it too.
  void take_in_string(char c) {
    if (escaped_)
      escaped_ = false;
    else if (c == '\\')
      escaped_ = true;
    else if (c == '"')
      in_string_ = false;
  }

  std::size_t max_item_;
  std::size_t max_rest_;
  std::string rest_;
  std::string item_;
  std::string key_;  ///< the newest string at the list's own level
  std::uint64_t skipped_ = 0;
  std::uint64_t total_ = 0;  ///< bytes so far
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool in_items_ = false;  ///< inside the brackets of "items"
  bool in_item_ = false;
  bool too_long_ = false;  ///< the item at hand
  bool junk_ = false;      ///< between two commas stands what is no object
};

}  // namespace netprobe::kube
