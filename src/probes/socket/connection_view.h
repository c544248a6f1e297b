// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "abi/socket_abi.h"
#include "model/connection.h"
#include "probes/socket/process_cache.h"

namespace netprobe {

/// A kernel record as the model has it. `wall_offset`: wall clock minus
/// monotonic.
[[nodiscard]] Connection connection_of(const np_connection& from, Nanos wall_offset,
                                       ProcessCache& processes);
[[nodiscard]] ListeningSocket listening_of(const np_connection& from, ProcessCache& processes);

/// TCP's states as the kernel names them, in small letters. Static.
[[nodiscard]] std::string_view tcp_state_name(std::uint8_t state);
inline constexpr std::uint8_t kTcpStateClose = 7;
inline constexpr std::uint8_t kTcpStateListen = 10;

}  // namespace netprobe
