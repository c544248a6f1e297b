// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "model/neighbour.h"

namespace netprobe {

/// Reads an ARP packet of Ethernet and IPv4 (RFC 826). Gratuitous ones of either operation
/// are announcements (RFC 5227 3). Nothing: it is none, or its sender's MAC address is no
/// single station's.
[[nodiscard]] std::optional<NeighbourClaim> parse_arp(std::span<const std::uint8_t> packet);

/// Reads a neighbour solicitation or advertisement (RFC 4861 4.3, 4.4), from its ICMPv6 type
/// on; `src` and `dst` are of its IP header. Nothing: it is none, or says no MAC address.
[[nodiscard]] std::optional<NeighbourClaim> parse_neighbour_discovery(
    std::span<const std::uint8_t> message, const IpAddress& src, const IpAddress& dst);

}  // namespace netprobe
