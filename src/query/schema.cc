// SPDX-License-Identifier: Apache-2.0
#include "query/schema.h"

#include <array>
#include <vector>

namespace netprobe {
namespace {

using enum ColumnType;

// Names of pods and processes are words too: thousands of rows share them.
constexpr std::array kBase{
    TableColumn{"time", kI64},
    TableColumn{"node", kWord},
    TableColumn{"src_ip", kAddress},
    TableColumn{"dst_ip", kAddress},
    TableColumn{"src_port", kU16},
    TableColumn{"dst_port", kU16},
    TableColumn{"protocol", kU8},
    TableColumn{"src_kind", kWord},
    TableColumn{"dst_kind", kWord},
    TableColumn{"src_name", kWord},
    TableColumn{"dst_name", kWord},
    TableColumn{"src_namespace", kWord},
    TableColumn{"dst_namespace", kWord},
    TableColumn{"src_workload", kWord},
    TableColumn{"dst_workload", kWord},
    TableColumn{"src_workload_kind", kWord},
    TableColumn{"dst_workload_kind", kWord},
    TableColumn{"src_node", kWord},
    TableColumn{"dst_node", kWord},
    TableColumn{"src_zone", kWord},
    TableColumn{"dst_zone", kWord},
    TableColumn{"src_labels", kWord},
    TableColumn{"dst_labels", kWord},
    TableColumn{"src_process", kWord},
    TableColumn{"dst_process", kWord},
    TableColumn{"src_pid", kU32},
    TableColumn{"dst_pid", kU32},
    TableColumn{"service", kWord},
    TableColumn{"service_namespace", kWord},
    TableColumn{"direction", kWord},
    TableColumn{"verdict", kWord},
    TableColumn{"interface", kWord},
};

constexpr std::array kFlowColumns{
    TableColumn{"role", kWord},
    TableColumn{"vni", kU32},
    TableColumn{"vlan", kU16},
    TableColumn{"dscp", kU8},
    TableColumn{"icmp", kU16},
    TableColumn{"tcp_flags", kU8},
    TableColumn{"reverse_tcp_flags", kU8},
    TableColumn{"nat", kU8},
    TableColumn{"translated_src_ip", kAddress},
    TableColumn{"translated_dst_ip", kAddress},
    TableColumn{"translated_src_port", kU16},
    TableColumn{"translated_dst_port", kU16},
    TableColumn{"flow_id", kU64},
    TableColumn{"first_seen", kI64},
    TableColumn{"last_seen", kI64},
    TableColumn{"packets", kU64},
    TableColumn{"bytes", kU64},
    TableColumn{"reverse_packets", kU64},
    TableColumn{"reverse_bytes", kU64},
    TableColumn{"retransmits", kU64},
    TableColumn{"reverse_retransmits", kU64},
    TableColumn{"resets", kU64},
    TableColumn{"reverse_resets", kU64},
    TableColumn{"out_of_order", kU64},
    TableColumn{"zero_windows", kU64},
    TableColumn{"handshake", kI64},
    TableColumn{"rtt", kI64},
    TableColumn{"flows", kU8},
    TableColumn{"connections", kU8},
    TableColumn{"ended", kU8},
};

constexpr std::array kDropColumns{
    TableColumn{"drop_reason", kWord},   TableColumn{"drop_hook", kWord},
    TableColumn{"drop_location", kWord}, TableColumn{"netns", kU64},
    TableColumn{"packets", kU64},        TableColumn{"bytes", kU64},
};

constexpr std::array kConnectionColumns{
    TableColumn{"connection_id", kU64},
    TableColumn{"first_seen", kI64},
    TableColumn{"netns", kU64},
    TableColumn{"side", kWord},
    TableColumn{"error", kWord},
    TableColumn{"bytes_sent", kU64},
    TableColumn{"bytes_received", kU64},
    TableColumn{"retransmits", kU64},
    TableColumn{"segments_sent", kU64},
    TableColumn{"connect_time", kI64},
    TableColumn{"rtt", kI64},
    TableColumn{"min_rtt", kI64},
};

constexpr std::array kAlertColumns{
    TableColumn{"alert_id", kText},       TableColumn{"alert_kind", kWord},
    TableColumn{"alert_severity", kWord}, TableColumn{"alert_technique", kWord},
    TableColumn{"alert_summary", kText},  TableColumn{"alert_evidence", kText},
    TableColumn{"alert_count", kU64},     TableColumn{"first_seen", kI64},
    TableColumn{"last_seen", kI64},
};

constexpr std::array kRollup{
    TableColumn{"time", kI64},
    TableColumn{"node", kWord},
    TableColumn{"protocol", kU8},
    TableColumn{"src_kind", kWord},
    TableColumn{"dst_kind", kWord},
    TableColumn{"src_namespace", kWord},
    TableColumn{"dst_namespace", kWord},
    TableColumn{"src_workload", kWord},
    TableColumn{"dst_workload", kWord},
    TableColumn{"src_workload_kind", kWord},
    TableColumn{"dst_workload_kind", kWord},
    TableColumn{"src_node", kWord},
    TableColumn{"dst_node", kWord},
    TableColumn{"src_zone", kWord},
    TableColumn{"dst_zone", kWord},
    TableColumn{"service", kWord},
    TableColumn{"service_namespace", kWord},
    TableColumn{"direction", kWord},
    TableColumn{"vni", kU32},
    // Sums.
    TableColumn{"packets", kU64},
    TableColumn{"bytes", kU64},
    TableColumn{"reverse_packets", kU64},
    TableColumn{"reverse_bytes", kU64},
    TableColumn{"retransmits", kU64},
    TableColumn{"reverse_retransmits", kU64},
    TableColumn{"resets", kU64},
    TableColumn{"reverse_resets", kU64},
    TableColumn{"out_of_order", kU64},
    TableColumn{"zero_windows", kU64},
    TableColumn{"flows", kU64},
    TableColumn{"connections", kU64},
    TableColumn{"ended", kU64},
    TableColumn{"records", kU64},  // rows of flows
    // Times of those rows that have one, and how many these are.
    TableColumn{"handshake_sum", kI64},
    TableColumn{"handshake_count", kU64},
    TableColumn{"handshake_max", kI64},
    TableColumn{"rtt_sum", kI64},
    TableColumn{"rtt_count", kU64},
    TableColumn{"rtt_max", kI64},
};
constexpr std::size_t kRollupKeys = 19;
static_assert(kRollup[kRollupKeys].name == "packets");

template <typename More>
std::vector<TableColumn> with_base(const More& more) {
  std::vector<TableColumn> all(kBase.begin(), kBase.end());
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

std::span<const TableColumn> table_columns(RecordKind kind) {
  static const std::array<std::vector<TableColumn>, kRecordKinds> kTables{
      with_base(kFlowColumns), with_base(kDropColumns), with_base(kConnectionColumns),
      with_base(kAlertColumns)};
  return kTables.at(static_cast<std::size_t>(kind));
}

std::span<const TableColumn> rollup_columns() { return kRollup; }

std::size_t rollup_keys() { return kRollupKeys; }

std::string_view table_name(RecordKind kind, Tier tier) {
  if (kind == RecordKind::kFlow && tier == Tier::kMinute) return "flows_1m";
  if (kind == RecordKind::kFlow && tier == Tier::kHour) return "flows_1h";
  return to_string(kind);
}

}  // namespace netprobe
