// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netprobe/events.h>
#include <netprobe/statistics.h>
#include <netprobe/types.h>

#include "base/clock.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "model/events.h"
#include "model/snapshot.h"

namespace netprobe::v0 {

/// From the library's own types to the public ones. Inside v0 a bare name is the
/// public type; the library's own is written netprobe::….
[[nodiscard]] Error public_error(const netprobe::Error& error);
[[nodiscard]] Result<void> public_status(const netprobe::Status& status);
[[nodiscard]] Address public_address(const netprobe::IpAddress& address);
[[nodiscard]] netprobe::IpAddress own_address(const Address& address);
[[nodiscard]] Time public_time(netprobe::Nanos wall);
[[nodiscard]] Direction public_direction(netprobe::Direction direction);
[[nodiscard]] Counters public_counters(const netprobe::Counters& counters);
[[nodiscard]] SocketEvent public_event(const netprobe::SocketEvent& event);
[[nodiscard]] VxlanEvent public_event(const netprobe::NewTunnel& tunnel);
[[nodiscard]] NetworkStatistics public_statistics(const netprobe::Snapshot& snapshot);
[[nodiscard]] Flow public_flow(const netprobe::Flow& flow);
[[nodiscard]] Connection public_connection(const netprobe::Connection& connection);

[[nodiscard]] inline std::unexpected<Error> refuse(std::string message,
                                                   ErrorKind kind = ErrorKind::kFailed) {
  return std::unexpected(Error{std::move(message), kind, 0});
}

}  // namespace netprobe::v0
