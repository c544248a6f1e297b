// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace netprobe {

/// An IPv4 or IPv6 address: 16 bytes in network order, IPv4 as ::ffff:a.b.c.d
/// (RFC 4291 2.5.5.2). A value; default is "::".
class IpAddress {
 public:
  constexpr IpAddress() = default;
  explicit IpAddress(std::span<const std::uint8_t, 16> bytes) {
    std::memcpy(bytes_.data(), bytes.data(), bytes_.size());
  }
  /// `address` in host byte order.
  [[nodiscard]] static IpAddress v4(std::uint32_t address);
  /// Takes "10.0.0.1", "fd00::1", "::ffff:10.0.0.1"; no zone.
  [[nodiscard]] static Result<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const;
  /// All zero: no address.
  [[nodiscard]] bool is_unspecified() const { return *this == IpAddress{}; }
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] bool is_multicast() const;
  [[nodiscard]] bool is_link_local() const;
  /// Of a network that is not routed in the Internet: RFC 1918, RFC 6598 (shared),
  /// RFC 4193 (unique local).
  [[nodiscard]] bool is_private() const;
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  /// Dotted quad for IPv4, RFC 5952 for IPv6.
  [[nodiscard]] std::string to_string() const;
  void append_to(std::string& out) const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

/// A network prefix, such as 10.0.0.0/8 or fd00::/8; a bare address is a
/// prefix of full length. Bits beyond the length are cleared.
class IpPrefix {
 public:
  IpPrefix() = default;
  [[nodiscard]] static Result<IpPrefix> parse(std::string_view text);
  /// `length` counts as the address's own family does; more than it has is all.
  [[nodiscard]] static IpPrefix of(const IpAddress& address, int length);
  [[nodiscard]] bool contains(const IpAddress& address) const;
  /// Its first address.
  [[nodiscard]] const IpAddress& network() const { return network_; }
  /// Length, of 128: IPv4 counts as 96 and its own.
  [[nodiscard]] int bits() const { return bits_; }
  [[nodiscard]] std::string to_string() const;
  /// 0 to 32 for IPv4, 0 to 128 for IPv6.
  [[nodiscard]] int length() const { return network_.is_v4() ? bits_ - 96 : bits_; }

  auto operator<=>(const IpPrefix&) const = default;

 private:
  IpAddress network_;
  int bits_ = 0;  ///< of 128, IPv4 counted as 96 + its own
};

}  // namespace netprobe
