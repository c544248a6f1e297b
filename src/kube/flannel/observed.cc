// SPDX-License-Identifier: Apache-2.0
#include "kube/flannel/observed.h"

#include <algorithm>
#include <compare>
#include <tuple>

namespace netprobe {
namespace {

const IpPrefix& route_key(const Route* route) { return route->destination; }
auto neighbour_key(const Neighbour* one) { return std::pair(one->ifindex, one->address); }
auto entry_key(const ForwardingEntry* one) { return std::pair(one->ifindex, one->mac); }

/// By key; those of one key stay in the kernel's order.
template <typename Row, typename KeyOf>
std::vector<const Row*> sorted(const std::vector<Row>& rows, KeyOf key_of) {
  std::vector<const Row*> result;
  result.reserve(rows.size());
  for (const Row& row : rows) result.push_back(&row);
  std::ranges::sort(result, [&](const Row* left, const Row* right) {
    const auto order = key_of(left) <=> key_of(right);
    return order != 0 ? order < 0 : left < right;
  });
  return result;
}

template <typename Rows, typename Key, typename KeyOf>
auto range_of(const Rows& rows, const Key& key, KeyOf key_of) {
  const auto found = std::ranges::equal_range(rows, key, {}, key_of);
  return std::span(found.begin(), found.end());
}

}  // namespace

bool is_flannel(const TunnelDevice& device) { return device.interface.starts_with("flannel"); }

bool carries_v6(const TunnelDevice& device) {
  return device.interface.find("-v6") != std::string::npos ||
         (!device.local.is_unspecified() && !device.local.is_v4());
}

ObservedForwarding::ObservedForwarding(const ForwardingState& state)
    : state_(state),
      routes_(sorted(state.routes, route_key)),
      neighbours_(sorted(state.neighbours, neighbour_key)),
      entries_(sorted(state.entries, entry_key)) {
  for (const TunnelDevice& device : state.devices)
    if (is_flannel(device)) flannel_.insert(device.ifindex);
  for (const Route& route : state.routes)
    (route.destination.network().is_v4() ? lengths_v4_ : lengths_v6_)
        .insert(route.destination.length());
}

std::span<const Route* const> ObservedForwarding::routes_to(const IpPrefix& prefix) const {
  return range_of(routes_, prefix, route_key);
}

const Route* ObservedForwarding::best_route(const IpPrefix& prefix) const {
  for (const int length : prefix.network().is_v4() ? lengths_v4_ : lengths_v6_) {
    if (length > prefix.length()) continue;
    const auto found = routes_to(IpPrefix::of(prefix.network(), length));
    if (!found.empty()) return found.front();
  }
  return nullptr;
}

const Neighbour* ObservedForwarding::neighbour(std::uint32_t ifindex,
                                               const IpAddress& address) const {
  const auto found = range_of(neighbours_, std::pair(ifindex, address), neighbour_key);
  return found.empty() ? nullptr : found.front();
}

std::span<const ForwardingEntry* const> ObservedForwarding::entries(std::uint32_t ifindex,
                                                                    const MacAddress& mac) const {
  return range_of(entries_, std::pair(ifindex, mac), entry_key);
}

const TunnelDevice* ObservedForwarding::device(std::string_view kind, bool v6,
                                               std::uint32_t vni) const {
  const TunnelDevice* best = nullptr;
  const auto rank = [&](const TunnelDevice& one) {
    return std::tuple(carries_v6(one) == v6, vni != 0 && one.vni == vni);
  };
  for (const TunnelDevice& one : state_.devices) {
    if (!is_flannel(one) || one.kind != kind) continue;
    // One WireGuard device may carry both families; of VXLAN there are two.
    if (carries_v6(one) != v6 && kind != "wireguard") continue;
    if (best == nullptr || rank(one) > rank(*best)) best = &one;
  }
  return best;
}

bool ObservedForwarding::is_flannel_device(std::uint32_t ifindex) const {
  return flannel_.contains(ifindex);
}

}  // namespace netprobe
