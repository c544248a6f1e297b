// SPDX-License-Identifier: Apache-2.0
#include "model/dns.h"

namespace netprobe {

EvidenceFlow evidence_of(const DnsMessage& message) {
  EvidenceFlow flow;
  flow.time = message.time;
  flow.tuple.src = message.client;
  flow.tuple.dst = message.server;
  flow.tuple.src_port = message.client_port;
  flow.tuple.dst_port = 53;
  flow.tuple.protocol = kProtoUdp;
  flow.packets = 1;
  flow.bytes = message.bytes;
  return flow;
}

}  // namespace netprobe
