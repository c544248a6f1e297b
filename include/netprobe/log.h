// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include <netprobe/export.h>

NETPROBE_BEGIN_API

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };
[[nodiscard]] NETPROBE_API std::string_view to_string(LogLevel level) noexcept;

/// One sentence without a newline; valid during the call.
using LogHandler = std::function<void(LogLevel level, std::string_view message)>;

/// Hears what the library has to say from `least` on; without a handler it says
/// nothing. For the whole program: the last call counts. Called on any thread of
/// the library's, one call at a time; must not call the library.
NETPROBE_API void set_log_handler(LogHandler handler, LogLevel least = LogLevel::kInfo);

NETPROBE_END_API
