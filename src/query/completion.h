// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace netprobe {

/// What may stand in a query at some place: for a shell's Tab and a page's list.
struct Completions {
  std::size_t column = 0;  ///< bytes before the word that is being written
  std::size_t length = 0;  ///< of what is there of it; the word found replaces it
  std::vector<std::string> words;
};
/// `cursor`: bytes before it; what is behind it is not looked at. No words where
/// there is an error before it, or where anything may stand.
[[nodiscard]] Completions completions(std::string_view text, std::size_t cursor);

}  // namespace netprobe
