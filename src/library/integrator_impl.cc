// SPDX-License-Identifier: Apache-2.0
#include "library/integrator_impl.h"

#include <chrono>
#include <utility>

#include "library/convert.h"
#include "library/manager_impl.h"
#include "library/threads.h"

namespace netprobe::v0 {
namespace {

constexpr auto kTurn = std::chrono::milliseconds(200);

netprobe::FlowTableOptions table_options(const IntegratorOptions& options) {
  netprobe::FlowTableOptions to;
  to.max_flows = options.max_flows;
  to.idle_timeout = options.flow_idle_timeout.count();
  const netprobe::SystemClock clock;
  to.wall_offset = clock.wall() - clock.monotonic();
  return to;
}

netprobe::WorkloadOptions workload_options(const std::string& node_name) {
  netprobe::WorkloadOptions to;
  to.node_name = node_name;
  return to;
}

}  // namespace

bool IndexNames::is_local(const netprobe::IpAddress& address) const {
  const netprobe::Nanos now = clock_.wall();
  const auto* holder = index_.find(address, now, now);
  return holder != nullptr && !(*holder)->node.empty() && (*holder)->node == index_.node_name();
}

NetworkIntegrator::Impl::Impl(netprobe::KubeClientOptions client,
                              const netprobe::IdentityOptions& identity,
                              const IntegratorOptions& options)
    : node_name_(identity.node_name),
      index_(identity),
      namer_(index_, identity),
      names_(index_, clock_),
      totals_(
          workload_options(node_name_),
          [this](netprobe::Flow& flow) NETPROBE_REQUIRES(mutex_) { namer_.name(flow); }, clock_),
      table_(table_options(options), names_) {
  table_.watch_growth(&totals_);
  client_ = netprobe::KubeClient::make(std::move(client), clock_,
                                       [this](std::vector<netprobe::KubeChange>& changes) {
                                         const MutexLock lock(mutex_);
                                         for (const netprobe::KubeChange& change : changes)
                                           index_.apply(change);
                                         changes.clear();
                                         return true;
                                       });
}

Result<void> NetworkIntegrator::Impl::start() {
  {
    const MutexLock lock(mutex_);
    if (started_) return refuse("the integrator was started before", ErrorKind::kUsage);
    started_ = true;
  }
  const WithoutSignals block;
  client_->start();
  thread_ = std::thread([this] { run(); });
  return {};
}

void NetworkIntegrator::Impl::stop() {
  bool running = false;
  {
    const MutexLock lock(mutex_);
    running = started_ && !std::exchange(stopping_, true);
  }
  {
    const MutexLock lock(following_);
    unfollow();
  }
  if (!running) return;
  stop_.notify_all();
  client_->stop();
  thread_.join();
}

void NetworkIntegrator::Impl::run() {
  netprobe::Nanos next_tick = 0;
  const MutexLock lock(mutex_);
  while (!stopping_) {
    stop_.wait_for(mutex_, kTurn);
    const netprobe::Nanos offset = clock_.wall() - clock_.monotonic();
    table_.set_wall_offset(offset);
    for (const netprobe::FlowBatchPtr& batch : batches_->take())
      for (const netprobe::Flow& flow : batch->flows) followed_.feed(flow, offset, table_);
    if (clock_.monotonic() < next_tick) continue;
    next_tick = clock_.monotonic() + netprobe::kSecond;
    table_.tick(clock_.monotonic());
    table_.take_growth();
    index_.tick(clock_.wall());
  }
}

netprobe::KubeStatus NetworkIntegrator::Impl::status() const {
  {
    const MutexLock lock(mutex_);
    if (!started_) return {};
  }
  return client_->status();
}

void NetworkIntegrator::Impl::handle(const FlowEvent& event) {
  netprobe::FlowDelta delta;
  delta.tuple = {own_address(event.source), own_address(event.destination), event.source_port,
                 event.destination_port, event.protocol};
  delta.counters = {event.counters.packets, event.counters.bytes};
  delta.sent_syn = event.opens && event.protocol == kTcp;
  if (event.vni != 0) {
    delta.tunnel = netprobe::Tunnel::kVxlan;
    delta.vni = event.vni;
  }
  const netprobe::Nanos offset = clock_.wall() - clock_.monotonic();
  const netprobe::Nanos time =
      event.time == Time{} ? clock_.monotonic() : event.time.time_since_epoch().count() - offset;
  delta.first = time;
  delta.last = time;
  netprobe::FlowHandle handle = 0;
  const MutexLock lock(mutex_);
  table_.on_flow(delta, handle);
}

void NetworkIntegrator::Impl::unfollow() {
  if (manager_) manager_->data().unsubscribe(subscription_);
  manager_.reset();
}

void NetworkIntegrator::Impl::follow(std::shared_ptr<Manager::Impl> manager) {
  const MutexLock lock(following_);
  unfollow();
  {
    const MutexLock state(mutex_);
    (void)batches_->take();
    followed_.clear();
  }
  manager_ = std::move(manager);
  manager_->want_forwarding();
  subscription_ = manager_->data().subscribe(
      [batches = batches_](netprobe::FlowBatchPtr batch) { batches->push(std::move(batch)); });
}

netprobe::KubeViewPtr NetworkIntegrator::Impl::view_locked() const {
  return index_.view(started_ ? client_->status() : netprobe::KubeStatus{}, clock_.wall());
}

netprobe::KubeViewPtr NetworkIntegrator::Impl::view() const {
  const MutexLock lock(mutex_);
  return view_locked();
}

netprobe::FlannelReport NetworkIntegrator::Impl::flannel() const {
  netprobe::SignalsPtr signals;
  {
    std::shared_ptr<Manager::Impl> manager;
    {
      const MutexLock lock(following_);
      manager = manager_;
    }
    if (manager)
      if (const auto snapshot = manager->snapshot(false)) signals = (*snapshot)->signals;
  }
  const auto view = this->view();
  const bool all = view->status.state == netprobe::KubeState::kSynced ||
                   view->status.state == netprobe::KubeState::kRetrying;
  static const netprobe::Signals kNone;
  const netprobe::Signals& seen = signals ? *signals : kNone;
  return netprobe::flannel_report(all ? std::span(view->nodes) : std::span<netprobe::KubeNodePtr>(),
                                  node_name_, seen.forwarding, seen.tunnels, clock_.wall());
}

netprobe::WorkloadReport NetworkIntegrator::Impl::workloads() const {
  const MutexLock lock(mutex_);
  table_.take_growth();
  return totals_.report();
}

std::vector<netprobe::Flow> NetworkIntegrator::Impl::flows() const {
  const MutexLock lock(mutex_);
  auto flows = table_.flows();
  namer_.name(flows);
  return flows;
}

netprobe::IdentityPtr NetworkIntegrator::Impl::find(const netprobe::IpAddress& address) const {
  const netprobe::Nanos now = clock_.wall();
  const auto view = this->view();
  for (const netprobe::AddressClaim& claim : view->service_addresses)
    if (claim.address == address && (claim.until == 0 || claim.until > now)) return claim.identity;
  const MutexLock lock(mutex_);
  const auto* holder = index_.find(address, now, now);
  return holder == nullptr ? nullptr : *holder;
}

std::uint64_t NetworkIntegrator::Impl::missed() const { return batches_->lost(); }

void NetworkIntegrator::Impl::fill(netprobe::Snapshot& snapshot) const {
  snapshot.kube = view();
  snapshot.workloads = workloads();
  snapshot.losses.push_back({"integrator", "queue_full", missed()});
  if (snapshot.node_name.empty()) snapshot.node_name = node_name_;
}

}  // namespace netprobe::v0
