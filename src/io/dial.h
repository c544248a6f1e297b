// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "io/host_lookup.h"
#include "io/patience.h"

namespace netprobe {

/// A connected socket, non-blocking: TCP, or UDP where `datagram`. Names are looked up
/// each time, and every address is tried. Errors name the host and the port.
[[nodiscard]] Result<UniqueFd> dial(HostLookup& lookup, const std::string& host, std::uint16_t port,
                                    bool datagram, const Patience& patience);

}  // namespace netprobe
