// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace netprobe {

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };
[[nodiscard]] std::string_view to_string(MetricType type);

/// Every metric there is, in the order of the table.
enum class Metric : std::uint8_t {
  kInterfaceRxPackets,
  kInterfaceTxPackets,
  kInterfaceRxBytes,
  kInterfaceTxBytes,
  kInterfaceRxPacketsRate,
  kInterfaceTxPacketsRate,
  kInterfaceRxBytesRate,
  kInterfaceTxBytesRate,
  kFlowPackets,
  kUnattributedPackets,
  kAccountingDifference,
  kPacketsByClass,
  kEventsLost,
  kSeriesFolded,
  kProbeInfo,
  kProgramRunSeconds,
  kProgramRuns,
  kFlows,
  kFlowTableBegun,
  kFlowTableEnded,
  kFlowTableEvicted,
  kFlowTableRecords,
  kFlowTableCapacity,
  kBuildInfo,
  kProcessResidentMemory,
  kProcessCpuSeconds,
  kProcessStartTime,
  kSocketConnections,
  kSocketBytesSent,
  kSocketBytesRecv,
  kSocketEvents,
  kSocketConnectFailures,
  kSocketEnded,
  kSocketLive,
  kSocketListening,
  kTcpRetransmits,
  kTcpRtt,
  kTcpHandshake,
  kDrops,
  kNetfilterPackets,
  kNetfilterBytes,
  kNetfilterDroppedPackets,
  kNetfilterRuleDroppedPackets,
  kConntrackEntries,
  kConntrackLimit,
  kConntrackNatEntries,
  kConntrackInsertFailed,
  kConntrackDropped,
  kConntrackEarlyDropped,
  kVxlanPackets,
  kVxlanBytes,
  kVxlanTunnelsActive,
  kVxlanTunnelsNew,
  kVxlanVniStats,
  kTunnelMtuExcess,
  kPathMtuErrors,
  kXdpPackets,
  kXdpBytes,
  kXdpDropped,
  kLossPackets,
  kLossFlowsFollowed,
  kFlowVerdicts,
  kTcpResets,
  kTcpFlowRetransmits,
  kTcpFlowOutOfOrder,
  kTcpFlowZeroWindows,
  kTcpHandshakeWire,
  kInterfaceSpeed,
  kInterfaceUtilisation,
  kInterfacePeak,
  kInterfaceMicrobursts,
  kInterfaceUnmeasured,
  kK8sPodFlows,
  kK8sServiceFlows,
  kK8sInterNodeFlows,
  kK8sIntraNodeFlows,
  kWorkloadFlows,
  kWorkloadConnections,
  kWorkloadPackets,
  kWorkloadBytes,
  kWorkloadTcpRetransmits,
  kWorkloadTcpResets,
  kWorkloadTcpOutOfOrder,
  kWorkloadTcpZeroWindows,
  kWorkloadTcpHandshake,
  kWorkloadDrops,
  kWorkloadFlowsFolded,
  kWorkloadUnnamedEnds,
  kWorkloadFlowsTwice,
  kWorkloadExcessPackets,
  kKubeInfo,
  kKubeUp,
  kKubeLastContact,
  kKubeObjects,
  kKubeLists,
  kKubeWatches,
  kKubeWatchEvents,
  kKubeSkippedObjects,
  kKubeRequestFailures,
  kIdentityAddresses,
  kIdentityClaims,
  kIdentityBytes,
  kIdentityChanges,
  kIdentityConflicts,
  kIdentitySkipped,
  kIdentityEvicted,
  kHistoryInfo,
  kHistoryWritable,
  kHistoryRows,
  kHistoryBatches,
  kHistoryRowsWaiting,
  kHistoryRowsLost,
  kHistoryRowsExpired,
  kHistoryDisk,
  kHistorySpilled,
  kHistoryMemory,
  kHistoryFiles,
  kHistoryOldest,
  kHistoryQueries,
  kHistoryQueriesFailed,
  kHistoryFlowsTwice,
  kHistoryExcessPackets,
  kCount,
};

/// One metric as data: what the page says of it, and what docs/metrics.md must.
struct MetricDescription {
  Metric id;
  std::string_view name;
  MetricType type;
  std::string_view unit;    ///< base unit that ends the name before _total; empty without
  std::string_view labels;  ///< names, with commas between
  std::string_view help;
};

[[nodiscard]] std::span<const MetricDescription> metric_table();
[[nodiscard]] const MetricDescription& describe(Metric metric);

}  // namespace netprobe
