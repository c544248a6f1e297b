// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace netprobe {

/// Of the program that a pattern is compiled to and what matching keeps: linear
/// time, and no more memory than this, whatever the pattern.
inline constexpr std::size_t kMaxPatternBytes = 256 * 1024;
/// Of one pattern's text, as users write it.
inline constexpr std::size_t kMaxPatternText = 1024;
/// Patterns in one query.
inline constexpr std::size_t kMaxQueryPatterns = 32;

struct BadPattern {
  std::string message;   ///< "missing closing )"
  std::string fragment;  ///< of the pattern, that is wrong; may be empty
};
/// RE2's syntax over UTF-8; '.' takes a newline too. The one way in which every
/// consumer compiles the patterns of a query; matched anywhere in the text.
[[nodiscard]] std::expected<std::shared_ptr<const re2::RE2>, BadPattern> compile_pattern(
    std::string_view pattern);

/// A pattern for the whole text that says what a glob does (base/glob.h).
[[nodiscard]] std::string pattern_of_glob(std::string_view glob);
/// A pattern for exactly this text, whatever the case of its letters.
[[nodiscard]] std::string pattern_of_any_case(std::string_view text);

}  // namespace netprobe
