// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include <netprobe/export.h>

NETPROBE_BEGIN_API

/// Wall clock, nanoseconds since 1970-01-01T00:00:00Z. The epoch itself, Time{},
/// stands for "not known".
using Time = std::chrono::sys_time<std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;

/// What kind of failure an Error is.
enum class ErrorKind : std::uint8_t {
  kFailed,        ///< it did not work
  kUsage,         ///< an argument is wrong
  kUnsupported,   ///< the kernel or the system cannot do it
  kNotFound,      ///< the named thing does not exist
  kNoPermission,  ///< the system refuses it to this user
  kBusy,          ///< somebody else has it
};

/// A failure: one sentence that names the thing and, where there is one, the way
/// out. No full stop at its end, no newline.
struct Error {
  std::string message;
  ErrorKind kind = ErrorKind::kFailed;
  int code = 0;  ///< errno where a system call failed, else 0
};

/// What a function returns that can fail. The library throws nothing of its own;
/// running out of memory ends the program.
template <typename T>
using Result = std::expected<T, Error>;

/// An IPv4 or IPv6 address; "::" stands for "none".
struct NETPROBE_API Address {
  /// Network order; IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2).
  std::array<std::uint8_t, 16> bytes{};

  /// Takes "10.0.0.1", "fd00::1", "::ffff:10.0.0.1". kUsage for anything else.
  [[nodiscard]] static Result<Address> parse(std::string_view text);
  [[nodiscard]] bool is_v4() const noexcept;
  [[nodiscard]] bool is_unspecified() const noexcept { return *this == Address{}; }
  /// Dotted quad for IPv4, RFC 5952 for IPv6.
  [[nodiscard]] std::string to_string() const;

  auto operator<=>(const Address&) const = default;
};

/// Which way a packet goes, as the kernel sees it: into an interface's stack, or
/// out of it.
enum class Direction : std::uint8_t { kIngress, kEgress };
[[nodiscard]] NETPROBE_API std::string_view to_string(Direction direction) noexcept;

/// IANA numbers of protocols, as `protocol` members have them.
inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kIcmp6 = 58;
inline constexpr std::uint8_t kSctp = 132;
/// "tcp", "udp", "icmp", "icmp6", "sctp", or the number.
[[nodiscard]] NETPROBE_API std::string protocol_name(std::uint8_t protocol);

struct Counters {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;

  bool operator==(const Counters&) const = default;
};

NETPROBE_END_API
