// SPDX-License-Identifier: Apache-2.0
#include "kube/identity/cluster_networks.h"

#include <algorithm>
#include <optional>

#include "model/prefix_set.h"

namespace netprobe {
namespace {

constexpr int kWidestServices = 12;     // kubeadm's own: 10.96.0.0/12
constexpr int kWidestServicesV6 = 108;  // what an API server takes at most

constexpr int kAllBits = 128;

IpPrefix alone(const IpAddress& address) { return IpPrefix::of(address, kAllBits); }

/// The narrowest that has both.
IpPrefix common(const IpPrefix& prefix, const IpAddress& address) {
  int length = prefix.length();
  IpPrefix wider = prefix;
  while (!wider.contains(address) && length > 0) wider = IpPrefix::of(prefix.network(), --length);
  return wider;
}

bool is_plausible(const IpPrefix& prefix) {
  const bool v4 = prefix.network().is_v4();
  return prefix.network().is_private() &&
         prefix.length() >= (v4 ? kWidestServices : kWidestServicesV6);
}

}  // namespace

void ClusterNetworks::take(std::map<std::string, Prefixes>& objects, const std::string& name,
                           Prefixes own, bool deleted) {
  const auto found = objects.find(name);
  if (deleted || own.empty()) {
    if (found == objects.end()) return;
    objects.erase(found);
    changed_ = true;
    return;
  }
  if (found == objects.end()) {
    if (objects.size() >= kMostObjects) return;
    objects.emplace(name, std::move(own));
    changed_ = true;
    return;
  }
  if (found->second == own) return;
  found->second = std::move(own);
  changed_ = true;
}

void ClusterNetworks::apply(const KubeChange& change) {
  Prefixes own;
  if (const auto* node = std::get_if<KubeNodePtr>(&change.object)) {
    own = (*node)->pod_cidrs;
    for (const auto* list : {&(*node)->internal_ips, &(*node)->external_ips})
      for (const IpAddress& address : *list) own.push_back(alone(address));
    take(nodes_, (*node)->meta.name, std::move(own), change.deleted);
  } else if (const auto* service = std::get_if<KubeServicePtr>(&change.object)) {
    for (const IpAddress& address : (*service)->cluster_ips) own.push_back(alone(address));
    take(services_, (*service)->meta.name_space + "/" + (*service)->meta.name, std::move(own),
         change.deleted);
  }
}

std::vector<IpPrefix> ClusterNetworks::prefixes() const {
  Prefixes all;
  for (const auto& [name, own] : nodes_) all.insert(all.end(), own.begin(), own.end());
  for (const bool v4 : {true, false}) {
    Prefixes addresses;
    for (const auto& [name, own] : services_)
      std::ranges::copy_if(own, std::back_inserter(addresses),
                           [&](const IpPrefix& prefix) { return prefix.network().is_v4() == v4; });
    std::optional<IpPrefix> whole;
    for (const IpPrefix& each : addresses) whole = whole ? common(*whole, each.network()) : each;
    if (whole && is_plausible(*whole)) addresses.assign(1, *whole);
    all.insert(all.end(), addresses.begin(), addresses.end());
  }
  return PrefixSet(std::move(all)).prefixes();
}

}  // namespace netprobe
