// SPDX-License-Identifier: Apache-2.0
#include "api/live_records.h"

#include "api/connections_query.h"
#include "api/names.h"

namespace netprobe {
namespace {

Micros micros(Nanos time) { return time / kMicrosecond; }

void set_names(RecordBase& record, const AddressNames& names, Nanos begin, Nanos end) {
  const Flow named = names.named(record.tuple, begin, end);
  record.src = named.src_identity;
  record.dst = named.dst_identity;
  record.service = named.service;
}

DropEvent event_of(const DropRecord& drop, const AddressNames& names) {
  DropEvent event;
  event.time = micros(drop.first_seen);
  // Names are those of what was in a tunnel: its outside is nodes.
  event.tuple = drop.inside ? drop.inside->tuple : drop.tuple;
  event.interface = drop.interface;
  event.reason = drop.reason;
  event.hook = drop.hook;
  event.location = drop.location;
  event.packets = drop.count;
  event.bytes = drop.bytes;
  event.netns = drop.netns;
  if (drop.has_tuple || drop.inside) set_names(event, names, drop.first_seen, drop.last_seen);
  return event;
}

/// src is the client, whoever's socket it is.
ConnectionEvent event_of(const Connection& c, const AddressNames& names, Nanos now) {
  ConnectionEvent event;
  const auto [begin, end] = life_of(c, now);
  const bool server = c.role == SocketRole::kServer;
  event.time = micros(end);
  event.tuple = c.tuple;
  if (server) {
    std::swap(event.tuple.src, event.tuple.dst);
    std::swap(event.tuple.src_port, event.tuple.dst_port);
  }
  (server ? event.dst_process : event.src_process) = c.process;
  set_names(event, names, begin, end);
  event.verdict = c.verdict;
  event.id = c.id;
  event.first_seen = micros(begin);
  event.netns = c.netns;
  event.side = to_string(c.role);
  if (c.error != 0) event.error = error_name(c.error);
  event.bytes_sent = c.bytes_sent;
  event.bytes_received = c.bytes_received;
  event.retransmits = c.retransmits;
  event.segments_sent = c.segments_sent;
  event.connect_time = micros(c.connect_time);
  event.rtt = micros(c.rtt);
  event.min_rtt = micros(c.min_rtt);
  return event;
}

}  // namespace

LiveRecords::LiveRecords(const Snapshot& snapshot, RecordKind kind) {
  const AddressNames names(snapshot);
  switch (kind) {
    case RecordKind::kFlow:
      for (const Flow& flow : snapshot.flows)
        add(kind, flows_.emplace_back(record_of(flow)), snapshot);
      return;
    case RecordKind::kDrop:
      for (const DropRecord& drop : snapshot.signals->drops.records)
        add(kind, drops_.emplace_back(event_of(drop, names)), snapshot);
      return;
    case RecordKind::kConnection:
      for (const Connection& connection : snapshot.signals->sockets.connections)
        if (connection.closed != 0)
          add(kind, connections_.emplace_back(event_of(connection, names, snapshot.taken_at)),
              snapshot);
      return;
    case RecordKind::kAlert:
      return;
  }
}

}  // namespace netprobe
