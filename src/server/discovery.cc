// SPDX-License-Identifier: Apache-2.0
#include "server/discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

namespace netprobe {

std::string with_port(const std::string& host, std::uint16_t port) {
  const auto colons = std::ranges::count(host, ':');
  if (host.starts_with('[')) {
    return host.ends_with(']') ? fmt::format("{}:{}", host, port) : host;
  }
  if (colons == 1) return host;
  return colons == 0 ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

Discovery::Discovery(DiscoveryOptions options, PeerFactory factory)
    : options_(std::move(options)), factory_(std::move(factory)) {
  const MutexLock lock(mutex_);
  for (const std::string& agent : options_.agents) {
    const std::string address = with_port(agent, options_.port);
    if (auto& peer = peers_[address]; !peer) peer = factory_(address);
  }
}

void Discovery::on_change(const KubeChange& change) {
  if (const auto* node = std::get_if<KubeNodePtr>(&change.object)) {
    const MutexLock lock(mutex_);
    if (change.deleted)
      nodes_.erase((*node)->meta.name);
    else
      nodes_[(*node)->meta.name] = (*node)->internal_ips;
    return;
  }
  const auto* slice = std::get_if<KubeEndpointSlicePtr>(&change.object);
  if (slice == nullptr || !options_.agents.empty()) return;
  const KubeEndpointSlice& object = **slice;
  if (object.meta.name_space + "/" + object.service == options_.service)
    on_slice(object, change.deleted);
}

void Discovery::on_slice(const KubeEndpointSlice& slice, bool deleted) {
  Endpoints found;
  for (const KubeEndpoint& endpoint : slice.endpoints) {
    if (endpoint.addresses.empty()) continue;
    // All of one endpoint lead to the same.
    std::string address = with_port(endpoint.addresses.front().to_string(), options_.port);
    std::string agent =
        endpoint.pod.empty() ? address : endpoint.pod_name_space + "/" + endpoint.pod;
    found[std::move(address)] = {std::move(agent), endpoint.node};
  }
  std::vector<AgentPeerPtr> gone;  // ended without the lock: that may take a while
  {
    const MutexLock lock(mutex_);
    if (deleted)
      slices_.erase(slice.meta.name);
    else
      slices_[slice.meta.name] = std::move(found);
    const Endpoints wanted = this->wanted();
    for (const auto& [address, endpoint] : wanted)
      if (auto& peer = peers_[address]; !peer) peer = factory_(address);
    for (auto it = peers_.begin(); it != peers_.end();) {
      if (wanted.contains(it->first)) {
        ++it;
        continue;
      }
      gone.push_back(std::move(it->second));
      it = peers_.erase(it);
    }
  }
}

Discovery::Endpoints Discovery::wanted() const {
  Endpoints all;
  for (const auto& [name, endpoints] : slices_) all.insert(endpoints.begin(), endpoints.end());
  std::set<std::string> known;
  // '[' of IPv6 is behind all digits.
  std::erase_if(all, [&](const auto& each) { return !known.insert(each.second.agent).second; });
  return all;
}

std::vector<AgentPeerPtr> Discovery::agents() const {
  const MutexLock lock(mutex_);
  std::vector<AgentPeerPtr> all;
  all.reserve(peers_.size());
  for (const auto& [address, peer] : peers_) all.push_back(peer);
  return all;
}

std::vector<std::string> Discovery::nodes() const {
  const MutexLock lock(mutex_);
  std::vector<std::string> all;
  all.reserve(nodes_.size());
  for (const auto& [name, addresses] : nodes_) all.push_back(name);
  return all;
}

std::string Discovery::node_at(const std::string& address) const {
  std::string host = address.substr(0, address.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto ip = IpAddress::parse(host);
  const MutexLock lock(mutex_);
  for (const auto& [name, endpoints] : slices_)
    if (const auto found = endpoints.find(address);
        found != endpoints.end() && !found->second.node.empty())
      return found->second.node;
  for (const auto& [name, addresses] : nodes_)
    if (ip ? std::ranges::find(addresses, *ip) != addresses.end() : name == host) return name;
  return {};
}

}  // namespace netprobe
