// SPDX-License-Identifier: Apache-2.0
#include "library/manager_impl.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

#include "bpf/kernel.h"
#include "library/convert.h"
#include "library/log_setup.h"
#include "library/threads.h"

namespace netprobe::v0 {
namespace {

/// The threads answer within milliseconds; one that does not in this time hangs.
constexpr auto kPatience = std::chrono::seconds(20);

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof(name) - 1);
  return name;
}

/// The pattern that matches this name and no other.
std::string exactly(const std::string& name) {
  std::string pattern;
  for (const char c : name) {
    if (std::string_view("*?[]!\\").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

netprobe::AgentOptions agent_options(const ManagerOptions& options) {
  netprobe::AgentOptions to;
  to.collect_interval = options.collect_interval.count();
  to.max_flows = options.max_flows;
  to.idle_timeout = options.flow_idle_timeout.count();
  to.vxlan_ports = options.vxlan_ports;
  to.node_name = options.node_name.empty() ? host_name() : options.node_name;
  // Nothing until it is asked for.
  to.interface_filter = {"!*"};
  to.enable_socket = false;
  to.enable_drops = false;
  to.enable_netfilter = false;
  to.enable_xdp = false;
  to.enable_forwarding = false;
  to.enable_dns = false;
  to.enable_kubernetes = false;  // that is the integrator
  return to;
}

Result<void> check(const ManagerOptions& options) {
  if (options.collect_interval < std::chrono::milliseconds(10))
    return refuse("collect_interval is less than 10 milliseconds", ErrorKind::kUsage);
  if (options.flow_idle_timeout < std::chrono::seconds(1))
    return refuse("flow_idle_timeout is less than a second", ErrorKind::kUsage);
  if (options.max_flows < 64) return refuse("max_flows is less than 64", ErrorKind::kUsage);
  return {};
}

Error has_gone() { return {"the Manager has been stopped", ErrorKind::kFailed, 0}; }

}  // namespace

Result<std::shared_ptr<Manager::Impl>> Manager::Impl::make(const ManagerOptions& options) {
  own_the_log();
  if (auto s = check(options); !s) return std::unexpected(s.error());
  std::shared_ptr<Impl> impl(new Impl(options.max_queued_events));
  if (auto s = impl->open(options); !s) return std::unexpected(s.error());
  return impl;
}

Result<void> Manager::Impl::open(const ManagerOptions& options) {
  netprobe::lift_memlock_limit();
  const auto kernel = netprobe::probe_kernel();
  if (!kernel) return std::unexpected(public_error(kernel.error()));
  const auto own = agent_options(options);
  const WithoutSignals block;
  auto signals = netprobe::SignalLoop::make(own, *kernel);
  if (!signals) return std::unexpected(public_error(signals.error()));
  auto data = netprobe::DataLoop::make(own, *kernel, **signals);
  if (!data) return std::unexpected(public_error(data.error()));
  signals_ = std::move(*signals);
  data_ = std::move(*data);
  data_->add_losses([this] {
    return std::vector<netprobe::LossCounter>{{"event_handler", "queue_full", dispatcher_.lost()}};
  });
  signals_->set_event_handlers(
      {.socket = [this](const netprobe::SocketEvent& e) { dispatcher_.push(public_event(e)); },
       .tunnel = [this](const netprobe::NewTunnel& e) { dispatcher_.push(public_event(e)); }});
  signals_->open(data_->tunnel_maps());
  dispatcher_.start();
  signals_->start();
  data_->start();
  return {};
}

void Manager::Impl::stop() {
  if (stopped_.exchange(true)) return;
  dispatcher_.stop();
  if (signals_) signals_->stop();
  if (data_) data_->stop();
}

Result<netprobe::InterfaceState> Manager::Impl::find(const std::string& interface) const {
  std::string have;
  // Twice: the thread may not have heard yet of one that was made just now.
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto now = snapshot(false);
    if (!now) return std::unexpected(now.error());
    have.clear();
    for (const netprobe::InterfaceState& each : (*now)->interfaces) {
      if (each.info.name == interface) return each;
      have += (have.empty() ? "" : ", ") + each.info.name;
    }
  }
  return refuse(fmt::format("there is no interface '{}'; there are: {}", interface, have),
                ErrorKind::kNotFound);
}

void Manager::Impl::apply_filters() {
  std::vector<std::string> patterns;
  patterns.reserve(attached_.size());
  for (const std::string& each : attached_) patterns.push_back(exactly(each));
  signals_->set_filters({"!*"}, patterns);
  data_->set_filters({"!*"}, patterns);
}

Result<void> Manager::Impl::attach(std::string_view interface) {
  const std::string name(interface);
  const MutexLock lock(mutex_);
  if (std::ranges::find(attached_, name) != attached_.end()) return {};
  if (const auto there = find(name); !there) return std::unexpected(there.error());
  attached_.push_back(name);
  apply_filters();
  // The data thread reads its filters before it answers.
  const auto state = find(name);
  if (state && state->attached) return {};
  attached_.pop_back();
  apply_filters();
  if (!state) return std::unexpected(state.error());
  return refuse(fmt::format("cannot watch {}: {}", name, state->reason));
}

Result<void> Manager::Impl::detach(std::string_view interface) {
  const MutexLock lock(mutex_);
  const auto found = std::ranges::find(attached_, interface);
  if (found == attached_.end())
    return refuse(fmt::format("the network monitor is not attached to '{}'", interface),
                  ErrorKind::kNotFound);
  attached_.erase(found);
  apply_filters();
  const auto done = snapshot(false);  // it has been through the filters
  if (!done) return std::unexpected(done.error());
  return {};
}

std::vector<std::string> Manager::Impl::attached() const {
  const MutexLock lock(mutex_);
  return attached_;
}

Result<void> Manager::Impl::switch_sockets(bool on, SocketEventHandler handler) {
  // Never under the lock: it may wait for a handler that wants it.
  dispatcher_.use(std::move(handler));
  const auto done = std::make_shared<std::promise<netprobe::Status>>();
  auto result = done->get_future();
  signals_->switch_probe("socket", on, [done](const netprobe::Status& s) { done->set_value(s); });
  if (result.wait_for(kPatience) != std::future_status::ready)
    return refuse("the signal thread does not answer");
  const netprobe::Status status = result.get();
  if (!status) dispatcher_.use(SocketEventHandler{});
  return public_status(status);
}

void Manager::Impl::want_forwarding() const {
  signals_->switch_probe("forwarding", true, [](const netprobe::Status&) {});
}

void Manager::Impl::request(bool with_flows,
                            std::function<void(netprobe::SnapshotPtr)> done) const {
  if (stopped_) return done(nullptr);
  data_->request(0, with_flows, std::move(done));
}

Result<netprobe::SnapshotPtr> Manager::Impl::snapshot(bool with_flows) const {
  const auto done = std::make_shared<std::promise<netprobe::SnapshotPtr>>();
  auto result = done->get_future();
  request(with_flows, [done](netprobe::SnapshotPtr s) { done->set_value(std::move(s)); });
  if (result.wait_for(kPatience) != std::future_status::ready)
    return refuse("the data thread does not answer");
  auto snapshot = result.get();
  if (!snapshot) return std::unexpected(has_gone());
  return snapshot;
}

}  // namespace netprobe::v0
