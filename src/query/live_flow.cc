// SPDX-License-Identifier: Apache-2.0
#include "query/live_flow.h"

#include "query/evaluate.h"

namespace netprobe {

using namespace parts;  // NOLINT: these functions are what it is about

FlowRecord record_of(const Flow& flow) {
  FlowRecord record;
  record.time = time_of(flow);
  record.tuple = flow.tuple;
  record.src = flow.src_identity;
  record.dst = flow.dst_identity;
  record.service = flow.service;
  record.src_process = flow.client_process;
  record.dst_process = flow.server_process;
  record.direction = flow.direction;
  record.verdict = flow.verdict;
  record.interface = interface_of(flow);
  record.flow_id = flow.id;
  record.first_seen = first_seen(flow);
  record.last_seen = last_seen(flow);
  record.translated = flow.translated;
  record.forward = flow.forward;
  record.reverse = flow.reverse;
  record.client_trouble = client_trouble(flow);
  record.server_trouble = server_trouble(flow);
  record.handshake = handshake_of(flow);
  record.rtt = rtt_of(flow);
  record.vni = flow.vni;
  record.vlan = flow.vlan;
  record.icmp = flow.icmp;
  record.tcp_flags = flags_of(flow);
  record.reverse_tcp_flags = reverse_flags_of(flow);
  record.dscp = flow.dscp;
  record.role = role_of(flow);
  record.nat = flow.nat;
  record.began = true;
  record.ended = flow.ended;
  return record;
}

}  // namespace netprobe
