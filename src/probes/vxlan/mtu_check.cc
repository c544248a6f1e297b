// SPDX-License-Identifier: Apache-2.0
#include "probes/vxlan/mtu_check.h"

#include <fmt/format.h>

namespace netprobe {

std::vector<MtuTrouble> find_mtu_troubles(const InterfaceMap& interfaces) {
  std::vector<MtuTrouble> troubles;
  for (const auto& [ifindex, link] : interfaces) {
    const TunnelSettings& tunnel = link.tunnel;
    if (tunnel.overhead == 0 || !link.up) continue;
    const auto found = interfaces.find(tunnel.underlay);
    if (found == interfaces.end()) continue;
    const InterfaceInfo& underlay = found->second;
    if (underlay.mtu == 0 || underlay.mtu <= tunnel.overhead ||
        link.mtu + tunnel.overhead <= underlay.mtu)
      continue;
    MtuTrouble& trouble = troubles.emplace_back();
    trouble.interface = link.name;
    trouble.underlay = underlay.name;
    trouble.inner_mtu = link.mtu;
    trouble.overhead = tunnel.overhead;
    trouble.path_mtu = underlay.mtu;
    trouble.what = fmt::format(
        "{} ({} over {}) takes packets of up to {} bytes, which are {} with their wrapping, but "
        "{} takes only {}: set the MTU of {} to {} or less, or that of {} to {} or more",
        link.name, link.kind, tunnel.over_ipv6 ? "IPv6" : "IPv4", link.mtu,
        link.mtu + tunnel.overhead, underlay.name, underlay.mtu, link.name,
        underlay.mtu - tunnel.overhead, underlay.name, link.mtu + tunnel.overhead);
  }
  return troubles;
}

}  // namespace netprobe
