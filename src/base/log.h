// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

#include "base/result.h"

namespace netprobe {

enum class LogFormat { kAuto, kText, kJson };

/// Sets up the process's logger on standard error: text where that is a
/// terminal, one JSON object a line elsewhere (kAuto). `level` is debug, info,
/// warn or error. Call once, before threads start; log with spdlog::info(…).
[[nodiscard]] Status init_log(LogFormat format, std::string_view level);

}  // namespace netprobe
