// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netprobe/kubernetes.h>

#include <condition_variable>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "analysis/workload/workload_totals.h"
#include "base/bounded_queue.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "flow/flow_table.h"
#include "kube/client/kube_client.h"
#include "kube/flannel/report.h"
#include "kube/identity/flow_namer.h"
#include "kube/identity/identity_index.h"
#include "library/followed_flows.h"
#include "model/snapshot.h"

namespace netprobe::v0 {

/// What the index says of an address, for the flow table. Under the integrator's
/// lock, like all that it is asked from.
class IndexNames final : public netprobe::PointNames {
 public:
  IndexNames(const netprobe::IdentityIndex& index, const netprobe::Clock& clock)
      : index_(index), clock_(clock) {}
  [[nodiscard]] std::string_view interface_name(std::uint32_t) const override { return {}; }
  [[nodiscard]] netprobe::Role interface_role(std::uint32_t) const override {
    return netprobe::Role::kHost;
  }
  [[nodiscard]] bool is_local(const netprobe::IpAddress& address) const override;

 private:
  const netprobe::IdentityIndex& index_;
  const netprobe::Clock& clock_;
};

/// The client's thread brings what the API server tells, one of its own what a
/// Manager tells and the time; all they change is under one lock, for moments.
class NETPROBE_HIDDEN NetworkIntegrator::Impl {
 public:
  Impl(netprobe::KubeClientOptions client, const netprobe::IdentityOptions& identity,
       const IntegratorOptions& options);
  ~Impl() { stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] Result<void> start();
  void stop();
  [[nodiscard]] netprobe::KubeStatus status() const;
  void handle(const FlowEvent& event);
  void follow(std::shared_ptr<Manager::Impl> manager);

  [[nodiscard]] netprobe::KubeViewPtr view() const;
  [[nodiscard]] netprobe::FlannelReport flannel() const;
  [[nodiscard]] netprobe::WorkloadReport workloads() const;
  /// Live ones, named.
  [[nodiscard]] std::vector<netprobe::Flow> flows() const;
  [[nodiscard]] netprobe::IdentityPtr find(const netprobe::IpAddress& address) const;
  /// Batches of the Manager that found no room.
  [[nodiscard]] std::uint64_t missed() const;
  [[nodiscard]] const std::string& node_name() const { return node_name_; }
  /// Puts its part into a snapshot that others read.
  void fill(netprobe::Snapshot& snapshot) const;

 private:
  using Batches = netprobe::BoundedQueue<netprobe::FlowBatchPtr>;
  void run();
  void unfollow() NETPROBE_REQUIRES(following_);
  [[nodiscard]] netprobe::KubeViewPtr view_locked() const NETPROBE_REQUIRES(mutex_);

  const std::string node_name_;
  const netprobe::SystemClock clock_;
  const std::shared_ptr<Batches> batches_ = std::make_shared<Batches>(4096);

  mutable Mutex mutex_;
  mutable netprobe::IdentityIndex index_ NETPROBE_GUARDED_BY(mutex_);
  netprobe::FlowNamer namer_ NETPROBE_GUARDED_BY(mutex_);
  IndexNames names_;
  netprobe::WorkloadTotals totals_ NETPROBE_GUARDED_BY(mutex_);
  mutable netprobe::FlowTable table_ NETPROBE_GUARDED_BY(mutex_);
  FollowedFlows followed_ NETPROBE_GUARDED_BY(mutex_);
  bool started_ NETPROBE_GUARDED_BY(mutex_) = false;
  bool stopping_ NETPROBE_GUARDED_BY(mutex_) = false;
  std::condition_variable_any stop_;

  mutable Mutex following_;
  std::shared_ptr<Manager::Impl> manager_ NETPROBE_GUARDED_BY(following_);
  std::uint64_t subscription_ NETPROBE_GUARDED_BY(following_) = 0;

  std::unique_ptr<netprobe::KubeClient> client_;  ///< its thread calls into what is above
  std::thread thread_;
};

}  // namespace netprobe::v0
