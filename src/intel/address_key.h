// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/ip_address.h"

namespace netprobe::intel {

/// Addresses as numbers that sort like them: of each family its own, as ::/64 is no prefix of
/// all IPv4 although IPv4 is mapped below it.
using V4Key = std::uint32_t;
__extension__ using V6Key = unsigned __int128;

[[nodiscard]] inline V6Key whole_key(const IpAddress& address) {
  V6Key key = 0;
  for (const std::uint8_t byte : address.bytes()) key = key << 8U | byte;
  return key;
}
[[nodiscard]] inline V4Key v4_key(const IpAddress& address) {
  const auto& b = address.bytes();
  return static_cast<V4Key>(b[12]) << 24U | static_cast<V4Key>(b[13]) << 16U |
         static_cast<V4Key>(b[14]) << 8U | b[15];
}
template <typename Key>
[[nodiscard]] Key key_of(const IpAddress& address) {
  if constexpr (sizeof(Key) == sizeof(V4Key))
    return v4_key(address);
  else
    return whole_key(address);
}
template <typename Key>
[[nodiscard]] IpAddress address_of(Key key) {
  if constexpr (sizeof(Key) == sizeof(V4Key)) {
    return IpAddress::v4(key);
  } else {
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = bytes.size(); i-- > 0; key >>= 8U)
      bytes[i] = static_cast<std::uint8_t>(key);
    return IpAddress(bytes);
  }
}
/// The last address of a prefix that begins at `first`; `length` of its own family.
template <typename Key>
[[nodiscard]] Key last_of(Key first, int length) {
  const auto host = static_cast<int>(sizeof(Key)) * 8 - length;
  if (host == static_cast<int>(sizeof(Key)) * 8) return static_cast<Key>(~Key{0});
  return static_cast<Key>(first | ((Key{1} << host) - 1));
}

}  // namespace netprobe::intel
