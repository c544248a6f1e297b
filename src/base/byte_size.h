// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace netprobe {

/// "2GiB", "128MiB", "500MB", "64k" or a bare number of bytes: Ki, Mi, Gi and Ti
/// are powers of 1024, K, M, G and T of 1000; the B may be left out. Negative
/// and empty ones, and what 63 bits cannot hold, are errors.
[[nodiscard]] Result<std::uint64_t> parse_byte_size(std::string_view text);
/// The shortest whole number of one of these units.
[[nodiscard]] std::string format_byte_size(std::uint64_t bytes);

}  // namespace netprobe
