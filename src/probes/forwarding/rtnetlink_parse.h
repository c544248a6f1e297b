// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "model/flannel.h"

/// What rtnetlink answers, as far as forwarding is read from it: messages of
/// linux/rtnetlink.h and linux/neighbour.h. Pure. A message that is cut off or
/// of another type gives nothing; names of interfaces are left empty.
namespace netprobe {

/// Unicast routes of the main table of this address family (AF_INET,
/// AF_INET6), one for each next hop. At most 64 next hops a route.
void parse_route(const nlmsghdr* message, std::uint8_t family, std::vector<Route>& out);

/// An entry of the neighbour table with an Ethernet address; not those that
/// the kernel makes for multicast.
[[nodiscard]] std::optional<Neighbour> parse_neighbour(const nlmsghdr* message);

/// An entry of a tunnel device's own forwarding table.
[[nodiscard]] std::optional<ForwardingEntry> parse_forwarding_entry(const nlmsghdr* message);

/// An address of an interface, by its ifindex.
[[nodiscard]] std::optional<std::pair<std::uint32_t, IpPrefix>> parse_link_address(
    const nlmsghdr* message);

/// An interface's Ethernet address, by its ifindex.
[[nodiscard]] std::optional<std::pair<std::uint32_t, MacAddress>> parse_link_mac(
    const nlmsghdr* message);

}  // namespace netprobe
