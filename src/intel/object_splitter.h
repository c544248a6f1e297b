// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace netprobe::intel {

/// Cuts JSON that comes in pieces into the objects of its outer arrays: those of {"objects":
/// [{…}, {…}]} and of [{…}, {…}]. It looks at brackets and strings alone; whether an object is
/// JSON is for its reader to see. Holds one object.
class ObjectSplitter {
 public:
  explicit ObjectSplitter(std::size_t most) : most_(most) {}

  /// Calls `object(text, too_long)`; of one that is too long there is the beginning alone.
  template <typename Object>
  [[nodiscard]] Status take(std::string_view piece, Object&& object) {
    while (!piece.empty()) {
      piece.remove_prefix(scan(piece));
      if (whole_) {
        object(held_, too_long_);
        held_.clear();
        whole_ = too_long_ = false;
      }
      if (!failed_) return failed_;
    }
    return {};
  }
  /// Is the text whole?
  [[nodiscard]] Status finish() const;

 private:
  /// How much it looked at: to the end of an object, or all.
  std::size_t scan(std::string_view piece);
  bool scan_char(char c);
  void open(char c);
  bool close(char c);
  void keep(std::string_view text);

  const std::size_t most_;
  Status failed_;
  std::string held_;
  std::uint64_t depth_ = 0;
  std::uint64_t object_depth_ = 0;  ///< of the object that is held; 0: none is
  bool outer_arrays_[2] = {};       ///< which of the two outermost levels are arrays
  bool in_string_ = false;
  bool escaped_ = false;
  bool began_ = false;
  bool whole_ = false;
  bool too_long_ = false;
};

}  // namespace netprobe::intel
