// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace netprobe {

/// Memory of this process that is in RAM.
[[nodiscard]] std::uint64_t resident_bytes();
/// User and system time that this process has used.
[[nodiscard]] double cpu_seconds();

}  // namespace netprobe
