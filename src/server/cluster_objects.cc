// SPDX-License-Identifier: Apache-2.0
#include "server/cluster_objects.h"

#include <fmt/format.h>

#include <utility>

namespace netprobe {

ClusterObjects::ClusterObjects(ClusterObjectsOptions options, const Clock& clock, Listener listener)
    : options_(std::move(options)),
      clock_(clock),
      listener_(std::move(listener)),
      started_at_(clock.wall()),
      index_(IdentityOptions{}) {
  if (!options_.enable || (options_.kubeconfig.empty() && !in_cluster())) return;
  KubeClientOptions client;
  client.kubeconfig = options_.kubeconfig;
  client.context = options_.context;
  client.user_agent = fmt::format("netprobe-server/{}", options_.version);
  client_ = KubeClient::make(std::move(client), clock_, [this](auto& all) { return take(all); });
}

ClusterObjects::~ClusterObjects() { stop(); }

void ClusterObjects::start() {
  if (client_) client_->start();
}

void ClusterObjects::stop() {
  if (client_) client_->stop();
}

bool ClusterObjects::take(std::vector<KubeChange>& changes) {
  listener_(changes);
  const MutexLock lock(mutex_);
  for (const KubeChange& change : changes) index_.apply(change);
  index_.tick(clock_.wall());
  changes.clear();
  return true;
}

void ClusterObjects::request(Nanos /*max_age*/, bool /*with_flows*/,
                             std::function<void(SnapshotPtr)> done) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->taken_at = clock_.wall();
  snapshot->started_at = started_at_;
  snapshot->version = options_.version;
  if (client_) {
    const KubeStatus status = client_->status();
    const MutexLock lock(mutex_);
    snapshot->kube = index_.view(status, snapshot->taken_at);
    // What single nodes observe of their tunnels is asked of their agents.
    snapshot->flannel = flannel_.report(
        status.synced_at != 0 ? std::span(snapshot->kube->nodes) : std::span<const KubeNodePtr>(),
        {}, {.error = "routes and neighbours are each node's own: ask its agent"}, {},
        snapshot->taken_at);
  }
  if (workloads_) snapshot->workloads = workloads_();
  done(std::move(snapshot));
}

KubeStatus ClusterObjects::status() const { return client_ ? client_->status() : KubeStatus{}; }

Readiness ClusterObjects::readiness() const {
  if (!client_) return {.ready = true, .reason = {}};
  const KubeStatus status = client_->status();
  if (status.synced_at != 0) return {.ready = true, .reason = status.error};
  return {.ready = false,
          .reason = "the Kubernetes API has not told everything yet" +
                    (status.error.empty() ? std::string() : ": " + status.error)};
}

}  // namespace netprobe
