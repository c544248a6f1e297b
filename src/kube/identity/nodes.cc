// SPDX-License-Identifier: Apache-2.0
#include "kube/identity/nodes.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "kube/identity/workloads.h"

namespace netprobe {
namespace {

// What a node's pools are called: GKE, EKS, AKS, Karpenter, eksctl, kOps,
// DigitalOcean, Scaleway, IBM, OpenStack Magnum, Cluster API, DOKS' and
// others' common one. First found wins.
constexpr std::array<std::string_view, 14> kPoolLabels{
    "cloud.google.com/gke-nodepool",
    "eks.amazonaws.com/nodegroup",
    "kubernetes.azure.com/agentpool",
    "agentpool",
    "karpenter.sh/nodepool",
    "karpenter.sh/provisioner-name",
    "alpha.eksctl.io/nodegroup-name",
    "kops.k8s.io/instancegroup",
    "doks.digitalocean.com/node-pool",
    "k8s.scaleway.com/pool-name",
    "ibm-cloud.kubernetes.io/worker-pool-name",
    "magnum.openstack.org/nodegroup",
    "cluster.x-k8s.io/deployment-name",
    "node.kubernetes.io/pool",
};

// Addresses that a node had; more are not remembered.
constexpr std::size_t kMostFormer = 16;

bool uses_flannel(const KubeNode& node) {
  return std::ranges::any_of(node.annotations, [](const auto& annotation) {
    return annotation.first.starts_with("flannel.alpha.coreos.com/");
  });
}

/// The address that is so many behind the first of the prefix, if it is in it.
std::vector<IpAddress> inferred(const KubeNode& node) {
  std::vector<IpAddress> result;
  // Other plugins may give these to pods.
  if (!uses_flannel(node)) return result;
  for (const IpPrefix& cidr : node.pod_cidrs) {
    const IpAddress& tunnel = cidr.network();  // flannel.N
    auto bytes = tunnel.bytes();
    bytes[15] |= 1;  // cni0
    const IpAddress bridge(bytes);
    if (cidr.bits() > 126 || !cidr.contains(bridge)) continue;
    result.push_back(tunnel);
    result.push_back(bridge);
  }
  return result;
}

}  // namespace

bool can_be_held(const IpAddress& address) {
  // ::ffff:0.0.0.0 is "any" as well.
  return !address.is_unspecified() && address != IpAddress::v4(0) && !address.is_loopback() &&
         !address.is_multicast();
}

std::string zone_of(const KubeLabels& labels) {
  for (const auto name :
       {"topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"}) {
    if (const std::string* zone = find_label(labels, name)) return *zone;
  }
  return {};
}

std::string node_pool_of(const KubeLabels& labels) {
  for (const auto name : kPoolLabels) {
    if (const std::string* pool = find_label(labels, name)) return *pool;
  }
  return {};
}

const NodeTable::Place* NodeTable::find(const std::string& name) const {
  const auto found = nodes_.find(name);
  return found == nodes_.end() ? nullptr : &found->second->place;
}

bool NodeTable::apply(const KubeNodePtr& node, bool deleted, Nanos seen, std::uint64_t& skipped) {
  if (node->meta.name.empty()) {
    ++skipped;
    return false;
  }
  auto& slot = nodes_[node->meta.name];
  const bool is_new = slot == nullptr;
  if (is_new) slot = std::make_unique<Record>();
  Record& record = *slot;
  if (!is_new && deleted && record.node->meta.uid != node->meta.uid)
    return false;  // its successor's
  gone_ += static_cast<std::size_t>(deleted) - static_cast<std::size_t>(record.gone != 0);
  take_pod_networks(record.gone == 0 ? record.node.get() : nullptr, deleted ? nullptr : node.get());
  objects.replace(record.gone == 0 ? record.node : nullptr, deleted ? nullptr : node);
  record.gone = deleted ? std::max<Nanos>(seen, 1) : 0;
  record.node = node;
  Place place{zone_of(node->labels), node_pool_of(node->labels)};
  const bool moved = place.zone != record.place.zone || place.pool != record.place.pool;
  record.place = std::move(place);
  name(record);
  claim(record, seen, skipped);
  return moved;
}

void NodeTable::take_pod_networks(const KubeNode* before, const KubeNode* now) {
  if (now != nullptr)
    for (const IpPrefix& network : now->pod_cidrs) ++pod_networks_[network];
  if (before == nullptr) return;
  for (const IpPrefix& network : before->pod_cidrs) {
    const auto found = pod_networks_.find(network);
    if (found != pod_networks_.end() && --found->second == 0) pod_networks_.erase(found);
  }
}

bool NodeTable::in_pod_network(const IpAddress& address) const {
  // Networks of nodes do not overlap: it is in the last that begins before it.
  const auto after = pod_networks_.upper_bound(IpPrefix::of(address, 128));
  return after != pod_networks_.begin() && std::prev(after)->first.contains(address);
}

void NodeTable::name(Record& record) {
  const KubeNode& node = *record.node;
  if (record.identity && record.identity->uid == node.meta.uid &&
      record.identity->zone == record.place.zone &&
      record.identity->node_pool == record.place.pool &&
      record.identity->labels.get() == node.labels)
    return;
  Identity identity;
  identity.kind = IdentityKind::kNode;
  identity.name = identity.node = identity.workload = node.meta.name;
  identity.workload_kind = "Node";
  identity.zone = record.place.zone;
  identity.node_pool = record.place.pool;
  identity.uid = node.meta.uid;
  identity.labels = labels_.share(node.labels);
  record.identity = std::make_shared<const Identity>(std::move(identity));
}

void NodeTable::claim(Record& record, Nanos seen, std::uint64_t& skipped) {
  const KubeNode& node = *record.node;
  std::vector<std::pair<IpAddress, Rank>> now;
  const auto add = [&](const IpAddress& address, Rank rank) {
    if (!can_be_held(address)) {
      ++skipped;
    } else if (std::ranges::find(now, address, &std::pair<IpAddress, Rank>::first) == now.end()) {
      now.emplace_back(address, rank);
    }
  };
  for (const IpAddress& address : node.internal_ips) add(address, Rank::kNode);
  for (const IpAddress& address : node.external_ips) add(address, Rank::kNode);
  for (const IpAddress& address : inferred(node)) add(address, Rank::kInferred);
  // A node has its addresses before it has an object: from ever, where nobody
  // else is known to have had them.
  const Nanos sign = std::clamp<Nanos>(node.meta.created, 1, std::max<Nanos>(seen, 1));
  Tenure tenure{.earliest = 1, .sign = sign, .seen = seen, .gone = record.gone};
  const auto is_in = [](const auto& list, const IpAddress& address) {
    return std::ranges::find(list, address, &std::pair<IpAddress, Rank>::first) != list.end();
  };
  for (const auto& [address, rank] : record.addresses) {
    if (is_in(now, address)) continue;
    tenure.rank = rank;
    Tenure ended = tenure;
    ended.gone = seen;
    book_.hold(address, record, ended);
    record.former_addresses.emplace_back(address, rank);
  }
  for (const auto& [address, rank] : now) {
    tenure.rank = rank;
    book_.hold(address, record, tenure);
  }
  std::erase_if(record.former_addresses,
                [&](const auto& former) { return is_in(now, former.first); });
  while (record.former_addresses.size() > kMostFormer) {
    book_.release(record.former_addresses.front().first, record);
    record.former_addresses.erase(record.former_addresses.begin());
  }
  record.addresses = std::move(now);
}

void NodeTable::forget(Nanos before) {
  if (gone_ == 0) return;
  boost::unordered::erase_if(nodes_, [&](auto& entry) {
    Record& record = *entry.second;
    if (record.gone == 0 || record.gone > before) return false;
    for (const auto& [address, rank] : record.addresses) book_.release(address, record);
    for (const auto& [address, rank] : record.former_addresses) book_.release(address, record);
    --gone_;
    return true;
  });
}

}  // namespace netprobe
