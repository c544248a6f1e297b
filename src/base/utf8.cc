// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace netprobe {
namespace {

/// Without a byte of 0x80 or above, eight at a time: names are short.
bool is_ascii(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080;
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t bits = 0;
  std::uint64_t eight = 0;
  for (; left >= sizeof eight; left -= sizeof eight, at += sizeof eight) {
    std::memcpy(&eight, at, sizeof eight);
    bits |= eight;
  }
  std::uint8_t rest = 0;
  for (; left > 0; --left, ++at) rest |= static_cast<std::uint8_t>(*at);
  return (bits & kHighBits) == 0 && rest < 0x80;
}

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t i) {
  const auto at = [&](std::size_t n) { return static_cast<unsigned char>(text[n]); };
  const unsigned char lead = at(i);
  std::size_t size = 0;
  if (lead < 0x80) {
    size = 1;
  } else if (lead >= 0xc2 && lead < 0xe0) {
    size = 2;
  } else if (lead >= 0xe0 && lead < 0xf0) {
    size = 3;
  } else if (lead >= 0xf0 && lead < 0xf5) {
    size = 4;
  }
  if (size == 0 || i + size > text.size()) return 0;
  for (std::size_t n = 1; n < size; ++n)
    if ((at(i + n) & 0xc0) != 0x80) return 0;
  // Overlong forms, surrogates and what is beyond U+10FFFF.
  if (size == 3 && ((lead == 0xe0 && at(i + 1) < 0xa0) || (lead == 0xed && at(i + 1) > 0x9f)))
    return 0;
  if (size == 4 && ((lead == 0xf0 && at(i + 1) < 0x90) || (lead == 0xf4 && at(i + 1) > 0x8f)))
    return 0;
  return size;
}

bool is_utf8(std::string_view text) {
  if (is_ascii(text)) return true;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string mended_utf8(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    result += length != 0 ? text.substr(i, length) : kReplacement;
    i += std::max<std::size_t>(length, 1);
  }
  return result;
}

}  // namespace netprobe
