// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/connection.h"
#include "model/flow.h"
#include "model/quality.h"

namespace netprobe {

/// How finely sides of a pair are told apart.
enum class WorkloadBy : std::uint8_t { kWorkload, kPod, kNamespace };

/// What a flow gained since it was told last. `flow` is its outline (no
/// observations, no losses), valid during the call.
struct FlowGrowth {
  const Flow& flow;
  Counters forward;
  Counters reverse;
  TcpTrouble client_trouble;
  TcpTrouble server_trouble;
  bool first = false;      ///< it was never told before
  bool last = false;       ///< it ends: there is no later
  bool handshake = false;  ///< flow.handshake_rtt is new
  /// The interface nearest to the pod edge that saw it; 0 where none is known.
  std::uint32_t ifindex = 0;
  Role role = Role::kHost;  ///< of that interface
};

/// Takes what flows gained. Called on the data thread only; must not block.
class FlowGrowthSink {
 public:
  virtual ~FlowGrowthSink() = default;
  /// False: not yet, tell it again with what comes (who it is may still be
  /// learned). Not heeded where `growth.last`.
  virtual bool on_growth(const FlowGrowth& growth) = 0;
};

/// One side of a pair: by workload, or as finely as the configuration asks.
struct WorkloadName {
  std::string name_space;
  std::string kind;  ///< of the workload; "Node", "Service", "External"; empty: unknown
  std::string name;  ///< "~other" where a pair found no room

  bool operator==(const WorkloadName&) const = default;
};

/// The part of a pair's sums that another node counts as well, as src is there: between
/// nodes both see a flow.
struct WorkloadElsewhere {
  std::uint64_t flows = 0;
  std::uint64_t connections = 0;
  Counters forward;
  Counters reverse;
  TcpTrouble client_trouble;
  TcpTrouble server_trouble;
  Histogram handshake;
};

/// Sums of all flows between two workloads, src the side that began them.
struct WorkloadPair {
  WorkloadName src;
  WorkloadName dst;
  std::string_view direction;  ///< as a flow's
  std::uint64_t flows = 0;
  std::uint64_t connections = 0;  ///< TCP handshakes that were completed
  Counters forward;
  Counters reverse;
  TcpTrouble client_trouble;
  TcpTrouble server_trouble;
  Histogram handshake;          ///< bounds: kLatencyBounds
  std::uint64_t dropped = 0;    ///< packets that the kernel dropped
  WorkloadElsewhere elsewhere;  ///< of these
};

/// Flows of one workload, for the netprobe_k8s_*_flows_total counters.
struct WorkloadFlows {
  WorkloadName workload;
  std::uint64_t pod_flows = 0;      ///< with a pod of it at either end
  std::uint64_t service_flows = 0;  ///< to a service; `workload` is the service's
  std::uint64_t intra_node_flows = 0;
  std::uint64_t inter_node_flows = 0;
};

/// Flows since the start, each counted once.
struct FlowKinds {
  std::uint64_t total = 0;
  std::uint64_t intra_node = 0;
  std::uint64_t inter_node = 0;
  std::uint64_t ingress = 0;
  std::uint64_t egress = 0;
  std::uint64_t pod_to_pod = 0;
  std::uint64_t service = 0;
  std::uint64_t external = 0;
  std::uint64_t vxlan = 0;
  std::uint64_t unnamed_ends = 0;  ///< ends that nobody was known for: two a flow at most
};

struct WorkloadReport {
  WorkloadBy by = WorkloadBy::kWorkload;  ///< what its names are
  std::vector<WorkloadPair> pairs;
  std::vector<WorkloadFlows> workloads;
  FlowKinds kinds;
  std::uint64_t folded = 0;  ///< flows that count in a pair "~other"
};

}  // namespace netprobe
