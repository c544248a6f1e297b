// SPDX-License-Identifier: Apache-2.0
#include "library/kube_convert.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "library/convert.h"
#include "model/identity_names.h"

namespace netprobe::v0 {
namespace {

constexpr const char* kOutside = "external";
constexpr const char* kElsewhere = "other-node";

void add_holders(const std::vector<netprobe::AddressClaim>& claims, Topology& to) {
  const netprobe::Nanos now = netprobe::SystemClock().wall();
  for (const netprobe::AddressClaim& claim : claims) {
    if (claim.until != 0 && claim.until <= now) continue;
    const Address address = public_address(claim.address);
    switch (claim.identity->kind) {
      case netprobe::IdentityKind::kPod:
        to.ip_to_pod.emplace(address, claim.identity->full_name());
        break;
      case netprobe::IdentityKind::kNode:
        to.ip_to_node.emplace(address, claim.identity->full_name());
        break;
      case netprobe::IdentityKind::kService:
        to.ip_to_service.emplace(address, claim.identity->full_name());
        break;
      case netprobe::IdentityKind::kExternal:
        break;
    }
  }
}

/// The node of one end of a flow, or what stands for it.
std::string place_of(const netprobe::IdentityPtr& identity, const std::string& otherwise) {
  if (!identity) return otherwise;
  if (identity->kind == netprobe::IdentityKind::kExternal) return kOutside;
  const std::string_view node = netprobe::node_of(*identity);
  return node.empty() ? otherwise : std::string(node);
}

bool has_ports(const netprobe::Flow& flow) {
  const auto protocol = flow.tuple.protocol;
  return !flow.no_ports && (protocol == kTcp || protocol == kUdp || protocol == kSctp);
}

}  // namespace

KubernetesStatus public_status(const netprobe::KubeStatus& status) {
  KubernetesStatus to;
  to.state = netprobe::to_string(status.state);
  to.server = status.server;
  to.source = status.source;
  to.error = status.error;
  to.server_version = status.server_version;
  to.synced_at = public_time(status.synced_at);
  for (const netprobe::KubeResourceStatus& each : status.resources) {
    if (each.name == "nodes") to.nodes = each.objects;
    if (each.name == "namespaces") to.namespaces = each.objects;
    if (each.name == "pods") to.pods = each.objects;
    if (each.name == "services") to.services = each.objects;
  }
  return to;
}

Identity public_identity(const netprobe::IdentityPtr& identity) {
  if (!identity) return {};
  return {std::string(netprobe::to_string(identity->kind)),
          identity->name,
          identity->name_space,
          identity->workload_kind,
          identity->workload,
          identity->node};
}

Topology public_topology(const netprobe::KubeView& view, const netprobe::FlannelReport& flannel) {
  Topology to;
  to.last_updated = public_time(view.updated);
  add_holders(view.claims, to);
  add_holders(view.service_addresses, to);
  for (const netprobe::KubeNodePtr& node : view.nodes)
    for (const netprobe::IpPrefix& cidr : node->pod_cidrs)
      to.cidr_to_node.emplace(cidr.to_string(), node->meta.name);
  for (const netprobe::FlannelNode& node : flannel.nodes) {
    if (node.backend_type != "vxlan") continue;
    if (node.vni != 0) to.vni_to_node[node.vni].push_back(node.node);
    if (node.vni_v6 != 0 && node.vni_v6 != node.vni)
      to.vni_to_node[node.vni_v6].push_back(node.node);
  }
  return to;
}

FlannelTopology public_flannel(const netprobe::FlannelReport& report) {
  FlannelTopology to;
  to.used = report.used;
  to.last_updated = public_time(report.updated);
  to.vni = report.vni;
  to.port = report.port;
  for (const netprobe::FlannelNode& node : report.nodes) {
    FlannelNode& one = to.nodes.emplace_back();
    one.node_name = node.node;
    one.internal_ip = public_address(node.internal_ip);
    for (const netprobe::IpPrefix& cidr : node.pod_cidrs) one.pod_cidrs.push_back(cidr.to_string());
    one.backend_type = node.backend_type;
    one.public_ip = public_address(node.public_ip);
    one.vni = node.vni;
    one.vtep_mac = node.vtep_mac;
    one.error = node.error;
  }
  for (const netprobe::FlannelFinding& finding : report.findings)
    to.findings.push_back(finding.what);
  to.not_compared = report.error;
  return to;
}

TrafficStats public_traffic(const netprobe::FlowKinds& kinds,
                            const std::vector<netprobe::Flow>& live, const std::string& own_node) {
  TrafficStats to;
  to.last_updated = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  to.total_flows = kinds.total;
  to.intra_node_flows = kinds.intra_node;
  to.inter_node_flows = kinds.inter_node;
  to.pod_to_pod_flows = kinds.pod_to_pod;
  to.service_flows = kinds.service;
  to.external_flows = kinds.external;
  to.vxlan_flows = kinds.vxlan;
  for (const netprobe::Flow& flow : live) {
    ++to.protocol_distribution[netprobe::protocol_name(flow.tuple.protocol)];
    if (has_ports(flow)) ++to.port_distribution[flow.tuple.dst_port];
    const std::string from =
        place_of(flow.src_identity, flow.direction == "ingress" ? kOutside : own_node);
    const std::string there = flow.direction == "egress"       ? kOutside
                              : flow.direction == "inter-node" ? kElsewhere
                                                               : own_node;
    const std::string dest = place_of(flow.dst_identity, there);
    to.node_traffic_matrix[from][dest] += flow.forward.bytes;
    to.node_traffic_matrix[dest][from] += flow.reverse.bytes;
  }
  return to;
}

}  // namespace netprobe::v0
