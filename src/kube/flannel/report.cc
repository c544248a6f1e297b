// SPDX-License-Identifier: Apache-2.0
#include "kube/flannel/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "kube/flannel/compare.h"
#include "kube/flannel/declared.h"
#include "kube/flannel/tunnels.h"

namespace netprobe {
namespace {

const FlannelNode* find_own(const FlannelReport& report, std::string_view name) {
  const auto by_name = std::ranges::find(report.nodes, name, &FlannelNode::node);
  if (by_name != report.nodes.end()) return &*by_name;
  for (const FlannelNode& node : report.nodes)
    for (const TunnelDevice& device : report.devices)
      if (!device.local.is_unspecified() &&
          (device.local == node.public_ip || device.local == node.public_ipv6))
        return &node;
  return nullptr;
}

/// What this node has; where it declares nothing, what most have.
std::string_view main_backend(const FlannelReport& report, const FlannelNode* own) {
  if (own != nullptr && !own->backend_type.empty()) return own->backend_type;
  std::map<std::string_view, std::size_t> counts;
  for (const FlannelNode& node : report.nodes) ++counts[node.backend_type];
  const auto most =
      std::ranges::max_element(counts, {}, [](const auto& one) { return one.second; });
  return most == counts.end() ? std::string_view() : most->first;
}

/// The nodes by themselves: what they declare, or do not.
void check_declarations(std::span<const KubeNodePtr> nodes, const FlannelReport& report,
                        const DeclaredIndex& declared, FlannelFindings& findings) {
  std::set<std::string_view> others;
  for (const FlannelNode& node : report.nodes) {
    if (!node.error.empty())
      findings.add("unreadable_annotations", node.node,
                   fmt::format("what {} declares cannot be read: {}", node.node, node.error));
    else if (backend_of(node.backend_type) == FlannelBackend::kOther)
      others.insert(node.backend_type);
  }
  for (const std::string_view backend : others)
    findings.add("backend_not_compared", {},
                 fmt::format("the backend {} is declared: what it sets up is not in a node's "
                             "routes and tunnels, so they are not compared",
                             backend));
  for (const KubeNodePtr& node : nodes) {
    if (!node || std::ranges::binary_search(report.nodes, node->meta.name, {}, &FlannelNode::node))
      continue;
    findings.add("not_declared", node->meta.name,
                 fmt::format("{} has no annotation of Flannel, but {} other nodes have: flanneld "
                             "has not registered it",
                             node->meta.name, report.nodes.size()));
  }
  declared.find_duplicates(report.nodes, findings);
}

FlannelTunnelKind tunnels_of(const FlannelReport& report, const FlannelScene& scene) {
  FlannelTunnelKind result;
  const FlannelBackend backend = backend_of(scene.backend);
  if (backend == FlannelBackend::kVxlan) result.kind = Tunnel::kVxlan;
  if (backend == FlannelBackend::kIpip) result.kind = Tunnel::kIpip;
  if (backend == FlannelBackend::kIpip) result.vnis.insert(0);
  for (const FlannelNode& node : report.nodes) {
    if (backend != FlannelBackend::kVxlan) break;
    for (const std::uint32_t vni : {node.vni, node.vni_v6})
      if (vni != 0) result.vnis.insert(vni);
  }
  // Old annotations have no VNI: then the device's is the declared one.
  if (result.vnis.empty() && report.vni != 0) result.vnis.insert(report.vni);
  for (const TunnelDevice& device : report.devices)
    if (!device.local.is_unspecified()) result.own.insert(device.local);
  if (scene.own != nullptr)
    for (const IpAddress& address :
         {scene.own->public_ip, scene.own->public_ipv6, scene.own->public_ip_overwrite,
          scene.own->public_ipv6_overwrite, scene.own->internal_ip})
      if (!address.is_unspecified()) result.own.insert(address);
  return result;
}

void compare_peers(FlannelReport& report, const FlannelScene& scene, const TunnelReport& tunnels,
                   Nanos now, FlannelFindings& findings) {
  const auto traffic = split_traffic(tunnels, tunnels_of(report, scene), scene.declared,
                                     scene.state.devices, now, findings);
  for (const FlannelNode& node : report.nodes) {
    FlannelPeer& peer = report.peers.emplace_back();
    peer.node = node.node;
    peer.self = &node == scene.own;
    if (peer.self) continue;
    if (report.error.empty()) compare_peer(scene, node, peer, findings);
    const auto seen = traffic.find(&node);
    if (seen == traffic.end()) continue;
    peer.sent = seen->second.sent;
    peer.received = seen->second.received;
    peer.last_seen = std::max(seen->second.last_sent, seen->second.last_received);
    if (is_silent(seen->second, now))
      findings.add("silent_peer", node.node,
                   fmt::format("{} packets were sent to {} by the tunnel, and {} were received: "
                               "none of late",
                               peer.sent.packets, node.node, peer.received.packets));
  }
}

}  // namespace

FlannelReport flannel_report(std::span<const KubeNodePtr> nodes, std::string_view own_node,
                             const ForwardingState& state, const TunnelReport& tunnels, Nanos now) {
  FlannelReport report;
  report.updated = now;
  report.observed_at = state.taken_at;
  report.nodes = declared_flannel(nodes);
  std::ranges::copy_if(state.devices, std::back_inserter(report.devices), is_flannel);
  report.used = !report.nodes.empty() || !report.devices.empty();
  report.error = state.error;
  if (report.error.empty() && state.taken_at == 0)
    report.error = "routes and neighbours have not been read: the forwarding probe is off";
  if (!report.used) return report;

  const DeclaredIndex declared(report.nodes);
  const ObservedForwarding observed(state);
  FlannelScene scene{.state = state, .observed = observed, .declared = declared};
  scene.own = find_own(report, own_node);
  scene.backend = main_backend(report, scene.own);
  const auto kind =
      report.nodes.empty() ? std::string_view("vxlan") : device_kind(backend_of(scene.backend));
  for (const bool v6 : {false, true})
    scene.devices[v6 ? 1 : 0] =
        observed.device(kind, v6, scene.own == nullptr ? 0 : side_of(*scene.own, v6).vni);
  const TunnelDevice* device = scene.device(false) ? scene.device(false) : scene.device(true);
  if (device != nullptr) {
    report.vni = device->vni;
    report.port = device->port;
  } else if (scene.own != nullptr) {
    report.vni = scene.own->vni != 0 ? scene.own->vni : scene.own->vni_v6;
  }

  FlannelFindings findings(report);
  if (report.error.empty()) compare_own(scene, findings);
  // Nothing is declared without Kubernetes: then this is all there is to say.
  if (report.nodes.empty()) return report;
  check_declarations(nodes, report, declared, findings);
  if (scene.own == nullptr)
    findings.add("own_node_not_declared", {},
                 fmt::format("this node is {}, and no node of that name has Flannel's annotations, "
                             "nor does any declare an address of a tunnel device here",
                             own_node.empty() ? "without a name" : own_node));
  // Who is no node of this cluster has nothing to compare.
  const bool takes_part = scene.own != nullptr || !report.devices.empty();
  if (!takes_part) return report;
  compare_peers(report, scene, tunnels, now, findings);
  if (report.error.empty()) find_stale(scene, findings);
  return report;
}

const FlannelReport& FlannelReporter::report(std::span<const KubeNodePtr> nodes,
                                             std::string_view own_node,
                                             const ForwardingState& state,
                                             const TunnelReport& tunnels, Nanos now) {
  // The clock may have been set back.
  const bool young = now >= last_.updated && now - last_.updated < kSecond;
  if (young && state.taken_at == last_.observed_at && state.error == error_ &&
      own_node == own_node_ && std::ranges::equal(nodes, nodes_))
    return last_;
  last_ = flannel_report(nodes, own_node, state, tunnels, now);
  nodes_.assign(nodes.begin(), nodes.end());
  own_node_ = own_node;
  error_ = state.error;
  return last_;
}

}  // namespace netprobe
