// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "kube/flannel/compare.h"

namespace netprobe {
namespace {

std::string way_of(const Route& route) {
  std::string text;
  if (!route.gateway.is_unspecified()) text = fmt::format("via {} ", route.gateway.to_string());
  return text + "dev " +
         (route.interface.empty() ? fmt::format("#{}", route.ifindex) : route.interface);
}

/// One peer, one pod CIDR.
class SubnetCheck {
 public:
  SubnetCheck(const FlannelScene& scene, const FlannelNode& node, const IpPrefix& subnet,
              FlannelFindings& findings)
      : scene_(scene),
        node_(node),
        subnet_(subnet),
        v6_(!subnet.network().is_v4()),
        side_(side_of(node, v6_)),
        findings_(findings) {}

  struct Outcome {
    bool expected = false;         ///< anything at all
    const Route* route = nullptr;  ///< a right one
    bool entries_expected = false;
    bool neighbour = false;
    bool forwarding = false;
  };

  Outcome run(FlannelBackend backend) {
    switch (backend) {
      case FlannelBackend::kVxlan:
        check_vxlan();
        break;
      case FlannelBackend::kHostGw:
        if (has_public()) expect_route(nullptr, side_.public_ip);
        break;
      case FlannelBackend::kIpip:
        if (has_public()) expect_route(scene_.device(v6_), side_.public_ip);
        break;
      case FlannelBackend::kWireguard:
      case FlannelBackend::kUdp:
        if (const auto* device = scene_.device(v6_)) expect_cover(*device);
        break;
      case FlannelBackend::kOther:
        break;
    }
    return outcome_;
  }

 private:
  [[nodiscard]] bool has_public() const { return !side_.public_ip.is_unspecified(); }
  void add(std::string_view kind, std::string what) {
    findings_.add(kind, node_.node, std::move(what));
  }

  void check_vxlan() {
    const TunnelDevice* device = scene_.device(v6_);
    // A family that Flannel does not carry, or a device whose absence is told.
    if (device == nullptr || side_.vtep_mac.empty()) return;
    const std::uint32_t vni = device->vni;
    if (side_.vni != 0 && side_.vni != vni)
      add("vni_mismatch", fmt::format("{} declares VNI {}, but {} of this node has {}", node_.node,
                                      side_.vni, device->interface, vni));
    expect_route(device, subnet_.network());
    // DirectRouting: what goes to the node itself needs no tunnel.
    if (outcome_.route != nullptr && outcome_.route->ifindex != device->ifindex) return;
    outcome_.entries_expected = true;
    const auto mac = parse_mac(side_.vtep_mac);
    if (!mac) return;
    check_neighbour(*device, *mac);
    check_entry(*device, *mac);
  }

  /// A route to the very subnet, by this device via this gateway; or straight
  /// to the node, by none of Flannel's.
  void expect_route(const TunnelDevice* device, const IpAddress& gateway) {
    outcome_.expected = true;
    const auto routes = scene_.observed.routes_to(subnet_);
    for (const Route* route : routes) {
      const bool tunnelled = scene_.observed.is_flannel_device(route->ifindex);
      const bool by_device =
          device != nullptr && route->ifindex == device->ifindex && route->gateway == gateway;
      const bool direct =
          !tunnelled && has_public() &&
          (route->gateway == side_.public_ip ||
           (!node_.internal_ip.is_unspecified() && route->gateway == node_.internal_ip));
      if (!by_device && !direct) continue;
      outcome_.route = route;
      return;
    }
    if (routes.empty()) return missing_route();
    const Route& is = *routes.front();
    const bool right_device = device == nullptr ? !scene_.observed.is_flannel_device(is.ifindex)
                                                : is.ifindex == device->ifindex;
    if (right_device)
      add("wrong_gateway",
          fmt::format("the route to {} of {} goes {}, not via {}", subnet_.to_string(), node_.node,
                      way_of(is), gateway.to_string()));
    else
      add("wrong_device",
          fmt::format(
              "the route to {} of {} goes {}, not {}", subnet_.to_string(), node_.node, way_of(is),
              device == nullptr ? "via " + gateway.to_string() : "by " + device->interface));
  }

  /// A route that has the subnet in it: these backends have one for all.
  void expect_cover(const TunnelDevice& device) {
    outcome_.expected = true;
    const Route* best = scene_.observed.best_route(subnet_);
    if (best != nullptr && best->ifindex == device.ifindex) {
      outcome_.route = best;
    } else if (best == nullptr || best->destination.length() == 0) {
      missing_route();
    } else {
      add("wrong_device",
          fmt::format("packets to {} of {} go to {} {}, not by {}", subnet_.to_string(), node_.node,
                      best->destination.to_string(), way_of(*best), device.interface));
    }
  }

  void missing_route() {
    // A list that was cut may have it beyond the cut.
    if (scene_.state.truncated > 0) return;
    const Route* best = scene_.observed.best_route(subnet_);
    add("missing_route",
        fmt::format("there is no route to {} of {}: {}", subnet_.to_string(), node_.node,
                    best == nullptr ? std::string("such packets are refused")
                                    : fmt::format("such packets go to {} {}",
                                                  best->destination.to_string(), way_of(*best))));
  }

  void check_neighbour(const TunnelDevice& device, const MacAddress& mac) {
    const IpAddress& hop = subnet_.network();
    const Neighbour* found = scene_.observed.neighbour(device.ifindex, hop);
    if (found == nullptr) {
      if (scene_.state.truncated == 0)
        add("missing_neighbour",
            fmt::format("{} has no neighbour entry for {} of {}, which would be {}",
                        device.interface, hop.to_string(), node_.node, side_.vtep_mac));
    } else if (found->mac != mac) {
      add("wrong_vtep_mac",
          fmt::format("the neighbour entry for {} at {} is {}, but {} declares the VTEP MAC {}",
                      hop.to_string(), device.interface, format_mac(found->mac), node_.node,
                      side_.vtep_mac));
    } else {
      outcome_.neighbour = true;
    }
  }

  void check_entry(const TunnelDevice& device, const MacAddress& mac) {
    if (!has_public()) return;
    const auto found = scene_.observed.entries(device.ifindex, mac);
    if (found.empty()) {
      if (scene_.state.truncated == 0)
        add("missing_forwarding_entry",
            fmt::format("{} has no forwarding entry for {} of {}, which would lead to {}",
                        device.interface, side_.vtep_mac, node_.node, side_.public_ip.to_string()));
      return;
    }
    const auto right = std::ranges::find(found, side_.public_ip, &ForwardingEntry::remote);
    if (right == found.end())
      add("wrong_forwarding_entry",
          fmt::format("the forwarding entry for {} at {} leads to {}, but {} declares the public "
                      "address {}",
                      side_.vtep_mac, device.interface, found.front()->remote.to_string(),
                      node_.node, side_.public_ip.to_string()));
    outcome_.forwarding = right != found.end();
  }

  const FlannelScene& scene_;
  const FlannelNode& node_;
  const IpPrefix& subnet_;
  bool v6_;
  FlannelSide side_;
  FlannelFindings& findings_;
  Outcome outcome_;
};

/// May this node have anything that leads there? If not, says why.
bool comparable(const FlannelScene& scene, const FlannelNode& node, FlannelFindings& findings) {
  if (!node.error.empty()) return false;  // told of where it was read
  if (!node.managed) {
    findings.add("not_managed", node.node,
                 fmt::format("{} is declared without kube-subnet-manager=true: flanneld of other "
                             "nodes passes over it",
                             node.node));
    return false;
  }
  if (node.backend_type != scene.backend) {
    findings.add("backend_mismatch", node.node,
                 fmt::format("{} declares the backend {}, but {} has {}: flanneld of either passes "
                             "over the other",
                             node.node, node.backend_type,
                             scene.own == nullptr ? "most" : scene.own->node, scene.backend));
    return false;
  }
  if (node.pod_cidrs.empty())
    findings.add("missing_subnet", node.node,
                 fmt::format("{} has no pod CIDR: there is nothing to route to", node.node));
  return true;
}

}  // namespace

void compare_peer(const FlannelScene& scene, const FlannelNode& node, FlannelPeer& peer,
                  FlannelFindings& findings) {
  if (!comparable(scene, node, findings)) return;
  int expected = 0;
  int routes = 0;
  int entries = 0;
  int neighbours = 0;
  int forwarding = 0;
  for (const IpPrefix& subnet : node.pod_cidrs) {
    const auto outcome = SubnetCheck(scene, node, subnet, findings).run(backend_of(scene.backend));
    expected += outcome.expected ? 1 : 0;
    routes += outcome.route != nullptr ? 1 : 0;
    entries += outcome.entries_expected ? 1 : 0;
    neighbours += outcome.neighbour ? 1 : 0;
    forwarding += outcome.forwarding ? 1 : 0;
    if (outcome.route != nullptr && peer.device.empty()) peer.device = outcome.route->interface;
  }
  peer.route_expected = expected > 0;
  peer.route = expected > 0 && routes == expected;
  peer.entries_expected = entries > 0;
  peer.neighbour = entries > 0 && neighbours == entries;
  peer.forwarding = entries > 0 && forwarding == entries;
}

}  // namespace netprobe
