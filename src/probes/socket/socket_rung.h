// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace netprobe {

/// How TCP's changes of state are seen: the rungs of the ladder, best first.
enum class SocketRung : std::uint8_t { kAuto, kTracepoint, kRawTracepoint, kKprobe };

}  // namespace netprobe
