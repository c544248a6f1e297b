// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace netprobe {

/// The layer that dropped a packet: device, xdp, qdisc, netfilter, bridge,
/// tunnel, neighbour, ip, icmp, tcp, udp, socket or other. From the reason's
/// name where it says so, else from the code that dropped ("ip_forward+0x1a2",
/// may be empty), else from what the reason is mostly about.
[[nodiscard]] std::string_view drop_hook(std::string_view reason, std::string_view location);

}  // namespace netprobe
