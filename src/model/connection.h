// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/flow.h"
#include "model/process.h"

namespace netprobe {

/// Which side of a connection a socket is.
enum class SocketRole : std::uint8_t { kUnknown, kClient, kServer };
[[nodiscard]] std::string_view to_string(SocketRole role);

/// "ECONNREFUSED"; the number where it has no name. 0: "none".
[[nodiscard]] std::string error_name(int error);
/// The errno of such a name; 0 where it is none.
[[nodiscard]] int error_number(std::string_view name);

/// One socket that talks to one peer. Bytes are payload, as programs count
/// what they send and receive; times are wall clock, 0 where not known.
struct Connection {
  std::uint64_t id = 0;     ///< socket cookie, unique while the machine runs
  FlowTuple tuple;          ///< src is this socket's own address
  std::uint64_t netns = 0;  ///< inode of its network namespace; 0 not known
  SocketRole role = SocketRole::kUnknown;
  ProcessPtr process;        ///< null where not known; never a guess
  std::string_view state;    ///< "established", …: the kernel's TCP states, small letters
  bool found_later = false;  ///< it was there before the agent
  Nanos opened = 0;          ///< connect() began, or the SYN came
  Nanos established = 0;
  Nanos closed = 0;
  Nanos last_active = 0;  ///< of UDP: newest send or receive; 0 for TCP
  int error = 0;          ///< errno that ended it; 0 for none
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t retransmits = 0;    ///< segments
  std::uint64_t segments_sent = 0;  ///< with data
  Nanos connect_time = 0;           ///< connect() to established, or SYN to established
  Nanos rtt = 0;                    ///< smoothed
  Nanos min_rtt = 0;
  Nanos rto = 0;
  std::uint32_t congestion_window = 0;  ///< segments
  std::uint64_t receive_drops = 0;      ///< the socket's queue was full
  std::string_view verdict;             ///< how it ended or stands: model/verdict.h
};

/// A socket that waits for connections, or an unconnected UDP socket.
struct ListeningSocket {
  std::uint64_t id = 0;
  IpAddress address;
  std::uint16_t port = 0;
  std::uint8_t protocol = kProtoTcp;
  std::uint64_t netns = 0;
  ProcessPtr process;
  std::uint32_t backlog = 0;      ///< connections that wait for accept()
  std::uint32_t backlog_max = 0;  ///< what listen() asked for
  std::uint64_t receive_drops = 0;
  std::uint64_t bytes_sent = 0;  ///< of UDP, to and from peers that it did not connect to
  std::uint64_t bytes_received = 0;
  bool shared = false;  ///< several processes hold it; `process` is one of them
};

/// Counts by bucket: `counts[i]` values were at most `bounds[i]`, the last
/// one is for all above. Bounds are the histogram's, fixed at build time.
struct Histogram {
  std::vector<std::uint64_t> counts;
  Nanos sum = 0;
};
/// Bounds of all latency histograms: 50 us to 10 s.
inline constexpr std::array<Nanos, 17> kLatencyBounds{50 * kMicrosecond,   100 * kMicrosecond,
                                                      250 * kMicrosecond,  500 * kMicrosecond,
                                                      kMillisecond,        2500 * kMicrosecond,
                                                      5 * kMillisecond,    10 * kMillisecond,
                                                      25 * kMillisecond,   50 * kMillisecond,
                                                      100 * kMillisecond,  250 * kMillisecond,
                                                      500 * kMillisecond,  kSecond,
                                                      2500 * kMillisecond, 5 * kSecond,
                                                      10 * kSecond};

/// What the socket probe knows.
struct SocketReport {
  std::vector<Connection> connections;  ///< live, and those that ended a short while ago
  std::vector<ListeningSocket> listening;
  /// Sums since the start, also of what is gone: {protocol, role} to count.
  std::vector<std::pair<std::pair<std::string, std::string>, std::uint64_t>> connections_total;
  /// Payload by protocol: {protocol, {sent, received}}.
  std::vector<std::pair<std::string, std::pair<std::uint64_t, std::uint64_t>>> bytes;
  std::vector<std::pair<std::string, std::uint64_t>> events;    ///< by type
  std::vector<std::pair<std::string, std::uint64_t>> failures;  ///< connects, by errno's name
  std::vector<std::pair<std::string, std::uint64_t>> verdicts;  ///< of ended connections
  std::uint64_t retransmits_out = 0;  ///< segments that this node sent again
  Histogram rtt;                      ///< smoothed, of each connection when it ends or is swept
  Histogram handshake;
  /// The same by role: "client", "server", "unknown".
  std::vector<std::pair<std::string, Histogram>> rtt_by_role;
  std::vector<std::pair<std::string, Histogram>> handshake_by_role;
  std::uint64_t live = 0;  ///< connections that have not ended
  /// Ends of connections that began before the agent, and that no process had
  /// open then (one that nobody had accepted, or had closed): their bytes are of
  /// another time, so that nothing is lost.
  std::uint64_t ended_from_before = 0;
  std::uint64_t ended_not_kept = 0;  ///< ended ones that had to leave the list early
};

}  // namespace netprobe
