// SPDX-License-Identifier: Apache-2.0
#include "support/checksum.h"

namespace netprobe::test {

InternetChecksum& InternetChecksum::add(std::span<const std::uint8_t> bytes) {
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
    sum_ += static_cast<std::uint64_t>(bytes[i]) << 8 | bytes[i + 1];
  if (bytes.size() % 2 == 1) sum_ += static_cast<std::uint64_t>(bytes.back()) << 8;
  return *this;
}

InternetChecksum& InternetChecksum::add_word(std::uint32_t value) {
  sum_ += (value >> 16) + (value & 0xffff);
  return *this;
}

std::uint16_t InternetChecksum::value() const {
  std::uint64_t sum = sum_;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

std::uint32_t crc32c(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const auto byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
  }
  return ~crc;
}

}  // namespace netprobe::test
