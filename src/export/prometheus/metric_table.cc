// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/metric_table.h"

#include <array>

namespace netprobe {
namespace {

using enum Metric;
using enum MetricType;

constexpr std::array<MetricDescription, static_cast<std::size_t>(Metric::kCount)> kTable{{
    {kInterfaceRxPackets, "netprobe_interface_rx_packets_total", kCounter, "packets",
     "interface,role", "Wire packets that the ingress hook saw."},
    {kInterfaceTxPackets, "netprobe_interface_tx_packets_total", kCounter, "packets",
     "interface,role", "Wire packets that the egress hook saw."},
    {kInterfaceRxBytes, "netprobe_interface_rx_bytes_total", kCounter, "bytes", "interface,role",
     "Link-layer bytes that the ingress hook saw, without the frame check sequence."},
    {kInterfaceTxBytes, "netprobe_interface_tx_bytes_total", kCounter, "bytes", "interface,role",
     "Link-layer bytes that the egress hook saw, without the frame check sequence."},
    {kInterfaceRxPacketsRate, "netprobe_interface_rx_packets_rate", kGauge, "", "interface,role",
     "Wire packets in per second over the last collect interval."},
    {kInterfaceTxPacketsRate, "netprobe_interface_tx_packets_rate", kGauge, "", "interface,role",
     "Wire packets out per second over the last collect interval."},
    {kInterfaceRxBytesRate, "netprobe_interface_rx_bytes_rate", kGauge, "", "interface,role",
     "Link-layer bytes in per second over the last collect interval."},
    {kInterfaceTxBytesRate, "netprobe_interface_tx_bytes_rate", kGauge, "", "interface,role",
     "Link-layer bytes out per second over the last collect interval."},
    {kFlowPackets, "netprobe_flow_packets_total", kCounter, "packets", "interface,direction",
     "Wire packets that are counted in a flow."},
    {kUnattributedPackets, "netprobe_unattributed_packets_total", kCounter, "packets",
     "interface,direction,cause", "Wire packets that are in no flow of their own."},
    {kAccountingDifference, "netprobe_accounting_difference_packets", kGauge, "packets",
     "interface,direction",
     "Packets of the interface that are neither in a flow nor unattributed; 0 when all is told."},
    {kPacketsByClass, "netprobe_packets_by_class_total", kCounter, "", "class",
     "Packets by what the flow program made of them."},
    {kEventsLost, "netprobe_events_lost_total", kCounter, "", "stage,cause",
     "Records, events and packets that were not kept."},
    {kSeriesFolded, "netprobe_series_folded_total", kCounter, "", "label",
     "Label values whose series were folded into ~other because there were too many."},
    {kProbeInfo, "netprobe_probe_info", kGauge, "", "probe,rung,state",
     "Always 1: the rung of its ladder that a probe took, and its state."},
    {kProgramRunSeconds, "netprobe_program_run_seconds_total", kCounter, "seconds", "program",
     "Time that the kernel spent in a BPF program; 0 where kernel.bpf_stats_enabled is off."},
    {kProgramRuns, "netprobe_program_runs_total", kCounter, "", "program",
     "Runs of a BPF program; 0 where kernel.bpf_stats_enabled is off."},
    {kFlows, "netprobe_flows", kGauge, "", "", "Flows in the flow table."},
    {kFlowTableBegun, "netprobe_flow_table_begun_total", kCounter, "", "", "Flows that began."},
    {kFlowTableEnded, "netprobe_flow_table_ended_total", kCounter, "", "", "Flows that ended."},
    {kFlowTableEvicted, "netprobe_flow_table_evicted_total", kCounter, "", "",
     "Flows that were ended early because the table was full."},
    {kFlowTableRecords, "netprobe_flow_table_records_total", kCounter, "", "",
     "Records of the flow probe that were merged into flows."},
    {kFlowTableCapacity, "netprobe_flow_table_capacity", kGauge, "", "",
     "Flows that the table holds at most."},
    {kBuildInfo, "netprobe_build_info", kGauge, "", "version,kernel,node",
     "Always 1: the version of NetProbe, the kernel and the node it runs on."},
    {kProcessResidentMemory, "process_resident_memory_bytes", kGauge, "bytes", "",
     "Resident memory size of the agent in bytes."},
    {kProcessCpuSeconds, "process_cpu_seconds_total", kCounter, "seconds", "",
     "User and system CPU time of the agent in seconds."},
    {kProcessStartTime, "process_start_time_seconds", kGauge, "seconds", "",
     "Start time of the agent since the Unix epoch in seconds."},
    // [sockets]
    {kDrops, "netprobe_drops_total", kCounter, "", "reason,hook",
     "Wire packets that the kernel dropped, by the kernel's reason and the layer."},
    // [drops]
    {kNetfilterPackets, "netprobe_netfilter_packets_total", kCounter, "packets", "family,hook",
     "Wire packets that reached a netfilter hook point which is counted."},
    {kNetfilterBytes, "netprobe_netfilter_bytes_total", kCounter, "bytes", "family,hook",
     "IP bytes of these packets."},
    {kNetfilterDroppedPackets, "netprobe_netfilter_dropped_packets_total", kCounter, "packets",
     "family,hook", "Packets that went into a hook point and did not come out."},
    {kNetfilterRuleDroppedPackets, "netprobe_netfilter_rule_dropped_packets_total", kCounter,
     "packets", "family,table,chain",
     "Packets that counters of dropping rules and policies tell of; since the rules were loaded."},
    {kConntrackEntries, "netprobe_conntrack_entries", kGauge, "", "",
     "Connections in the connection table."},
    {kConntrackLimit, "netprobe_conntrack_limit", kGauge, "", "",
     "Connections that the table holds at most."},
    {kConntrackNatEntries, "netprobe_conntrack_nat_entries", kGauge, "", "",
     "Translated connections that are known."},
    {kConntrackInsertFailed, "netprobe_conntrack_insert_failed_total", kCounter, "", "",
     "Connections that could not be entered: another was there first."},
    {kConntrackDropped, "netprobe_conntrack_dropped_packets_total", kCounter, "packets", "",
     "Packets dropped because their connection could not be tracked."},
    {kConntrackEarlyDropped, "netprobe_conntrack_early_dropped_total", kCounter, "", "",
     "Connections that were forgotten early to make room."},
    // [netfilter]
    // [tunnels and XDP]
    // [losses]
    // [quality and bandwidth]
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i)
    if (static_cast<std::size_t>(kTable[i].id) != i) return false;
  return true;
}
static_assert(in_order(), "the table's rows stand in the order of enum Metric");

}  // namespace

std::string_view to_string(MetricType type) {
  return type == MetricType::kCounter ? "counter" : "gauge";
}

std::span<const MetricDescription> metric_table() { return kTable; }

const MetricDescription& describe(Metric metric) {
  return kTable[static_cast<std::size_t>(metric)];
}

}  // namespace netprobe
