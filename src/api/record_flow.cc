// SPDX-License-Identifier: Apache-2.0
#include "api/record_flow.h"

#include "base/json_writer.h"
#include "model/flow_json.h"

namespace netprobe {
namespace {

void take(TcpSide& side, const TcpTrouble& trouble, std::uint8_t flags) {
  side.flags = flags;
  side.retransmits = trouble.retransmits;
  side.out_of_order = trouble.out_of_order;
  side.zero_windows = trouble.zero_windows;
  side.rsts = trouble.resets;
}

}  // namespace

Flow flow_of(const FlowRecord& record) {
  Flow flow;
  flow.id = record.flow_id;
  flow.tuple = record.tuple;
  flow.nat = record.nat;
  flow.translated = record.translated;
  flow.forward = record.forward;
  flow.reverse = record.reverse;
  flow.first_seen = record.first_seen * kMicrosecond;
  flow.last_seen = record.last_seen * kMicrosecond;
  take(flow.tcp_forward, record.client_trouble, record.tcp_flags);
  take(flow.tcp_reverse, record.server_trouble, record.reverse_tcp_flags);
  flow.handshake_rtt = record.handshake * kMicrosecond;
  flow.rtt = record.rtt * kMicrosecond;
  flow.icmp = record.icmp;
  flow.dscp = record.dscp;
  flow.vni = record.vni;
  flow.vlan = record.vlan;
  flow.ended = record.ended;
  if (!record.direction.empty()) flow.direction = record.direction;
  flow.verdict = record.verdict;
  flow.src_identity = record.src;
  flow.dst_identity = record.dst;
  flow.service = record.service;
  flow.client_process = record.src_process;
  flow.server_process = record.dst_process;
  return flow;
}

void append_record_json(std::string& out, const FlowRecord& record, std::string_view observer,
                        bool late) {
  append_json(out, flow_of(record));
  out.pop_back();  // the end of the object goes behind these
  out += ",\"observer\":";
  append_json_string(out, observer);
  if (late) out += ",\"late\":true";
  out += '}';
}

}  // namespace netprobe
