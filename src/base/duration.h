// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace netprobe {

/// "5s", "250ms", "1m30s", "2h", "7d", or a bare number of seconds. Negative
/// and empty ones are errors.
[[nodiscard]] Result<Nanos> parse_duration(std::string_view text);
/// The shortest of those forms that is exact.
[[nodiscard]] std::string format_duration(Nanos duration);
/// RFC 3339 in UTC with nine digits: 2026-01-02T03:04:05.123456789Z.
[[nodiscard]] std::string format_rfc3339(Nanos wall);
void append_rfc3339(std::string& out, Nanos wall);
/// RFC 3339 with any offset, or a duration before `now` ("15m", "-15m").
[[nodiscard]] Result<Nanos> parse_time(std::string_view text, Nanos now);

}  // namespace netprobe
