// SPDX-License-Identifier: Apache-2.0
#include "api/live_records.h"

#include "api/connections_query.h"
#include "api/names.h"

namespace netprobe {
namespace {

void set_names(RecordBase& record, const AddressNames& names, Nanos begin, Nanos end) {
  const Flow named = names.named(record.tuple, begin, end);
  record.src = named.src_identity;
  record.dst = named.dst_identity;
  record.service = named.service;
}

DropEvent event_of(const DropRecord& drop, const AddressNames& names) {
  DropEvent event = drop_event(drop, {drop.count, drop.bytes}, drop.first_seen);
  if (drop.has_tuple) set_names(event, names, drop.first_seen, drop.last_seen);
  return event;
}

ConnectionEvent event_of(const Connection& c, const AddressNames& names, Nanos now) {
  const auto [begin, end] = life_of(c, now);
  ConnectionEvent event = connection_event(c, begin, end);
  set_names(event, names, begin, end);
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
