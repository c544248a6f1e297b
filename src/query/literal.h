// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/history.h"

namespace netprobe {

/// Digits alone, at most `most`.
[[nodiscard]] std::optional<std::uint64_t> parse_digits(std::string_view text, std::uint64_t most);
/// "1500", "1.5k", "10M", "64KiB": k M G T are thousands, Ki Mi Gi Ti are 1024s,
/// both with or without a B behind. None where it is not whole or too much.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text);
/// "5ms", "10us", "1m30s", "1.5h", "7d", "0". None where it has no unit, is not
/// whole microseconds, or is more than 146 years.
[[nodiscard]] std::optional<Micros> parse_micros(std::string_view text);
/// RFC 3339, a day ("2026-11-26": its beginning in UTC), a duration before `now`
/// (wall), "now", or "now-15m".
[[nodiscard]] std::optional<Micros> parse_when(std::string_view text, Nanos now);
/// "syn", "syn+ack", or the number.
[[nodiscard]] std::optional<std::uint8_t> parse_tcp_flags(std::string_view text);

/// Each is what its parser takes, and means the same number again.
[[nodiscard]] std::string format_micros(Micros duration);
[[nodiscard]] std::string format_when(Micros wall);
[[nodiscard]] std::string format_tcp_flags(std::uint8_t flags);

}  // namespace netprobe
