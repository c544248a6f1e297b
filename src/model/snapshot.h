// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/alert.h"
#include "model/external_names.h"
#include "model/flannel.h"
#include "model/flow.h"
#include "model/identity.h"
#include "model/interface.h"
#include "model/loss.h"
#include "model/probe_status.h"
#include "model/quality.h"
#include "model/signals.h"
#include "model/workload.h"

namespace netprobe {

/// Sizes and sums of the flow table.
struct FlowTableStats {
  std::uint64_t live_flows = 0;
  std::uint64_t total_flows = 0;  ///< ever begun
  std::uint64_t ended_flows = 0;
  std::uint64_t evicted_flows = 0;  ///< ended early because the table was full
  std::uint64_t records = 0;        ///< deltas merged
  std::uint64_t capacity = 0;
  std::uint64_t path_mtu_errors = 0;   ///< ICMP "too big" that quoted a flow, each once
  std::uint64_t handshakes_twice = 0;  ///< two flows had told of theirs, and then were one
  /// Flows that were summed up by workload as two, and then were one.
  std::uint64_t growth_twice = 0;
  /// What was summed up beyond what flows had at their end: told of two that
  /// were one, or by a point that was not the nearest.
  Counters growth_over;
  std::uint64_t history_twice = 0;  ///< the same of the records of history
  Counters history_over;
};

/// Everything a reader may ask for, as of one moment. Immutable: the data
/// thread builds it, any number of readers share it.
struct Snapshot {
  Nanos taken_at = 0;    ///< wall
  Nanos started_at = 0;  ///< wall: since when all counters count
  std::string node_name;
  std::string version;
  std::string kernel;
  std::vector<Flow> flows;                 ///< by id
  std::vector<InterfaceState> interfaces;  ///< by ifindex
  /// Sum over interfaces that are gone, so that totals still add up.
  DeviceCounters retired_rx;
  DeviceCounters retired_tx;
  std::vector<ProbeStatus> probes;
  std::vector<LossCounter> losses;
  std::vector<std::pair<std::string, std::uint64_t>> packet_classes;
  SignalsPtr signals = std::make_shared<const Signals>();  ///< never null
  LossReport loss;
  QualityReport quality;
  KubeViewPtr kube = std::make_shared<const KubeView>();  ///< never null
  /// Names of networks outside the cluster; never null.
  std::shared_ptr<const ExternalNames> external = std::make_shared<const ExternalNames>();
  WorkloadReport workloads;
  FlannelReport flannel;
  AlertReportPtr alerts = std::make_shared<const AlertReport>();  ///< never null
  FlowTableStats table;
  std::uint64_t resident_bytes = 0;  ///< memory of the agent
  double cpu_seconds = 0;            ///< user and system time of the agent
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// Flows that changed since the last batch, for live streams.
struct FlowBatch {
  Nanos time = 0;  ///< wall
  std::vector<Flow> flows;
};
using FlowBatchPtr = std::shared_ptr<const FlowBatch>;

}  // namespace netprobe
