// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace netprobe::test {

/// One's complement sum of RFC 1071 over one or more pieces, each of which
/// must have an even length except the last.
class InternetChecksum {
 public:
  InternetChecksum& add(std::span<const std::uint8_t> bytes);
  InternetChecksum& add_word(std::uint32_t value);
  /// The complement, folded to 16 bits, in host order.
  [[nodiscard]] std::uint16_t value() const;

 private:
  std::uint64_t sum_ = 0;
};

/// CRC-32C as SCTP puts it on the wire (RFC 9260 appendix A).
[[nodiscard]] std::uint32_t crc32c(std::span<const std::uint8_t> bytes);

}  // namespace netprobe::test
