// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace netprobe {

/// What a port is to somebody who moves from machine to machine.
enum class PortUse : std::uint8_t { kOther, kDatabase, kAdmin };

struct ServicePort {
  PortUse use = PortUse::kOther;
  std::string_view name;       ///< "ssh"; empty for kOther
  std::string_view technique;  ///< of ATT&CK, when it is used to move on
};
[[nodiscard]] ServicePort service_port(std::uint16_t port);

}  // namespace netprobe
