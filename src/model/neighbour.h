// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/ip_address.h"
#include "model/history.h"
#include "model/identity.h"

namespace netprobe {

using MacAddress = std::array<std::uint8_t, 6>;
/// "02:00:5e:10:00:01".
[[nodiscard]] std::string to_string(const MacAddress& mac);

enum class ClaimKind : std::uint8_t {
  kQuestion,      ///< ARP request, neighbour solicitation: who asks says who it is
  kAnswer,        ///< to one: ARP reply, advertisement
  kAnnouncement,  ///< to all: gratuitous ARP, unsolicited advertisement to all nodes
};

/// Somebody on a link says that an address is at a MAC address: by ARP (RFC 826), or by
/// IPv6 neighbour discovery (RFC 4861).
struct NeighbourClaim {
  Micros time = 0;         ///< wall
  std::uint32_t link = 0;  ///< where: ifindex of the bridge, or of the interface without one
  std::string interface;   ///< at which it was seen first
  std::uint16_t vlan = 0;  ///< 0: without a tag
  ClaimKind kind = ClaimKind::kQuestion;
  IpAddress address;  ///< that is claimed; unspecified: none, a question alone (a probe)
  MacAddress mac{};
  IpAddress other;     ///< kQuestion: whom it asks for; kAnswer: whom it tells
  IdentityPtr holder;  ///< who `address` is; null: not known
};

}  // namespace netprobe
