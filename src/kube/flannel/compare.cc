// SPDX-License-Identifier: Apache-2.0
#include "kube/flannel/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace netprobe {
namespace {

/// The name that Flannel gives the device.
std::string name_of(FlannelBackend backend, bool v6, std::uint32_t vni) {
  switch (backend) {
    case FlannelBackend::kVxlan:
      return fmt::format("flannel{}.{}", v6 ? "-v6" : "", vni);
    case FlannelBackend::kIpip:
      return "flannel.ipip";
    case FlannelBackend::kWireguard:
      return v6 ? "flannel-wg-v6" : "flannel-wg";
    default:
      return "flannel0";
  }
}

void compare_address(const FlannelNode& own, const FlannelSide& side, const TunnelDevice& device,
                     FlannelFindings& findings) {
  if (!side.overwrite.is_unspecified()) {
    if (side.overwrite != side.public_ip)
      findings.add(
          "overwrite_not_taken", own.node,
          fmt::format("public-ip-overwrite of {} is {}, but it declares {}: flanneld "
                      "takes it when it starts",
                      own.node, side.overwrite.to_string(),
                      side.public_ip.is_unspecified() ? "none" : side.public_ip.to_string()));
    return;  // behind NAT: the device has another address, as it should
  }
  if (!side.public_ip.is_unspecified() && !device.local.is_unspecified() &&
      device.local != side.public_ip)
    findings.add(
        "own_public_ip_mismatch", own.node,
        fmt::format("{} declares the public address {}, but {} sends from {}", own.node,
                    side.public_ip.to_string(), device.interface, device.local.to_string()));
}

void compare_device(const FlannelNode& own, const FlannelSide& side, const TunnelDevice& device,
                    FlannelFindings& findings) {
  if (!device.up)
    findings.add("device_down", own.node,
                 fmt::format("{} of {} is down, but declared", device.interface, own.node));
  if (device.kind == "vxlan") {
    if (side.vni != 0 && device.vni != side.vni)
      findings.add("own_vni_mismatch", own.node,
                   fmt::format("{} declares VNI {}, but {} has {}", own.node, side.vni,
                               device.interface, device.vni));
    const auto mac = parse_mac(side.vtep_mac);
    if (mac && *mac != device.mac)
      findings.add("own_vtep_mac_mismatch", own.node,
                   fmt::format("{} declares the VTEP MAC {}, but {} has {}", own.node,
                               side.vtep_mac, device.interface, format_mac(device.mac)));
  }
  // WireGuard listens at all addresses.
  if (device.kind != "wireguard") compare_address(own, side, device, findings);
}

void compare_mtu(const FlannelScene& scene, FlannelFindings& findings) {
  for (const TunnelDevice& device : scene.state.devices) {
    if (!is_flannel(device) || !device.up || device.overhead == 0 || device.underlay_mtu == 0 ||
        device.mtu + device.overhead <= device.underlay_mtu)
      continue;
    findings.add("mtu_mismatch", scene.own == nullptr ? std::string() : scene.own->node,
                 fmt::format("{} takes packets of {} bytes, which are {} with their wrapping, but "
                             "{} takes {}",
                             device.interface, device.mtu, device.mtu + device.overhead,
                             device.underlay, device.underlay_mtu));
  }
}

/// Are routes by this device one for each node, via it?
bool by_node(const TunnelDevice& device) {
  return is_flannel(device) && (device.kind == "vxlan" || device.kind == "ipip");
}

}  // namespace

FlannelBackend backend_of(std::string_view type) {
  if (type == "vxlan") return FlannelBackend::kVxlan;
  if (type == "host-gw") return FlannelBackend::kHostGw;
  if (type == "ipip") return FlannelBackend::kIpip;
  if (type == "wireguard") return FlannelBackend::kWireguard;
  if (type == "udp") return FlannelBackend::kUdp;
  return FlannelBackend::kOther;
}

std::string_view device_kind(FlannelBackend backend) {
  switch (backend) {
    case FlannelBackend::kVxlan:
      return "vxlan";
    case FlannelBackend::kIpip:
      return "ipip";
    case FlannelBackend::kWireguard:
      return "wireguard";
    case FlannelBackend::kUdp:
      return "tun";
    default:
      return {};
  }
}

void compare_own(const FlannelScene& scene, FlannelFindings& findings) {
  compare_mtu(scene, findings);
  if (scene.own == nullptr) return;
  const FlannelNode& own = *scene.own;
  const FlannelBackend backend = backend_of(own.backend_type);
  if (device_kind(backend).empty()) return;
  for (const bool v6 : {false, true}) {
    const FlannelSide side = side_of(own, v6);
    // Which families it carries: VXLAN says so by its MAC, others by an address.
    const bool declared = backend == FlannelBackend::kVxlan ? !side.vtep_mac.empty()
                                                            : !side.public_ip.is_unspecified();
    if (!declared) continue;
    if (const TunnelDevice* device = scene.device(v6))
      compare_device(own, side, *device, findings);
    else
      findings.add(
          "missing_device", own.node,
          fmt::format("{} declares the backend {}, but has no device {}", own.node,
                      own.backend_type, name_of(backend, v6, side.vni == 0 ? 1 : side.vni)));
  }
}

void find_stale(const FlannelScene& scene, FlannelFindings& findings) {
  const auto device_of = [&](std::uint32_t ifindex) -> const TunnelDevice* {
    const auto found = std::ranges::find(scene.state.devices, ifindex, &TunnelDevice::ifindex);
    return found != scene.state.devices.end() && by_node(*found) ? &*found : nullptr;
  };
  for (const Route& route : scene.state.routes) {
    const TunnelDevice* device = device_of(route.ifindex);
    if (device == nullptr || route.gateway.is_unspecified() ||
        scene.declared.by_subnet(route.destination) != nullptr)
      continue;
    findings.add("stale_route", {},
                 fmt::format("there is a route to {} by {}, but no node declares this subnet",
                             route.destination.to_string(), device->interface));
  }
  for (const Neighbour& neighbour : scene.state.neighbours) {
    const TunnelDevice* device = device_of(neighbour.ifindex);
    // Others than permanent ones the kernel found, and forgets.
    if (device == nullptr || !neighbour.permanent ||
        scene.declared.by_next_hop(neighbour.address) != nullptr)
      continue;
    findings.add(
        "stale_neighbour", {},
        fmt::format("{} has a neighbour entry for {} ({}), but no node's subnet begins "
                    "with this address",
                    device->interface, neighbour.address.to_string(), format_mac(neighbour.mac)));
  }
  for (const ForwardingEntry& entry : scene.state.entries) {
    const TunnelDevice* device = device_of(entry.ifindex);
    if (device == nullptr || entry.remote.is_unspecified()) continue;
    const std::string mac = format_mac(entry.mac);
    const FlannelNode* by_mac = scene.declared.by_mac(mac);
    const FlannelNode* by_remote = scene.declared.by_endpoint(entry.remote);
    if (by_mac == nullptr) {
      findings.add("stale_forwarding_entry", by_remote == nullptr ? "" : by_remote->node,
                   fmt::format("{} has a forwarding entry for {} to {}, but no node declares this "
                               "VTEP MAC",
                               device->interface, mac, entry.remote.to_string()));
      continue;
    }
    // A second one beside the right one: packets go to both.
    const IpAddress right = side_of(*by_mac, carries_v6(*device)).public_ip;
    const bool has_right =
        std::ranges::any_of(scene.observed.entries(entry.ifindex, entry.mac),
                            [&](const ForwardingEntry* other) { return other->remote == right; });
    if (has_right && entry.remote != right)
      findings.add("stale_forwarding_entry", by_mac->node,
                   fmt::format("{} has a second forwarding entry for {} to {}, but {} declares {}",
                               device->interface, mac, entry.remote.to_string(), by_mac->node,
                               right.to_string()));
  }
}

}  // namespace netprobe
