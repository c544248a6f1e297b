// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "cluster/agent_peer.h"
#include "cluster/scheduler.h"

namespace netprobe {

struct ClusterTotalsOptions {
  std::size_t most_pairs = 20'000;  ///< what finds no room is in a pair "~other", and stays
  Nanos deadline = 5 * kSecond;     ///< of one look at the agents
};

/// Sums by pair of workloads over all agents, for /metrics: each only grows, whichever
/// agents restart, go or come back. Asked for at intervals; what an agent has gained
/// since it was asked last is added. Any thread.
class ClusterTotals {
 public:
  /// All outlive it and what it asked.
  ClusterTotals(AgentDirectory& agents, Scheduler& scheduler, ClusterTotalsOptions options = {});

  /// Asks all agents once; returns at once.
  void poll();
  [[nodiscard]] WorkloadReport report() const;
  /// Agents that told their sums when they were asked last, and all that were asked.
  [[nodiscard]] std::pair<std::size_t, std::size_t> told() const;

  /// Pairs of agents that were left out, as too many are remembered.
  [[nodiscard]] std::uint64_t refused() const;

  /// What one agent tells: poll() does it.
  void take(const WorkloadSums& sums);

 private:
  struct Shared;
  AgentDirectory& agents_;
  Scheduler& scheduler_;
  Nanos deadline_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace netprobe
