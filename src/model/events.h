// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "base/clock.h"
#include "model/connection.h"
#include "model/name_batch.h"
#include "model/tunnel.h"

namespace netprobe {

enum class SocketEventKind : std::uint8_t { kConnect, kAccept, kClose };

/// Something that happened to a TCP connection, as it stood then.
struct SocketEvent {
  SocketEventKind kind = SocketEventKind::kConnect;
  Nanos time = 0;         ///< wall
  std::uint32_t tid = 0;  ///< of the process's thread; 0 not known
  const Connection& connection;
};

/// Who wants to hear of events one by one, beside what reports sum up. Called
/// on the signal thread; must only hand over. Empty: nobody, and they cost
/// nothing.
struct EventHandlers {
  std::function<void(const SocketEvent&)> socket;
  std::function<void(const NewTunnel&)> tunnel;
  /// A connection that ended or failed, of any protocol.
  std::function<void(const Connection&)> ended;
  /// DNS messages and claims of neighbours.
  std::function<void(NameBatchPtr)> names;
};

}  // namespace netprobe
