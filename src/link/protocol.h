// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace netprobe {

/// Protocols of link/proto/netprobe.proto that this version speaks. A number changes
/// where what is meant by a field changes, which added fields do not.
inline constexpr std::uint32_t kProtocolOldest = 1;
inline constexpr std::uint32_t kProtocolNewest = 1;

struct ProtocolRange {
  std::uint32_t oldest = kProtocolOldest;
  std::uint32_t newest = kProtocolNewest;
};

/// The newest that both speak. The error says who has to be brought up to date.
/// `who`: the other side, "the agent at 10.0.0.1:8082 (version 0.3.0)"; `version`:
/// ours. One that says nothing (0) speaks protocol 1.
[[nodiscard]] Result<std::uint32_t> common_protocol(ProtocolRange ours, ProtocolRange theirs,
                                                    std::string_view who, std::string_view version);

}  // namespace netprobe
