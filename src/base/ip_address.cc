// SPDX-License-Identifier: Apache-2.0
#include "base/ip_address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace netprobe {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

IpAddress IpAddress::v4(std::uint32_t address) {
  IpAddress result;
  std::memcpy(result.bytes_.data(), kMapped.data(), kMapped.size());
  const std::uint32_t network = htonl(address);
  std::memcpy(result.bytes_.data() + kMapped.size(), &network, sizeof(network));
  return result;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);  // inet_pton wants a terminator
  IpAddress result;
  in_addr v4_address{};
  if (inet_pton(AF_INET, copy.c_str(), &v4_address) == 1) return v4(ntohl(v4_address.s_addr));
  if (inet_pton(AF_INET6, copy.c_str(), result.bytes_.data()) == 1) return result;
  return fail("'" + copy + "' is not an IP address", ErrorKind::kUsage);
}

bool IpAddress::is_v4() const {
  return std::memcmp(bytes_.data(), kMapped.data(), kMapped.size()) == 0;
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[12] == 127;
  static constexpr std::array<std::uint8_t, 16> kOne{0, 0, 0, 0, 0, 0, 0, 0,
                                                     0, 0, 0, 0, 0, 0, 0, 1};
  return bytes_ == kOne;
}

bool IpAddress::is_multicast() const {
  return is_v4() ? (bytes_[12] & 0xf0) == 0xe0 || *this == v4(0xffffffff) : bytes_[0] == 0xff;
}

bool IpAddress::is_link_local() const {
  if (is_v4()) return bytes_[12] == 169 && bytes_[13] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::is_private() const {
  const auto& b = bytes_;
  if (!is_v4()) return (b[0] & 0xfe) == 0xfc;
  return b[12] == 10 || (b[12] == 172 && (b[13] & 0xf0) == 16) || (b[12] == 192 && b[13] == 168) ||
         (b[12] == 100 && (b[13] & 0xc0) == 64);
}

std::string IpAddress::to_string() const {
  std::string out;
  append_to(out);
  return out;
}

void IpAddress::append_to(std::string& out) const {
  char text[INET6_ADDRSTRLEN];
  if (!is_v4()) {
    inet_ntop(AF_INET6, bytes_.data(), text, sizeof(text));
    out += text;
    return;
  }
  // Most addresses of most records: inet_ntop goes by way of sprintf.
  char* end = text;
  for (std::size_t i = kMapped.size(); i < bytes_.size(); ++i) {
    if (i > kMapped.size()) *end++ = '.';
    end = std::to_chars(end, text + sizeof(text), static_cast<unsigned>(bytes_[i])).ptr;
  }
  out.append(text, end);
}

Result<IpPrefix> IpPrefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    return fail(
        "'" + std::string(text) + "' is neither an IP address nor a prefix such as 10.0.0.0/8",
        ErrorKind::kUsage);
  }
  const int most = address->is_v4() ? 32 : 128;
  int bits = most;
  if (slash != std::string_view::npos) {
    const auto length = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
    if (error != std::errc{} || end != length.data() + length.size() || bits < 0 || bits > most) {
      return fail("the prefix length in '" + std::string(text) + "' is not a number from 0 to " +
                      std::to_string(most),
                  ErrorKind::kUsage);
    }
  }
  return of(*address, bits);
}

IpPrefix IpPrefix::of(const IpAddress& address, int length) {
  const int most = address.is_v4() ? 32 : 128;
  IpPrefix result;
  result.bits_ = std::clamp(length, 0, most) + 128 - most;
  auto bytes = address.bytes();
  for (int bit = result.bits_; bit < 128; ++bit)
    bytes[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80 >> bit % 8));
  result.network_ = IpAddress(bytes);
  return result;
}

bool IpPrefix::contains(const IpAddress& address) const {
  const auto whole = static_cast<std::size_t>(bits_ / 8);
  if (std::memcmp(network_.bytes().data(), address.bytes().data(), whole) != 0) return false;
  if (bits_ % 8 == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - bits_ % 8));
  return (address.bytes()[whole] & mask) == network_.bytes()[whole];
}

std::string IpPrefix::to_string() const {
  return network_.to_string() + "/" + std::to_string(length());
}

}  // namespace netprobe
