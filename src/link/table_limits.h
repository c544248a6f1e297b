// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"

namespace netprobe {

/// Of one message, in both directions: larger ones are refused by the receiver.
inline constexpr std::size_t kMaxMessageBytes = 16U << 20U;
/// Rows of one Table. A row may have no bytes of its own in a message, so the bound on
/// bytes does not bound it.
inline constexpr std::size_t kMaxTableRows = 65'536;
/// Columns of one Table.
inline constexpr std::size_t kMaxTableColumns = 512;

/// What may be made of one message's texts: a dictionary lets a few bytes say much.
class TextBudget {
 public:
  /// False: that is too much.
  [[nodiscard]] bool take(std::size_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }

 private:
  std::size_t left_ = 4 * kMaxMessageBytes;
};

}  // namespace netprobe
