// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/connection.h"
#include "model/drop.h"
#include "model/flow.h"
#include "model/identity.h"
#include "model/process.h"
#include "model/quality.h"

namespace netprobe {

/// Microseconds: what history keeps of times (wall clock, since the epoch) and
/// of durations. Rounded down from Nanos once, when a record is made, so that
/// every engine compares the same numbers.
using Micros = std::int64_t;
[[nodiscard]] constexpr Micros to_micros(Nanos time) { return time / kMicrosecond; }

/// What history keeps. Each is a table of its own in every engine.
enum class RecordKind : std::uint8_t { kFlow, kDrop, kConnection, kAlert };
inline constexpr std::size_t kRecordKinds = 4;
/// "flows", "drops", "connections", "alerts".
[[nodiscard]] std::string_view to_string(RecordKind kind);

/// What all records have: between whom, where and when. Unknown: a null pointer,
/// an empty text, 0.
struct RecordBase {
  Micros time = 0;  ///< wall: when what the record holds began; what it is sorted and kept by
  FlowTuple tuple;  ///< src is the side that began it; unset where there is no IP packet
  IdentityPtr src;
  IdentityPtr dst;
  IdentityPtr service;
  ProcessPtr src_process;
  ProcessPtr dst_process;
  std::string_view direction;  ///< intra-node, …; static storage
  std::string_view verdict;    ///< model/verdict.h; static storage
  std::string interface;       ///< of the nearest point, or where it was dropped
};

/// How many records of flows a sum of them stands for (outbox/workload_fold.h), and what
/// these counted. All 0: it is no sum, but one record.
struct FoldedCounts {
  std::uint32_t records = 0;
  std::uint32_t flows = 0;        ///< that began
  std::uint32_t connections = 0;  ///< that were set up
  std::uint32_t ended = 0;
};

/// What one flow gained in a stretch of time that begins and ends in the same
/// minute of the wall clock (a second's work over it at most). The sum over a
/// flow's records is what the flow had.
struct FlowRecord : RecordBase {
  std::uint64_t flow_id = 0;  ///< unique with the node and first_seen
  Micros first_seen = 0;      ///< of the flow
  Micros last_seen = 0;       ///< newest packet so far
  FlowTuple translated;       ///< unset unless `nat`
  Counters forward;           ///< gained, src to dst
  Counters reverse;
  TcpTrouble client_trouble;  ///< gained
  TcpTrouble server_trouble;
  Micros handshake = 0;  ///< in the one record in which it was first known
  Micros rtt = 0;        ///< smoothed, as it stands; 0 not known
  std::uint32_t vni = 0;
  std::uint16_t vlan = kNoVlan;
  std::uint16_t icmp = 0;      ///< type << 8 | code
  std::uint8_t tcp_flags = 0;  ///< all seen so far, src to dst
  std::uint8_t reverse_tcp_flags = 0;
  std::uint8_t dscp = 0;
  Role role = Role::kHost;  ///< of the nearest point
  bool nat = false;
  bool began = false;  ///< the flow's first record
  bool ended = false;  ///< its last
  FoldedCounts folded;
};

/// Packets of one flow that the kernel dropped at one place, for one reason, in
/// one minute at most.
struct DropEvent : RecordBase {
  std::string reason;
  std::string hook;
  std::string location;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t netns = 0;
};

/// A connection that ended, or one that failed. src is the client.
struct ConnectionEvent : RecordBase {
  std::uint64_t id = 0;   ///< socket cookie
  Micros first_seen = 0;  ///< when it was opened; `time` is when it ended
  std::uint64_t netns = 0;
  std::string_view side;  ///< of this node's socket: "client", "server", "unknown"
  std::string error;      ///< errno's name; empty for none
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t retransmits = 0;
  std::uint64_t segments_sent = 0;
  Micros connect_time = 0;
  Micros rtt = 0;
  Micros min_rtt = 0;
};

/// The record of a connection, the client as src; nobody is named yet. Wall
/// times: a socket does not always know when it was opened.
[[nodiscard]] ConnectionEvent connection_event(const Connection& connection, Nanos opened,
                                               Nanos ended);
/// The record of some of these drops. src is who sent the packets; of a tunnel's
/// packet, those inside are meant, as its outside is nodes. `time`: when they began.
[[nodiscard]] DropEvent drop_event(const DropRecord& drops, const Counters& dropped, Nanos time);

/// Why an alert is told.
enum class AlertChange : std::uint8_t { kOpened, kWorse, kOngoing, kResolved };
/// "opened", "worse", "ongoing", "resolved".
[[nodiscard]] std::string_view to_string(AlertChange change);

/// Something that a detector found. `time` is when it was told.
struct AlertEvent : RecordBase {
  std::string id;  ///< of the alert; it may be told again as it goes on
  std::string kind;
  std::string severity;   ///< info, low, medium, high, critical
  std::string technique;  ///< MITRE ATT&CK: "T1046"
  std::string summary;
  std::string evidence;  ///< JSON
  std::uint64_t count = 0;
  Micros first_seen = 0;
  Micros last_seen = 0;
  // What stores have as a part of `evidence` alone: set where it was made, for exporters
  // that tell people.
  AlertChange change = AlertChange::kOngoing;
  std::string key;          ///< what makes it the same alert, beside kind and node
  std::string source_text;  ///< in place of an address: FindingEnd::text
  std::string target_text;
  Micros opened = 0;    ///< when it was first told
  Micros resolved = 0;  ///< 0: it goes on
  double value = 0;     ///< what was measured, of `unit`
  double threshold = 0;
  std::string_view unit;  ///< static storage
};

/// What is written together: all of it or nothing.
struct HistoryBatch {
  /// Unique for all time and all nodes: "node/start of the agent/number".
  std::string id;
  std::string node;  ///< whose records they are
  std::vector<FlowRecord> flows;
  std::vector<DropEvent> drops;
  std::vector<ConnectionEvent> connections;
  std::vector<AlertEvent> alerts;

  [[nodiscard]] std::size_t size() const {
    return flows.size() + drops.size() + connections.size() + alerts.size();
  }
};
using HistoryBatchPtr = std::shared_ptr<const HistoryBatch>;

}  // namespace netprobe
