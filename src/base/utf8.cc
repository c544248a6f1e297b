// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

namespace netprobe {

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

}  // namespace netprobe
