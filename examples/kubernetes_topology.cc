// SPDX-License-Identifier: Apache-2.0
// Who is who in a cluster, its Flannel network, and what its pods say to each other.
#include <netprobe/kubernetes.h>
#include <netprobe/manager.h>

#include <cstdlib>
#include <iostream>
#include <optional>

#include "example.h"

constexpr const char* kUsage =
    "usage: kubernetes_topology KUBECONFIG [INTERFACE] [--seconds N]\n"
    "Waits until the cluster is known, then prints who has which address, the Flannel\n"
    "network and sums of flows. With INTERFACE the flows are those that it carries,\n"
    "which needs root; without, one made-up flow between the first two pods.\n"
    "NODE_NAME in the environment is this node's name, where it is not the host's.\n";

namespace {

void print(const netprobe::NetworkIntegrator& integrator) {
  const auto topology = integrator.topology();
  for (const auto& [address, pod] : topology.ip_to_pod)
    std::cout << "pod " << address.to_string() << ' ' << pod << '\n';
  for (const auto& [address, node] : topology.ip_to_node)
    std::cout << "node " << address.to_string() << ' ' << node << '\n';
  for (const auto& [address, service] : topology.ip_to_service)
    std::cout << "service " << address.to_string() << ' ' << service << '\n';
  const auto flannel = integrator.flannel_topology();
  for (const auto& node : flannel.nodes)
    std::cout << "flannel " << node.node_name << ' ' << node.backend_type << " vni " << node.vni
              << " vtep " << (node.vtep_mac.empty() ? "-" : node.vtep_mac) << '\n';
  for (const auto& finding : flannel.findings) std::cout << "finding: " << finding << '\n';
  for (const auto& flow : integrator.flows()) {
    const auto name = [](const netprobe::Identity& who, const netprobe::Address& address) {
      return who.name.empty() ? address.to_string() : who.name_space + "/" + who.name;
    };
    std::cout << "flow " << name(flow.source, flow.flow.source) << " -> "
              << name(flow.destination, flow.flow.destination) << ' ' << flow.flow.direction << ' '
              << flow.flow.forward.packets << " packets\n";
  }
  const auto stats = integrator.traffic_stats();
  std::cout << "flows " << stats.total_flows << " intra-node " << stats.intra_node_flows
            << " inter-node " << stats.inter_node_flows << " pod-to-pod " << stats.pod_to_pod_flows
            << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = example::arguments(argc, argv, 1, 2, kUsage);
  example::Stopwatch watch(arguments.seconds);

  netprobe::IntegratorOptions options;
  if (const char* node = std::getenv("NODE_NAME")) options.node_name = node;
  std::optional<netprobe::Manager> manager;
  auto integrator =
      example::value_of(netprobe::NetworkIntegrator::create(arguments.words[0], options));
  if (arguments.words.size() > 1) {
    manager = example::value_of(netprobe::Manager::create());
    example::value_of(manager->attach_network_monitor(arguments.words[1]));
    integrator.follow(*manager);
  }
  example::value_of(integrator.start());

  std::string state;
  watch.run([&] {
    const auto status = integrator.status();
    if (status.state == state) return;
    state = status.state;
    std::cout << state << (status.error.empty() ? "" : ": " + status.error) << std::endl;
    if (state != "synced" || manager) return;
    const auto pods = integrator.topology().ip_to_pod;
    if (pods.size() < 2) return;
    integrator.handle_event({.source = pods.begin()->first,
                             .destination = std::next(pods.begin())->first,
                             .source_port = 40'000,
                             .destination_port = 80,
                             .counters = {3, 180},
                             .opens = true});
  });
  print(integrator);
  integrator.stop();
  return state == "synced" ? 0 : 1;
}
