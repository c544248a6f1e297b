// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace netprobe {

/// `text` as a gzip member (RFC 1952), at the level that costs least time;
/// nothing where zlib has no memory, then send it plain.
[[nodiscard]] std::optional<std::string> gzip(std::string_view text);

}  // namespace netprobe
