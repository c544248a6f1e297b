// SPDX-License-Identifier: Apache-2.0
#include "model/history.h"

namespace netprobe {

ConnectionEvent connection_event(const Connection& connection, Nanos opened, Nanos ended) {
  ConnectionEvent event;
  const bool server = connection.role == SocketRole::kServer;
  event.time = to_micros(ended);
  event.tuple = server ? connection.tuple.reversed() : connection.tuple;
  (server ? event.dst_process : event.src_process) = connection.process;
  event.verdict = connection.verdict;
  event.id = connection.id;
  event.first_seen = to_micros(opened);
  event.netns = connection.netns;
  event.side = to_string(connection.role);
  if (connection.error != 0) event.error = error_name(connection.error);
  event.bytes_sent = connection.bytes_sent;
  event.bytes_received = connection.bytes_received;
  event.retransmits = connection.retransmits;
  event.segments_sent = connection.segments_sent;
  event.connect_time = to_micros(connection.connect_time);
  event.rtt = to_micros(connection.rtt);
  event.min_rtt = to_micros(connection.min_rtt);
  return event;
}

DropEvent drop_event(const DropRecord& drops, const Counters& dropped, Nanos time) {
  DropEvent event;
  event.time = to_micros(time);
  if (drops.has_tuple) event.tuple = drops.inside ? drops.inside->tuple : drops.tuple;
  event.interface = drops.interface;
  event.reason = drops.reason;
  event.hook = drops.hook;
  event.location = drops.location;
  event.packets = dropped.packets;
  event.bytes = dropped.bytes;
  event.netns = drops.netns;
  return event;
}

}  // namespace netprobe
