// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/flannel.h"

namespace netprobe {

/// Flannel names its devices "flannel.1", "flannel-v6.1", "flannel-wg",
/// "flannel.ipip", "flannel0".
[[nodiscard]] bool is_flannel(const TunnelDevice& device);
/// Does it carry IPv6 packets of pods? (Wireguard's may carry both.)
[[nodiscard]] bool carries_v6(const TunnelDevice& device);

/// Looks things up in a node's forwarding state. Refers to the state.
class ObservedForwarding {
 public:
  explicit ObservedForwarding(const ForwardingState& state);

  /// Routes to exactly this prefix.
  [[nodiscard]] std::span<const Route* const> routes_to(const IpPrefix& prefix) const;
  /// What the kernel takes for the prefix's first address; null without.
  [[nodiscard]] const Route* best_route(const IpPrefix& prefix) const;
  [[nodiscard]] const Neighbour* neighbour(std::uint32_t ifindex, const IpAddress& address) const;
  [[nodiscard]] std::span<const ForwardingEntry* const> entries(std::uint32_t ifindex,
                                                                const MacAddress& mac) const;
  /// Flannel's device of this kind and family, one of this VNI if there is
  /// any; null without.
  [[nodiscard]] const TunnelDevice* device(std::string_view kind, bool v6, std::uint32_t vni) const;
  /// Is it one of Flannel's?
  [[nodiscard]] bool is_flannel_device(std::uint32_t ifindex) const;

 private:
  const ForwardingState& state_;
  // Sorted by what they are looked up by.
  std::vector<const Route*> routes_;
  std::vector<const Neighbour*> neighbours_;
  std::vector<const ForwardingEntry*> entries_;
  std::set<std::uint32_t> flannel_;
  /// Lengths of prefixes that there are, of IPv4 and of IPv6.
  std::set<int, std::greater<>> lengths_v4_;
  std::set<int, std::greater<>> lengths_v6_;
};

}  // namespace netprobe
