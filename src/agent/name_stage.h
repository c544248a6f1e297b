// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "agent/kube_queue.h"
#include "agent/options.h"
#include "analysis/quality/flow_judge.h"
#include "analysis/workload/workload_totals.h"
#include "base/clock.h"
#include "flow/flow_table.h"
#include "kube/client/kube_client.h"
#include "kube/flannel/report.h"
#include "kube/identity/cluster_networks.h"
#include "kube/identity/flow_namer.h"
#include "kube/identity/identity_index.h"
#include "model/readers.h"
#include "model/snapshot.h"

namespace netprobe {

/// Who tells of the cluster's objects where it is not KubeClient; the options are
/// those that it would have had.
using NamesMaker = std::function<std::unique_ptr<KubeClient>(KubeClientOptions, KubeSink)>;

/// Names, as the data thread gives them: what the Kubernetes API told so far,
/// and what flows between workloads sum up to. Without Kubernetes it costs
/// nothing, and names external networks alone. docs/adr/0006-identity.md
class NameStage {
 public:
  /// All but the options outlive this. `judge` knows the processes, by which pods
  /// on a node's own address are told apart. `wake` has the data thread turn
  /// soon; any thread. `make`: empty, KubeClient it is.
  NameStage(const AgentOptions& options, const Clock& clock, FlowTable& table,
            const FlowJudge& judge, std::function<void()> wake, const NamesMaker& make = nullptr);
  ~NameStage();
  NameStage(const NameStage&) = delete;
  NameStage& operator=(const NameStage&) = delete;

  /// The thread that talks to the API server.
  void start();
  void stop();

  /// Every cycle: changes for a few milliseconds. True where more are waiting.
  bool cycle();
  /// Once an interval: what flows gained. True: pods on the node's own address
  /// are told apart by their processes, so it is told when on_processes() says
  /// that the newest ones are known, or an interval later.
  [[nodiscard]] bool tick(Nanos now);
  void on_processes();
  /// Drops that came with a reader's request.
  void on_signals(const SignalsPtr& signals);
  void name(std::span<Flow> flows) const;
  /// Networks of the cluster, where they changed since the last call and something is known.
  [[nodiscard]] std::optional<std::vector<IpPrefix>> take_networks();
  [[nodiscard]] bool has_names() const { return client_ != nullptr || names_networks_; }
  /// How long more may be learned of who an address is; 0: nothing is.
  [[nodiscard]] Nanos hold() const { return client_ ? WorkloadOptions{}.hold : 0; }
  /// Puts its part into a snapshot that has its signals and its time.
  void fill(Snapshot& snapshot);
  /// Not ready: names were asked for and were never complete. Any thread.
  [[nodiscard]] Readiness readiness() const;

 private:
  const Clock& clock_;
  FlowTable& table_;
  IdentityOptions identity_;
  IdentityIndex index_;
  FlowNamer namer_;
  ClusterNetworks networks_;
  std::vector<IpPrefix> told_networks_;  ///< by take_networks()
  bool names_networks_;                  ///< there are names of external networks
  std::string node_name_;
  FlannelReporter flannel_;
  bool knows_processes_;  ///< there is a probe that tells of them
  bool growth_waits_ = false;
  Nanos asked_at_ = 0;   ///< monotonic; for processes
  Nanos forgot_at_ = 0;  ///< monotonic
  std::shared_ptr<KubeQueue> queue_;
  std::unique_ptr<WorkloadTotals> workloads_;  ///< null without Kubernetes
  std::unique_ptr<KubeClient> client_;         ///< null without Kubernetes; ends first
};

}  // namespace netprobe
