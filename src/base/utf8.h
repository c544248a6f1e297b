// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace netprobe {

/// What stands for a byte that is no UTF-8: U+FFFD.
inline constexpr std::string_view kReplacement = "\xef\xbf\xbd";

/// Length of the valid UTF-8 sequence (RFC 3629) that begins at text[i]; 0 if
/// none does.
[[nodiscard]] std::size_t utf8_length(std::string_view text, std::size_t i);
[[nodiscard]] bool is_utf8(std::string_view text);
/// The text with kReplacement for each byte that is no UTF-8.
[[nodiscard]] std::string mended_utf8(std::string_view text);

}  // namespace netprobe
