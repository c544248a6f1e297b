// SPDX-License-Identifier: Apache-2.0
#include "probes/forwarding/rtnetlink_parse.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/netlink.h"

namespace netprobe {
namespace {

constexpr int kMaxNextHops = 64;

std::uint32_t u32_of(const nlattr* attribute) {
  return mnl_attr_get_payload_len(attribute) >= sizeof(std::uint32_t) ? mnl_attr_get_u32(attribute)
                                                                      : 0;
}

/// `bytes` in network order: 4 of IPv4 or 16 of IPv6; else unspecified.
IpAddress address_of(const void* bytes, std::size_t size) {
  const auto* at = static_cast<const std::uint8_t*>(bytes);
  if (size == 16) return IpAddress(std::span<const std::uint8_t, 16>(at, 16));
  if (size != 4) return {};
  return IpAddress::v4(static_cast<std::uint32_t>(at[0]) << 24 |
                       static_cast<std::uint32_t>(at[1]) << 16 |
                       static_cast<std::uint32_t>(at[2]) << 8 | at[3]);
}
IpAddress address_of(const nlattr* attribute) {
  return address_of(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute));
}

/// RTA_VIA: a gateway of another family than the route's.
IpAddress via_of(const nlattr* attribute) {
  const std::size_t size = mnl_attr_get_payload_len(attribute);
  if (size <= sizeof(rtvia)) return {};
  return address_of(
      static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute)) + sizeof(rtvia),
      size - sizeof(rtvia));
}

bool mac_of(const nlattr* attribute, MacAddress& mac) {
  if (mnl_attr_get_payload_len(attribute) != mac.size()) return false;
  std::memcpy(mac.data(), mnl_attr_get_payload(attribute), mac.size());
  return true;
}

/// The header of a message of this type; null where it is another, or cut off.
template <typename Header>
const Header* header_of(const nlmsghdr* message, std::uint16_t type) {
  if (message->nlmsg_type != type || message->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(Header))
    return nullptr;
  return static_cast<const Header*>(mnl_nlmsg_get_payload(message));
}

void take_gateway(const nlattr* attribute, Route& route) {
  if (mnl_attr_get_type(attribute) == RTA_GATEWAY) route.gateway = address_of(attribute);
  if (mnl_attr_get_type(attribute) == RTA_VIA) route.gateway = via_of(attribute);
}

/// RTA_MULTIPATH: one next hop after the other, each with attributes of its own.
void parse_next_hops(const nlattr* attribute, const Route& route, std::vector<Route>& out) {
  const auto* at = static_cast<const char*>(mnl_attr_get_payload(attribute));
  std::size_t left = mnl_attr_get_payload_len(attribute);
  for (int i = 0; i < kMaxNextHops && left >= sizeof(rtnexthop); ++i) {
    rtnexthop hop{};
    std::memcpy(&hop, at, sizeof(hop));
    if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > left) return;
    Route& one = out.emplace_back(route);
    one.ifindex = static_cast<std::uint32_t>(hop.rtnh_ifindex);
    one.onlink = (hop.rtnh_flags & RTNH_F_ONLINK) != 0;
    const auto* nested = reinterpret_cast<const nlattr*>(at + sizeof(hop));
    const char* end = at + hop.rtnh_len;
    while (mnl_attr_ok(nested, static_cast<int>(end - reinterpret_cast<const char*>(nested)))) {
      take_gateway(nested, one);
      nested = mnl_attr_next(nested);
    }
    const std::size_t step = std::min<std::size_t>((hop.rtnh_len + 3U) & ~3U, left);
    at += step;
    left -= step;
  }
}

}  // namespace

void parse_route(const nlmsghdr* message, std::uint8_t family, std::vector<Route>& out) {
  const auto* header = header_of<rtmsg>(message, RTM_NEWROUTE);
  if (header == nullptr || header->rtm_family != family || header->rtm_type != RTN_UNICAST ||
      (header->rtm_flags & RTM_F_CLONED) != 0)
    return;
  std::uint32_t table = header->rtm_table;
  IpAddress network = family == AF_INET ? IpAddress::v4(0) : IpAddress{};
  Route route;
  route.onlink = (header->rtm_flags & RTNH_F_ONLINK) != 0;
  const nlattr* hops = nullptr;
  netlink::for_each_attribute(message, sizeof(*header), [&](const nlattr* attribute) {
    take_gateway(attribute, route);
    switch (mnl_attr_get_type(attribute)) {
      case RTA_TABLE:
        table = u32_of(attribute);
        break;
      case RTA_DST:
        if (mnl_attr_get_payload_len(attribute) == (family == AF_INET ? 4 : 16))
          network = address_of(attribute);
        break;
      case RTA_OIF:
        route.ifindex = u32_of(attribute);
        break;
      case RTA_MULTIPATH:
        hops = attribute;
        break;
      default:
        break;
    }
  });
  if (table != RT_TABLE_MAIN) return;
  route.destination = IpPrefix::of(network, header->rtm_dst_len);
  if (hops != nullptr) return parse_next_hops(hops, route, out);
  if (route.ifindex != 0) out.push_back(std::move(route));
}

std::optional<Neighbour> parse_neighbour(const nlmsghdr* message) {
  const auto* header = header_of<ndmsg>(message, RTM_NEWNEIGH);
  if (header == nullptr || header->ndm_family == AF_BRIDGE ||
      (header->ndm_state & NUD_NOARP) != 0 || (header->ndm_flags & NTF_PROXY) != 0)
    return std::nullopt;
  Neighbour neighbour;
  neighbour.ifindex = static_cast<std::uint32_t>(header->ndm_ifindex);
  neighbour.permanent = (header->ndm_state & NUD_PERMANENT) != 0;
  bool has_mac = false;
  netlink::for_each_attribute(message, sizeof(*header), [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == NDA_DST) neighbour.address = address_of(attribute);
    if (mnl_attr_get_type(attribute) == NDA_LLADDR) has_mac = mac_of(attribute, neighbour.mac);
  });
  if (!has_mac || neighbour.address.is_unspecified()) return std::nullopt;
  return neighbour;
}

std::optional<ForwardingEntry> parse_forwarding_entry(const nlmsghdr* message) {
  const auto* header = header_of<ndmsg>(message, RTM_NEWNEIGH);
  if (header == nullptr || header->ndm_family != AF_BRIDGE) return std::nullopt;
  ForwardingEntry entry;
  entry.ifindex = static_cast<std::uint32_t>(header->ndm_ifindex);
  entry.permanent = (header->ndm_state & NUD_PERMANENT) != 0;
  bool has_mac = false;
  netlink::for_each_attribute(message, sizeof(*header), [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == NDA_DST) entry.remote = address_of(attribute);
    if (mnl_attr_get_type(attribute) == NDA_LLADDR) has_mac = mac_of(attribute, entry.mac);
  });
  if (!has_mac) return std::nullopt;
  return entry;
}

std::optional<std::pair<std::uint32_t, IpPrefix>> parse_link_address(const nlmsghdr* message) {
  const auto* header = header_of<ifaddrmsg>(message, RTM_NEWADDR);
  if (header == nullptr) return std::nullopt;
  // On a point-to-point link IFA_ADDRESS is the peer; IFA_LOCAL is ours.
  IpAddress address;
  IpAddress local;
  netlink::for_each_attribute(message, sizeof(*header), [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == IFA_ADDRESS) address = address_of(attribute);
    if (mnl_attr_get_type(attribute) == IFA_LOCAL) local = address_of(attribute);
  });
  if (!local.is_unspecified()) address = local;
  if (address.is_unspecified()) return std::nullopt;
  return std::pair{header->ifa_index, IpPrefix::of(address, header->ifa_prefixlen)};
}

std::optional<std::pair<std::uint32_t, MacAddress>> parse_link_mac(const nlmsghdr* message) {
  const auto* header = header_of<ifinfomsg>(message, RTM_NEWLINK);
  if (header == nullptr || header->ifi_family != AF_UNSPEC) return std::nullopt;
  MacAddress mac{};
  bool has_mac = false;
  netlink::for_each_attribute(message, sizeof(*header), [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == IFLA_ADDRESS) has_mac = mac_of(attribute, mac);
  });
  if (!has_mac) return std::nullopt;
  return std::pair{static_cast<std::uint32_t>(header->ifi_index), mac};
}

}  // namespace netprobe
