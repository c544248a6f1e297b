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
    {kSocketConnections, "netprobe_socket_connections_total", kCounter, "", "protocol,role",
     "TCP connections that were established and UDP flows that began."},
    {kSocketBytesSent, "netprobe_socket_bytes_sent_total", kCounter, "", "protocol",
     "Payload bytes that programs wrote to sockets."},
    {kSocketBytesRecv, "netprobe_socket_bytes_recv_total", kCounter, "", "protocol",
     "Payload bytes that programs read from sockets."},
    {kSocketEvents, "netprobe_socket_events_total", kCounter, "", "type",
     "What happened to sockets: connect, accept, close; UDP send and recv."},
    {kSocketConnectFailures, "netprobe_socket_connect_failures_total", kCounter, "", "error",
     "TCP connects that failed, by errno; none: given up by their own program."},
    {kSocketEnded, "netprobe_socket_connections_ended_total", kCounter, "", "verdict",
     "TCP connections that ended, by how."},
    {kSocketLive, "netprobe_socket_connections_live", kGauge, "", "",
     "Connections and UDP flows that have not ended."},
    {kSocketListening, "netprobe_socket_listening", kGauge, "", "",
     "Sockets that wait for connections or datagrams."},
    {kTcpRetransmits, "netprobe_tcp_retransmits_total", kCounter, "", "direction",
     "TCP segments that were sent again."},
    {kTcpRtt, "netprobe_tcp_rtt_seconds", kHistogram, "seconds", "role",
     "Smoothed round-trip times: of each connection at its end, and of busy ones once an "
     "interval."},
    {kTcpHandshake, "netprobe_tcp_handshake_seconds", kHistogram, "seconds", "role",
     "Time from SYN to established (client), from SYN-ACK to its ACK (server)."},
    {kDrops, "netprobe_drops_total", kCounter, "", "reason,hook",
     "Wire packets that the kernel dropped, by the kernel's reason and the layer."},
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
    {kVxlanPackets, "netprobe_vxlan_packets_total", kCounter, "packets", "tunnel,vni,direction",
     "Packets of tunnels of any kind by what they carry; each once."},
    {kVxlanBytes, "netprobe_vxlan_bytes_total", kCounter, "bytes", "tunnel,vni,direction",
     "IP bytes of those, of the outer packets."},
    {kVxlanTunnelsActive, "netprobe_vxlan_tunnels_active", kGauge, "", "",
     "Pairs of tunnel endpoints and VNI seen within a minute, both directions as one."},
    {kVxlanTunnelsNew, "netprobe_vxlan_tunnels_new_total", kCounter, "", "",
     "Such pairs that began."},
    {kVxlanVniStats, "netprobe_vxlan_vni_stats", kCounter, "", "tunnel,vni,kind",
     "Packets and bytes of a VNI, both directions; kind is packets or bytes."},
    {kTunnelMtuExcess, "netprobe_tunnel_mtu_excess_bytes", kGauge, "bytes", "interface,underlay",
     "By how much the largest packets of a tunnel device are larger than its underlay takes."},
    {kPathMtuErrors, "netprobe_path_mtu_errors_total", kCounter, "", "",
     "Packets of flows that were too big for their way, as ICMP told."},
    {kXdpPackets, "netprobe_xdp_packets_total", kCounter, "packets", "interface,mode",
     "Frames that the XDP hook saw."},
    {kXdpBytes, "netprobe_xdp_bytes_total", kCounter, "bytes", "interface,mode",
     "Link-layer bytes of those, without the frame check sequence."},
    {kXdpDropped, "netprobe_xdp_dropped_packets_total", kCounter, "packets", "interface,mode",
     "Frames that the XDP hook dropped: none, unless mitigation is on."},
    {kLossPackets, "netprobe_loss_packets_total", kCounter, "", "from,to",
     "Packets that passed one observation point and were lost before the next, by role."},
    {kLossFlowsFollowed, "netprobe_loss_flows_followed", kGauge, "", "",
     "Flows whose points do not agree, now or once, and that are watched for losses."},
    {kFlowVerdicts, "netprobe_flow_verdicts_total", kCounter, "", "protocol,verdict",
     "TCP and UDP flows that ended, by how: each is counted once, when it leaves the flow table."},
    {kTcpResets, "netprobe_tcp_resets_total", kCounter, "", "direction",
     "TCP resets of flows, at the point nearest the pod edge."},
    {kTcpFlowRetransmits, "netprobe_tcp_flow_retransmits_total", kCounter, "", "direction",
     "TCP segments that flows sent again, as packets show it, at the point nearest the pod edge."},
    {kTcpFlowOutOfOrder, "netprobe_tcp_flow_out_of_order_total", kCounter, "", "direction",
     "TCP segments that came late and filled a hole, at the point nearest the pod edge."},
    {kTcpFlowZeroWindows, "netprobe_tcp_flow_zero_windows_total", kCounter, "", "direction",
     "TCP segments that announced a window of 0, at the point nearest the pod edge."},
    {kTcpHandshakeWire, "netprobe_tcp_handshake_wire_seconds", kHistogram, "seconds", "role",
     "SYN to the ACK that completes the handshake, as seen at the point nearest the pod edge."},
    {kInterfaceSpeed, "netprobe_interface_speed_bytes", kGauge, "bytes", "interface",
     "Speed of the link in bytes per second, where it has one."},
    {kInterfaceUtilisation, "netprobe_interface_utilisation_ratio", kGauge, "ratio",
     "interface,direction",
     "Link-layer bytes over the last collect interval against the link's speed, where it has one."},
    {kInterfacePeak, "netprobe_interface_peak_bytes_rate", kGauge, "", "interface,direction,window",
     "Most link-layer bytes per second over a window within the last collect interval."},
    {kInterfaceMicrobursts, "netprobe_interface_microbursts_total", kCounter, "",
     "interface,direction",
     "Times that a link was nearly full for moments in a second in which it was mostly idle."},
    {kInterfaceUnmeasured, "netprobe_interface_unmeasured_windows_total", kCounter, "",
     "interface,direction",
     "Windows whose rate is not known because samples came too late: a peak may be missed."},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i)
    if (static_cast<std::size_t>(kTable[i].id) != i) return false;
  return true;
}
static_assert(in_order(), "the table's rows stand in the order of enum Metric");

}  // namespace

std::string_view to_string(MetricType type) {
  switch (type) {
    case kCounter:
      return "counter";
    case kGauge:
      return "gauge";
    case kHistogram:
      return "histogram";
  }
  return "unknown";
}

std::span<const MetricDescription> metric_table() { return kTable; }

const MetricDescription& describe(Metric metric) {
  return kTable[static_cast<std::size_t>(metric)];
}

}  // namespace netprobe
