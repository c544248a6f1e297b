// SPDX-License-Identifier: Apache-2.0
#include "model/finding.h"

#include <algorithm>

namespace netprobe {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kLow:
      return "low";
    case Severity::kMedium:
      return "medium";
    case Severity::kHigh:
      return "high";
    case Severity::kCritical:
      return "critical";
  }
  return "info";
}

EvidenceFlow evidence_of(const FlowRecord& record) {
  return {.time = std::max(record.last_seen, record.time),
          .tuple = record.tuple,
          .flow_id = record.flow_id,
          .packets = record.forward.packets + record.reverse.packets,
          .bytes = record.forward.bytes + record.reverse.bytes,
          .tcp_flags = record.tcp_flags};
}

void add_evidence(std::vector<EvidenceFlow>& evidence, const EvidenceFlow& flow, std::size_t most) {
  if (evidence.size() >= most) evidence.erase(evidence.begin());
  evidence.push_back(flow);
}

FindingEnd src_of(const RecordBase& record) {
  return {.address = record.tuple.src,
          .identity = record.src,
          .process = record.src_process,
          .port = record.tuple.src_port,
          .text = {}};
}

FindingEnd dst_of(const RecordBase& record) {
  return {.address = record.tuple.dst,
          .identity = record.dst,
          .process = record.dst_process,
          .port = record.tuple.dst_port,
          .text = {}};
}

std::string name_of(const FindingEnd& end) {
  std::string plain = end.text;
  if (plain.empty() && !end.address.is_unspecified()) plain = end.address.to_string();
  if (!end.identity) return plain.empty() ? "many" : plain;
  std::string name = std::string(to_string(end.identity->kind)) + ' ' + end.identity->full_name();
  return plain.empty() ? name : name + " (" + plain + ')';
}

}  // namespace netprobe
