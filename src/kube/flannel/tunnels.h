// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "kube/flannel/findings.h"
#include "model/tunnel.h"

namespace netprobe {

/// What Flannel's own tunnels are like, as far as packets show it.
struct FlannelTunnelKind {
  Tunnel kind = Tunnel::kNone;   ///< kNone: its packets are not told from others
  std::set<std::uint32_t> vnis;  ///< that are declared or set up here
  std::set<IpAddress> own;       ///< addresses of this node
};

/// Tunnel packets to and from one peer.
struct FlannelTraffic {
  Counters sent;
  Counters received;
  Nanos first_sent = 0;  ///< wall; 0: never
  Nanos last_sent = 0;
  Nanos last_received = 0;
};

/// Splits what was seen of tunnels: by peer where Flannel declares it, and
/// into findings (undeclared_tunnel) where nobody does and it was seen lately.
[[nodiscard]] std::map<const FlannelNode*, FlannelTraffic> split_traffic(
    const TunnelReport& tunnels, const FlannelTunnelKind& flannel, const DeclaredIndex& declared,
    const std::vector<TunnelDevice>& devices, Nanos now, FlannelFindings& findings);

/// Is a peer sent to that does not answer?
[[nodiscard]] bool is_silent(const FlannelTraffic& traffic, Nanos now);

}  // namespace netprobe
