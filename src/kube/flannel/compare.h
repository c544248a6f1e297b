// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kube/flannel/findings.h"
#include "kube/flannel/observed.h"

namespace netprobe {

/// How a backend brings packets to another node. kOther: by something that the
/// node's tables do not show (a cloud's routes, IPsec), or not known at all.
enum class FlannelBackend { kVxlan, kHostGw, kIpip, kWireguard, kUdp, kOther };
[[nodiscard]] FlannelBackend backend_of(std::string_view type);
/// Kind of device that its packets go by; empty where by none.
[[nodiscard]] std::string_view device_kind(FlannelBackend backend);

/// What everything is compared with. All of it outlives the comparison.
struct FlannelScene {
  const FlannelNode* own = nullptr;  ///< null: no node declares to be this one
  const ForwardingState& state;
  const ObservedForwarding& observed;
  const DeclaredIndex& declared;
  std::string_view backend;  ///< of this node, else of most
  /// Flannel's devices of this node for IPv4 and for IPv6.
  const TunnelDevice* devices[2] = {nullptr, nullptr};

  [[nodiscard]] const TunnelDevice* device(bool v6) const { return devices[v6 ? 1 : 0]; }
};

/// This node: is its own declaration what the kernel has, and do MTUs fit?
void compare_own(const FlannelScene& scene, FlannelFindings& findings);

/// Another one: does this node have all that leads there? Fills in device,
/// route_expected, route, neighbour, forwarding and entries_expected of `peer`.
void compare_peer(const FlannelScene& scene, const FlannelNode& node, FlannelPeer& peer,
                  FlannelFindings& findings);

/// What leads to nodes that nobody declares (any more).
void find_stale(const FlannelScene& scene, FlannelFindings& findings);

}  // namespace netprobe
