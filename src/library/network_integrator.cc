// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <netprobe/kubernetes.h>
#include <unistd.h>

#include <set>
#include <utility>

#include "library/convert.h"
#include "library/integrator_impl.h"
#include "library/kube_convert.h"
#include "library/log_setup.h"
#include "library/manager_impl.h"

namespace netprobe::v0 {

Result<NetworkIntegrator> NetworkIntegrator::create(const std::string& kubeconfig,
                                                    IntegratorOptions options) {
  own_the_log();
  if (options.node_name.empty()) {
    char name[256] = "";
    ::gethostname(name, sizeof(name) - 1);
    options.node_name = name;
  }
  netprobe::IdentityOptions identity;
  identity.node_name = options.node_name;
  for (const auto& [name, cidr] : options.external_names) {
    const auto prefix = netprobe::IpPrefix::parse(cidr);
    if (!prefix)
      return refuse(fmt::format("external name {}: {}", name, prefix.error().message),
                    ErrorKind::kUsage);
    identity.external_names.emplace_back(name, *prefix);
  }
  if (options.max_flows < 64) return refuse("max_flows is less than 64", ErrorKind::kUsage);
  netprobe::KubeClientOptions client;
  client.kubeconfig = kubeconfig;
  client.context = options.context;
  client.node_name = options.node_name;
  client.this_node_only = options.this_node_only;
  return NetworkIntegrator(std::make_shared<Impl>(std::move(client), identity, options));
}

NetworkIntegrator::NetworkIntegrator(std::shared_ptr<Impl> impl) noexcept
    : impl_(std::move(impl)) {}
NetworkIntegrator::NetworkIntegrator(NetworkIntegrator&& other) noexcept = default;

NetworkIntegrator& NetworkIntegrator::operator=(NetworkIntegrator&& other) noexcept {
  if (this != &other) {
    if (impl_) impl_->stop();  // collectors may hold on to it
    impl_ = std::move(other.impl_);
  }
  return *this;
}

NetworkIntegrator::~NetworkIntegrator() {
  if (impl_) impl_->stop();
}

Result<void> NetworkIntegrator::start() { return impl_->start(); }
void NetworkIntegrator::stop() { impl_->stop(); }
KubernetesStatus NetworkIntegrator::status() const { return public_status(impl_->status()); }
void NetworkIntegrator::handle_event(const FlowEvent& event) { impl_->handle(event); }
void NetworkIntegrator::follow(const Manager& manager) { impl_->follow(manager.impl_); }

Topology NetworkIntegrator::topology() const {
  return public_topology(*impl_->view(), impl_->flannel());
}

FlannelTopology NetworkIntegrator::flannel_topology() const {
  return public_flannel(impl_->flannel());
}

TrafficStats NetworkIntegrator::traffic_stats() const {
  TrafficStats stats = public_traffic(impl_->workloads().kinds, impl_->flows(), impl_->node_name());
  stats.missed = impl_->missed();
  return stats;
}

std::vector<NamedFlow> NetworkIntegrator::flows() const {
  std::vector<NamedFlow> named;
  for (const netprobe::Flow& flow : impl_->flows())
    named.push_back({public_flow(flow), public_identity(flow.src_identity),
                     public_identity(flow.dst_identity), public_identity(flow.service)});
  return named;
}

Identity NetworkIntegrator::lookup(const Address& address) const {
  return public_identity(impl_->find(own_address(address)));
}

}  // namespace netprobe::v0
