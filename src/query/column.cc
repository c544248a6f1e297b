// SPDX-License-Identifier: Apache-2.0
#include "query/column.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "model/connection.h"

namespace netprobe {
namespace {

using enum RollupUse;

struct Entry {
  FieldId id{};
  std::string_view column;
  RollupUse rollup = kNothing;
};

// In the order of FieldId. A computed field has the column that it is made from.
constexpr std::array kEntries{
    Entry{FieldId::kTime, "time"},  // buckets know their start only
    Entry{FieldId::kNode, "node", kKey},
    Entry{FieldId::kSrcIp, "src_ip"},
    Entry{FieldId::kDstIp, "dst_ip"},
    Entry{FieldId::kSrcPort, "src_port"},
    Entry{FieldId::kDstPort, "dst_port"},
    Entry{FieldId::kProtocol, "protocol", kKey},
    Entry{FieldId::kSrcKind, "src_kind", kKey},
    Entry{FieldId::kDstKind, "dst_kind", kKey},
    Entry{FieldId::kSrcName, "src_name"},
    Entry{FieldId::kDstName, "dst_name"},
    Entry{FieldId::kSrcPod, "src_name"},
    Entry{FieldId::kDstPod, "dst_name"},
    Entry{FieldId::kSrcNamespace, "src_namespace", kKey},
    Entry{FieldId::kDstNamespace, "dst_namespace", kKey},
    Entry{FieldId::kSrcWorkload, "src_workload", kKey},
    Entry{FieldId::kDstWorkload, "dst_workload", kKey},
    Entry{FieldId::kSrcWorkloadKind, "src_workload_kind", kKey},
    Entry{FieldId::kDstWorkloadKind, "dst_workload_kind", kKey},
    Entry{FieldId::kSrcNode, "src_node", kKey},
    Entry{FieldId::kDstNode, "dst_node", kKey},
    Entry{FieldId::kSrcZone, "src_zone", kKey},
    Entry{FieldId::kDstZone, "dst_zone", kKey},
    Entry{FieldId::kSrcLabel, "src_labels"},
    Entry{FieldId::kDstLabel, "dst_labels"},
    Entry{FieldId::kSrcProcess, "src_process"},
    Entry{FieldId::kDstProcess, "dst_process"},
    Entry{FieldId::kSrcPid, "src_pid"},
    Entry{FieldId::kDstPid, "dst_pid"},
    Entry{FieldId::kService, "service", kKey},
    Entry{FieldId::kServiceNamespace, "service_namespace", kKey},
    Entry{FieldId::kDirection, "direction", kKey},
    Entry{FieldId::kVerdict, "verdict"},
    Entry{FieldId::kInterface, "interface"},
    Entry{FieldId::kReporter, "node", kKey},
    Entry{FieldId::kRole, "role"},
    Entry{FieldId::kVni, "vni", kKey},
    Entry{FieldId::kVlan, "vlan"},
    Entry{FieldId::kDscp, "dscp"},
    Entry{FieldId::kIcmpType, "icmp"},
    Entry{FieldId::kIcmpCode, "icmp"},
    Entry{FieldId::kTcpFlags, "tcp_flags"},
    Entry{FieldId::kReverseTcpFlags, "reverse_tcp_flags"},
    Entry{FieldId::kNat, "nat"},
    Entry{FieldId::kTranslatedSrcIp, "translated_src_ip"},
    Entry{FieldId::kTranslatedDstIp, "translated_dst_ip"},
    Entry{FieldId::kTranslatedSrcPort, "translated_src_port"},
    Entry{FieldId::kTranslatedDstPort, "translated_dst_port"},
    Entry{FieldId::kFlowId, "flow_id"},
    Entry{FieldId::kFirstSeen, "first_seen"},
    Entry{FieldId::kLastSeen, "last_seen"},
    Entry{FieldId::kDuration, "first_seen"},
    Entry{FieldId::kPackets, "packets", kSum},
    Entry{FieldId::kBytes, "bytes", kSum},
    Entry{FieldId::kReversePackets, "reverse_packets", kSum},
    Entry{FieldId::kReverseBytes, "reverse_bytes", kSum},
    Entry{FieldId::kTotalPackets, "packets", kSum},
    Entry{FieldId::kTotalBytes, "bytes", kSum},
    Entry{FieldId::kRetransmits, "retransmits", kSum},
    Entry{FieldId::kReverseRetransmits, "reverse_retransmits", kSum},
    Entry{FieldId::kResets, "resets", kSum},
    Entry{FieldId::kReverseResets, "reverse_resets", kSum},
    Entry{FieldId::kOutOfOrder, "out_of_order", kSum},
    Entry{FieldId::kZeroWindows, "zero_windows", kSum},
    Entry{FieldId::kHandshake, "handshake", kSpread},
    Entry{FieldId::kRtt, "rtt", kSpread},
    Entry{FieldId::kFlows, "flows", kSum},
    Entry{FieldId::kConnections, "connections", kSum},
    Entry{FieldId::kEnded, "ended", kSum},
    Entry{FieldId::kRecords, "flow_id"},
    Entry{FieldId::kDropReason, "drop_reason"},
    Entry{FieldId::kDropHook, "drop_hook"},
    Entry{FieldId::kDropLocation, "drop_location"},
    Entry{FieldId::kNetns, "netns"},
    Entry{FieldId::kSide, "side"},
    Entry{FieldId::kError, "error"},
    Entry{FieldId::kBytesSent, "bytes_sent"},
    Entry{FieldId::kBytesReceived, "bytes_received"},
    Entry{FieldId::kSegmentsSent, "segments_sent"},
    Entry{FieldId::kConnectTime, "connect_time"},
    Entry{FieldId::kMinRtt, "min_rtt"},
    Entry{FieldId::kConnectionId, "connection_id"},
    Entry{FieldId::kAlertId, "alert_id"},
    Entry{FieldId::kAlertKind, "alert_kind"},
    Entry{FieldId::kAlertSeverity, "alert_severity"},
    Entry{FieldId::kAlertTechnique, "alert_technique"},
    Entry{FieldId::kAlertSummary, "alert_summary"},
    Entry{FieldId::kAlertEvidence, "alert_evidence"},
    Entry{FieldId::kAlertCount, "alert_count"},
};
static_assert(kEntries.size() == static_cast<std::size_t>(FieldId::kCount_));
constexpr bool in_order() {
  for (std::size_t i = 0; i < kEntries.size(); ++i)
    if (kEntries[i].id != static_cast<FieldId>(i)) return false;
  return true;
}
static_assert(in_order());

const Entry& entry(FieldId id) { return kEntries.at(static_cast<std::size_t>(id)); }

std::vector<FieldRef> refs(std::initializer_list<FieldId> ids) {
  std::vector<FieldRef> all;
  for (const FieldId id : ids) all.push_back({id, {}});
  return all;
}

std::vector<FieldRef> with_ends(std::initializer_list<FieldId> more) {
  using enum FieldId;
  auto all = refs({kTime, kNode, kProtocol, kSrcIp, kSrcPort, kDstIp, kDstPort, kSrcNamespace,
                   kSrcName, kDstNamespace, kDstName});
  const auto own = refs(more);
  all.insert(all.end(), own.begin(), own.end());
  return all;
}

constexpr auto kDurationBounds = [] {
  std::array<Micros, kLatencyBounds.size()> bounds{};
  for (std::size_t i = 0; i < bounds.size(); ++i) bounds[i] = kLatencyBounds[i] / kMicrosecond;
  return bounds;
}();

}  // namespace

ValueClass class_of(FieldType type) {
  switch (type) {
    case FieldType::kTime:
    case FieldType::kDuration:
      return ValueClass::kSigned;
    case FieldType::kCount:
    case FieldType::kNumber:
    case FieldType::kProtocol:
    case FieldType::kFlags:
    case FieldType::kBool:
      return ValueClass::kUnsigned;
    case FieldType::kAddress:
      return ValueClass::kAddress;
    case FieldType::kText:
    case FieldType::kWord:
    case FieldType::kLabel:
      break;
  }
  return ValueClass::kText;
}

std::optional<std::uint64_t> none_number(FieldId id) {
  switch (field(id).type) {
    case FieldType::kTime:
    case FieldType::kDuration:
    case FieldType::kProtocol:
    case FieldType::kFlags:
      return 0;
    case FieldType::kNumber:
      return field(id).none;
    default:
      return std::nullopt;
  }
}

RollupUse rollup_use(FieldId id) { return entry(id).rollup; }

std::string_view column_of(FieldId id) { return entry(id).column; }

std::span<const FieldRef> usual_fields(RecordKind kind) {
  using enum FieldId;
  static const std::array<std::vector<FieldRef>, kRecordKinds> kUsual{
      with_ends({kService, kDirection, kVerdict, kInterface, kPackets, kBytes, kReversePackets,
                 kReverseBytes, kRtt, FieldId::kDuration}),
      with_ends({kDropReason, kDropHook, kDropLocation, kInterface, kPackets, kBytes}),
      with_ends({kSrcProcess, kDstProcess, kSide, kVerdict, kError, FieldId::kDuration, kBytesSent,
                 kBytesReceived, kRetransmits, kConnectTime, kRtt}),
      with_ends({kAlertId, kAlertKind, kAlertSeverity, kAlertTechnique, kAlertSummary, kAlertCount,
                 kFirstSeen, kLastSeen})};
  return kUsual.at(static_cast<std::size_t>(kind));
}

Column column_for(const FieldRef& ref) {
  return {.name = field_name(ref), .type = field(ref.id).type, .is_real = false};
}

Column column_for(const Aggregate& aggregate) {
  Column column{.name = aggregate.name, .type = FieldType::kCount, .is_real = false};
  switch (aggregate.op) {
    case AggregateOp::kCount:
    case AggregateOp::kDistinct:
      return column;
    case AggregateOp::kAvg:
    case AggregateOp::kRate:
      column.is_real = true;
      break;
    default:
      break;
  }
  column.type = field(aggregate.field.id).type;
  return column;
}

std::vector<Column> answer_columns(const Query& query) {
  std::vector<Column> columns;
  if (!query.is_aggregate()) {
    const auto shown = query.select.empty() ? usual_fields(query.kind) : std::span(query.select);
    for (const FieldRef& ref : shown) columns.push_back(column_for(ref));
    return columns;
  }
  if (query.every) columns.push_back({.name = "time", .type = FieldType::kTime});
  if (query.histogram) columns.push_back({.name = "le", .type = field(query.histogram->id).type});
  for (const FieldRef& ref : query.by) columns.push_back(column_for(ref));
  for (const Aggregate& aggregate : query.aggregates) columns.push_back(column_for(aggregate));
  return columns;
}

std::optional<FieldRef> record_field(RecordKind kind, std::string_view column) {
  for (const Field& field : fields()) {
    if (!field.of(kind) || !column.starts_with(field.name)) continue;
    if (field.type != FieldType::kLabel) {
      if (column.size() == field.name.size()) return FieldRef{field.id, {}};
    } else if (column.size() > field.name.size() + 1 && column[field.name.size()] == '.') {
      return FieldRef{field.id, std::string(column.substr(field.name.size() + 1))};
    }
  }
  return std::nullopt;
}

std::span<const Micros> histogram_bounds() { return kDurationBounds; }

Fraction fraction_of(double share) {
  constexpr std::uint64_t kWhole = 1'000'000'000'000'000;
  Fraction fraction{
      static_cast<std::uint64_t>(std::llround(std::clamp(share, 0.0, 1.0) * double{kWhole})),
      kWhole};
  while (fraction.whole > 1 && fraction.part % 10 == 0) {
    fraction.part /= 10;
    fraction.whole /= 10;
  }
  return fraction;
}

}  // namespace netprobe
