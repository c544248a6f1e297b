// SPDX-License-Identifier: Apache-2.0
#include "analysis/history/history_records.h"

#include <algorithm>
#include <utility>

#include "model/workload_name.h"

namespace netprobe {
namespace {

bool is_known(const IdentityPtr& identity, const IpAddress& address) {
  // An address of the cluster is a private one.
  return identity || unnamed_end(address, address.is_private(), {}).known;
}

Flow flow_between(const RecordBase& record, Micros first, Micros last, std::string_view by_path) {
  Flow flow;
  flow.tuple = record.tuple;
  flow.first_seen = first * kMicrosecond;
  flow.last_seen = last * kMicrosecond;
  flow.client_process = record.src_process;
  flow.server_process = record.dst_process;
  flow.direction = by_path;
  return flow;
}

}  // namespace

FlowRecord record_of(Flow& flow, const FlowGrowth& growth, Nanos time, std::string_view interface) {
  FlowRecord record;
  record.time = to_micros(time);
  record.tuple = flow.tuple;
  record.src = std::move(flow.src_identity);
  record.dst = std::move(flow.dst_identity);
  record.service = std::move(flow.service);
  record.src_process = std::move(flow.client_process);
  record.dst_process = std::move(flow.server_process);
  record.direction = flow.direction;
  record.verdict = flow.verdict;
  record.interface = interface;
  record.flow_id = flow.id;
  record.first_seen = to_micros(flow.first_seen);
  record.last_seen = to_micros(flow.last_seen);
  if (flow.nat) record.translated = flow.translated;
  record.forward = growth.forward;
  record.reverse = growth.reverse;
  record.client_trouble = growth.client_trouble;
  record.server_trouble = growth.server_trouble;
  // Less than a microsecond is one: 0 means that none was seen.
  if (growth.handshake) record.handshake = std::max<Micros>(1, to_micros(flow.handshake_rtt));
  record.rtt = to_micros(flow.rtt);
  record.vni = flow.vni;
  record.vlan = flow.vlan;
  record.icmp = flow.icmp;
  record.tcp_flags = flow.tcp_forward.flags;
  record.reverse_tcp_flags = flow.tcp_reverse.flags;
  record.dscp = flow.dscp;
  record.role = growth.role;
  record.nat = flow.nat;
  record.began = growth.first;
  record.ended = growth.last;
  return record;
}

ConnectionEvent record_of(const Connection& connection, Nanos now) {
  Nanos ended = connection.closed != 0 ? connection.closed : connection.last_active;
  if (ended == 0) ended = now;
  ConnectionEvent record =
      connection_event(connection, connection.opened != 0 ? connection.opened : ended, ended);
  record.direction = direction_by_path(record);
  return record;
}

Flow flow_to_name(const FlowRecord& record, std::string_view by_path) {
  Flow flow = flow_between(record, record.first_seen, record.last_seen, by_path);
  flow.nat = record.nat;
  flow.translated = record.translated;
  return flow;
}

Flow flow_to_name(const ConnectionEvent& record, std::string_view by_path) {
  return flow_between(record, record.first_seen, record.time, by_path);
}

Flow flow_to_name(const DropEvent& record, std::string_view by_path) {
  return flow_between(record, record.time, record.time, by_path);
}

std::string_view direction_by_path(const ConnectionEvent& record) {
  const FlowTuple& tuple = record.tuple;
  if (tuple.src == tuple.dst || tuple.src.is_loopback() || tuple.dst.is_loopback())
    return "intra-node";
  return record.side == "server" ? "ingress" : "egress";
}

bool is_named(const Flow& flow) {
  if (!is_known(flow.src_identity, flow.tuple.src)) return false;
  // The backend of a service may yet be learned.
  if (!flow.dst_identity && flow.service) return false;
  return is_known(flow.dst_identity, flow.nat ? flow.translated.dst : flow.tuple.dst);
}

}  // namespace netprobe
