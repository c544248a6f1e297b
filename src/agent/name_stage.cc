// SPDX-License-Identifier: Apache-2.0
#include "agent/name_stage.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "base/version.h"

namespace netprobe {
namespace {

// Two seconds of the busiest cluster that the index is made for.
constexpr std::size_t kQueuedChanges = 8192;
// A change takes a few microseconds, of a large EndpointSlice milliseconds, and
// an event that waits meanwhile is late: a cycle ends after so many or so long.
constexpr std::size_t kChangesATime = 64;
constexpr Nanos kLongestCycle = 5 * kMillisecond;
// How often some of what is past is forgotten.
constexpr Nanos kForgetApart = 250 * kMillisecond;
// How often processes are asked for where nobody reads.
constexpr Nanos kProcessesApart = 5 * kSecond;

IdentityOptions identity_options(const AgentOptions& options) {
  IdentityOptions result;
  result.node_name = options.node_name;
  result.external_names = options.external_names;
  return result;
}

bool wants_kubernetes(const AgentOptions& options) {
  return options.enable_kubernetes && (!options.kubeconfig.empty() || in_cluster());
}

}  // namespace

NameStage::NameStage(const AgentOptions& options, const Clock& clock, FlowTable& table,
                     const FlowJudge& judge, std::function<void()> wake, const NamesMaker& make)
    : clock_(clock),
      table_(table),
      identity_(identity_options(options)),
      index_(identity_),
      namer_(index_, identity_),
      names_networks_(!options.external_names.empty()),
      node_name_(options.node_name),
      knows_processes_(options.enable_socket),
      queue_(std::make_shared<KubeQueue>(kQueuedChanges)) {
  if (make ? !options.enable_kubernetes : !wants_kubernetes(options)) return;
  WorkloadOptions workloads;
  workloads.by = options.workload_metrics;
  workloads.max_pairs = options.max_workload_pairs;
  workloads.node_name = options.node_name;
  workloads_ = std::make_unique<WorkloadTotals>(
      workloads,
      [this, &judge](Flow& flow) {
        judge.join(flow);
        namer_.name(flow);
      },
      clock_);
  table_.watch_growth(workloads_.get());
  KubeClientOptions client;
  client.kubeconfig = options.kubeconfig;
  client.context = options.kube_context;
  client.node_name = options.node_name;
  client.this_node_only = options.kube_scope == KubeScope::kNode;
  client.user_agent = fmt::format("netprobe-agent/{}", kVersion);
  KubeSink sink = [queue = queue_, wake = std::move(wake)](auto& changes) {
    const bool all = queue->offer(changes);
    wake();
    return all;
  };
  client_ = make ? make(std::move(client), std::move(sink))
                 : KubeClient::make(std::move(client), clock_, std::move(sink));
}

NameStage::~NameStage() {
  stop();
  table_.watch_growth(nullptr);
}

void NameStage::start() {
  if (client_) client_->start();
}

void NameStage::stop() {
  if (client_) client_->stop();
}

bool NameStage::cycle() {
  if (!client_) return false;
  const Nanos began = clock_.monotonic();
  if (began - forgot_at_ >= kForgetApart) {
    forgot_at_ = began;
    index_.tick(clock_.wall());
  }
  do {
    const auto changes = queue_->take(kChangesATime);
    if (changes.empty()) return false;
    for (const KubeChange& change : changes) {
      index_.apply(change);
      networks_.apply(change);
    }
  } while (clock_.monotonic() - began < kLongestCycle);
  return !queue_->empty();
}

std::optional<std::vector<IpPrefix>> NameStage::take_networks() {
  // Objects come one by one at the start: half of them is no reason to read all lists anew.
  if (!client_ || client_->status().synced_at == 0 || !networks_.take_changed()) return {};
  auto networks = networks_.prefixes();
  if (networks == told_networks_) return {};  // one service more of a network that is known
  told_networks_ = networks;
  return networks;
}

bool NameStage::tick(Nanos now) {
  if (!client_) return false;
  // What did not come since the last time is not waited for again.
  const bool late = std::exchange(growth_waits_, false);
  if (!late && knows_processes_ && now - asked_at_ >= kProcessesApart && index_.has_host_pods()) {
    asked_at_ = now;
    growth_waits_ = true;
    return true;
  }
  table_.take_growth();
  return false;
}

void NameStage::on_processes() {
  if (std::exchange(growth_waits_, false)) table_.take_growth();
}

void NameStage::on_signals(const SignalsPtr& signals) {
  if (workloads_) workloads_->add_drops(signals->drops);
}

void NameStage::name(std::span<Flow> flows) const {
  if (has_names()) namer_.name(flows);
}

void NameStage::fill(Snapshot& snapshot) {
  snapshot.external = namer_.external();
  if (client_) {
    snapshot.kube = index_.view(client_->status(), snapshot.taken_at);
    snapshot.workloads = workloads_->report();
  }
  // While not all nodes are known, what leads to the others is no finding.
  const KubeView& kube = *snapshot.kube;
  snapshot.flannel = flannel_.report(
      kube.status.synced_at != 0 ? std::span(kube.nodes) : std::span<const KubeNodePtr>(),
      node_name_, snapshot.signals->forwarding, snapshot.signals->tunnels, snapshot.taken_at);
}

Readiness NameStage::readiness() const {
  if (!client_) return {true, ""};
  const KubeStatus status = client_->status();
  if (status.synced_at != 0) return {true, ""};
  return {false, fmt::format("names of pods and services are not there yet: {}",
                             status.error.empty() ? "the first list of the Kubernetes API is read"
                                                  : status.error)};
}

}  // namespace netprobe
