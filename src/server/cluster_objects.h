// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "kube/client/kube_client.h"
#include "kube/flannel/report.h"
#include "kube/identity/identity_index.h"
#include "model/readers.h"

namespace netprobe {

struct ClusterObjectsOptions {
  bool enable = true;
  std::string kubeconfig;  ///< empty: in-cluster, where that is there
  std::string context;
  std::string version;  ///< of the program
};

/// What the Kubernetes API tells of the cluster, watched once for all: for the pages
/// that are about objects (cluster, topology, flannel, who has an address), for
/// discovery, and for agents that ask for names. Snapshots have no flows.
class ClusterObjects final : public SnapshotSource {
 public:
  /// Is told of each change in order, on the client's thread; outlives this.
  using Listener = std::function<void(const std::vector<KubeChange>&)>;

  ClusterObjects(ClusterObjectsOptions options, const Clock& clock, Listener listener);
  ~ClusterObjects() override;
  ClusterObjects(const ClusterObjects&) = delete;
  ClusterObjects& operator=(const ClusterObjects&) = delete;

  void start();
  void stop();

  /// Puts sums by workload into snapshots from now on; called for each. Before start().
  void add_workloads(std::function<WorkloadReport()> workloads) {
    workloads_ = std::move(workloads);
  }
  void request(Nanos max_age, bool with_flows, std::function<void(SnapshotPtr)> done) override;
  [[nodiscard]] KubeStatus status() const;
  /// Not ready: objects were asked for and were never complete.
  [[nodiscard]] Readiness readiness() const;

 private:
  bool take(std::vector<KubeChange>& changes) NETPROBE_EXCLUDES(mutex_);

  const ClusterObjectsOptions options_;
  const Clock& clock_;
  const Listener listener_;
  const Nanos started_at_;
  std::function<WorkloadReport()> workloads_;
  Mutex mutex_;
  IdentityIndex index_ NETPROBE_GUARDED_BY(mutex_);
  FlannelReporter flannel_ NETPROBE_GUARDED_BY(mutex_);
  std::unique_ptr<KubeClient> client_;  ///< null without Kubernetes; ends first
};

}  // namespace netprobe
