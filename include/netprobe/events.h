// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <netprobe/types.h>

NETPROBE_BEGIN_API

enum class SocketEventType : std::uint8_t {
  kConnect,  ///< connect() has an outcome: established, or `error`
  kAccept,   ///< a connection to a listening socket is established
  kClose,    ///< an established connection is over; its bytes are final
};
[[nodiscard]] NETPROBE_API std::string_view to_string(SocketEventType type) noexcept;

/// Something that happened to a TCP connection of any network namespace of this
/// machine, as it stood then. UDP has no such moments: Manager::connections() has
/// its sums.
struct SocketEvent {
  SocketEventType type = SocketEventType::kConnect;
  Time time;
  std::uint64_t connection_id = 0;  ///< the same in all events of one socket
  /// The process that has the socket, in the initial PID namespace; 0 where not
  /// known, never a guess. An accepted connection often has none yet.
  std::uint32_t pid = 0;
  std::uint32_t tid = 0;    ///< its thread
  std::string comm;         ///< its name, at most 15 characters
  std::string container;    ///< id, 64 hex digits; empty outside containers
  std::uint64_t netns = 0;  ///< inode of the network namespace
  Address local;            ///< the socket's own
  Address remote;
  std::uint16_t local_port = 0;  ///< host byte order
  std::uint16_t remote_port = 0;
  std::uint8_t protocol = kTcp;
  int error = 0;                 ///< errno that ended it; 0 for none
  std::uint64_t bytes_sent = 0;  ///< payload, as the program counts it
  std::uint64_t bytes_received = 0;
};

/// A tunnel that was not known: its first packet. One for each pair of outer
/// addresses, network id, interface and direction.
struct VxlanEvent {
  Time time;
  std::string tunnel;     ///< "vxlan", "geneve", "gre" or "ipip"
  std::uint32_t vni = 0;  ///< network id; GRE: its key
  std::string interface;  ///< where the outer packet was seen
  Direction direction = Direction::kIngress;
  Address outer_source;
  Address outer_destination;
  Address inner_source;  ///< none where no IP was inside
  Address inner_destination;
  std::uint32_t packet_length = 0;  ///< of the outer IP packet, bytes
};

/// Called on a thread of the Manager's that does nothing else: a handler may take
/// its time and may call the Manager. Events that queue up beyond
/// ManagerOptions::max_queued_events are lost, and counted in
/// NetworkStatistics::lost. A handler that throws ends the program.
using SocketEventHandler = std::function<void(const SocketEvent&)>;
using VxlanEventHandler = std::function<void(const VxlanEvent&)>;

NETPROBE_END_API
