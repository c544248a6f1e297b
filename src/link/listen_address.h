// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace netprobe {

/// "10.0.0.1:8082", "[::1]:8082", ":8082" (all addresses), or a port alone.
struct ListenAddress {
  std::string host;  ///< empty: all
  std::uint16_t port = 0;
  [[nodiscard]] static Result<ListenAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
};

}  // namespace netprobe
