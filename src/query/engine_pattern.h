// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace netprobe {

/// A glob taken apart: '*' any run, '?' one character, '[a-z]' one of a set, '\'
/// in front of what is none of these. One of the three is there.
struct Glob {
  std::optional<std::string> exact;    ///< no wildcard
  std::optional<std::string> prefix;   ///< this, then anything
  std::optional<std::string> pattern;  ///< of RE2, for the whole text
};
[[nodiscard]] Glob read_glob(std::string_view glob);

/// A user's pattern as every engine gets it, with the same options whatever the
/// engine's own are ('.' takes a newline). Nothing where it does not compile.
[[nodiscard]] std::optional<std::string> engine_pattern(std::string_view pattern);

/// It has no character that means another thing than itself.
[[nodiscard]] bool is_plain_pattern(std::string_view pattern);

}  // namespace netprobe
