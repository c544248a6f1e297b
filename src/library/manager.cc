// SPDX-License-Identifier: Apache-2.0
#include <netprobe/manager.h>

#include <utility>

#include "library/convert.h"
#include "library/manager_impl.h"

namespace netprobe::v0 {

Manager::Manager(std::shared_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Manager::Manager(Manager&& other) noexcept = default;

Manager& Manager::operator=(Manager&& other) noexcept {
  if (this != &other) {
    if (impl_) impl_->stop();  // collectors may hold on to it
    impl_ = std::move(other.impl_);
  }
  return *this;
}

Manager::~Manager() {
  if (impl_) impl_->stop();
}

Result<Manager> Manager::create(ManagerOptions options) {
  auto impl = Impl::make(options);
  if (!impl) return std::unexpected(impl.error());
  return Manager(std::move(*impl));
}

Result<void> Manager::attach_network_monitor(std::string_view interface) {
  return impl_->attach(interface);
}

Result<void> Manager::detach_network_monitor(std::string_view interface) {
  return impl_->detach(interface);
}

std::vector<std::string> Manager::attached_interfaces() const { return impl_->attached(); }

Result<void> Manager::attach_socket_monitor(SocketEventHandler handler) {
  return impl_->switch_sockets(true, std::move(handler));
}

Result<void> Manager::detach_socket_monitor() { return impl_->switch_sockets(false, {}); }

Result<void> Manager::attach_vxlan_monitor(VxlanEventHandler handler) {
  const auto now = statistics();
  if (!now) return std::unexpected(now.error());
  for (const MonitorStatus& monitor : now->monitors)
    if (monitor.name == "vxlan" && monitor.state != "on") return refuse(monitor.why);
  impl_->use(std::move(handler));
  return {};
}

Result<void> Manager::detach_vxlan_monitor() {
  impl_->use(VxlanEventHandler{});
  return {};
}

Result<NetworkStatistics> Manager::statistics() const {
  const auto now = impl_->snapshot(false);
  if (!now) return std::unexpected(now.error());
  return public_statistics(**now);
}

Result<std::vector<Flow>> Manager::flows() const {
  const auto now = impl_->snapshot(true);
  if (!now) return std::unexpected(now.error());
  std::vector<Flow> flows;
  flows.reserve((*now)->flows.size());
  for (const netprobe::Flow& each : (*now)->flows) flows.push_back(public_flow(each));
  return flows;
}

Result<std::vector<Connection>> Manager::connections() const {
  const auto now = impl_->snapshot(false);
  if (!now) return std::unexpected(now.error());
  const auto& from = (*now)->signals->sockets.connections;
  std::vector<Connection> connections;
  connections.reserve(from.size());
  for (const netprobe::Connection& each : from) connections.push_back(public_connection(each));
  return connections;
}

}  // namespace netprobe::v0
