// SPDX-License-Identifier: Apache-2.0
#include "server/discovery.h"

#include <fmt/format.h>

#include <algorithm>
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
      nodes_.insert((*node)->meta.name);
    return;
  }
  const auto* slice = std::get_if<KubeEndpointSlicePtr>(&change.object);
  if (slice == nullptr || !options_.agents.empty()) return;
  const KubeEndpointSlice& object = **slice;
  if (object.meta.name_space + "/" + object.service == options_.service)
    on_slice(object, change.deleted);
}

void Discovery::on_slice(const KubeEndpointSlice& slice, bool deleted) {
  Addresses found;
  for (const KubeEndpoint& endpoint : slice.endpoints)
    if (!endpoint.addresses.empty())  // all of one endpoint lead to the same
      found.insert(with_port(endpoint.addresses.front().to_string(), options_.port));
  std::vector<AgentPeerPtr> gone;  // ended without the lock: that may take a while
  {
    const MutexLock lock(mutex_);
    if (deleted)
      slices_.erase(slice.meta.name);
    else
      slices_[slice.meta.name] = std::move(found);
    Addresses wanted;
    for (const auto& [name, addresses] : slices_) wanted.insert(addresses.begin(), addresses.end());
    for (const std::string& address : wanted)
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

std::vector<AgentPeerPtr> Discovery::agents() const {
  const MutexLock lock(mutex_);
  std::vector<AgentPeerPtr> all;
  all.reserve(peers_.size());
  for (const auto& [address, peer] : peers_) all.push_back(peer);
  return all;
}

std::vector<std::string> Discovery::nodes() const {
  const MutexLock lock(mutex_);
  return {nodes_.begin(), nodes_.end()};
}

}  // namespace netprobe
