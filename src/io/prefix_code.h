// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace netprobe {

/// A symbol's bits, the first in the lowest place, as DEFLATE has them (RFC 1951 3.1.1).
struct PrefixCode {
  std::uint16_t bits = 0;
  std::uint8_t length = 0;  ///< 0: the symbol is not used
};

/// Huffman codes of no more than `most` bits (15 at most) for symbols that occur so often;
/// at least two of them do. Canonical: lengths alone say what they are (RFC 1951 3.2.2).
void make_prefix_codes(std::span<const std::uint32_t> counts, unsigned most,
                       std::span<PrefixCode> codes);

}  // namespace netprobe
