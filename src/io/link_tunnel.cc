// SPDX-License-Identifier: Apache-2.0
#include "io/link_tunnel.h"

#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <netinet/in.h>

#include "base/netlink.h"

namespace netprobe {
namespace {

constexpr std::uint32_t kIpv4 = 20;
constexpr std::uint32_t kIpv6 = 40;
constexpr std::uint32_t kUdp = 8;
constexpr std::uint32_t kEthernet = 14;
constexpr std::uint32_t kVxlanOrGeneve = 8;  // RFC 7348, RFC 8926 without options

// An attribute that is shorter than it should be is none.
std::uint32_t u32(const nlattr* a) {
  return mnl_attr_get_payload_len(a) >= 4 ? mnl_attr_get_u32(a) : 0;
}
std::uint16_t u16(const nlattr* a) {
  return mnl_attr_get_payload_len(a) >= 2 ? mnl_attr_get_u16(a) : std::uint16_t{0};
}

IpAddress address(const nlattr* a) {
  const auto* bytes = static_cast<const std::uint8_t*>(mnl_attr_get_payload(a));
  if (mnl_attr_get_payload_len(a) == 16)
    return IpAddress(std::span<const std::uint8_t, 16>(bytes, 16));
  if (mnl_attr_get_payload_len(a) != 4) return {};
  const auto v4 = ntohl(mnl_attr_get_u32(a));
  return v4 == 0 ? IpAddress{} : IpAddress::v4(v4);
}

void parse_vxlan(const nlattr* data, TunnelSettings& to, std::uint32_t& bound_to) {
  netlink::for_each_nested(data, [&](const nlattr* a) {
    switch (mnl_attr_get_type(a)) {
      case IFLA_VXLAN_ID:
        to.vni = u32(a);
        break;
      case IFLA_VXLAN_LINK:
        bound_to = u32(a);
        break;
      case IFLA_VXLAN_PORT:
        to.port = ntohs(u16(a));
        break;
      case IFLA_VXLAN_LOCAL:
      case IFLA_VXLAN_LOCAL6:
        to.local = address(a);
        break;
      case IFLA_VXLAN_GROUP:
      case IFLA_VXLAN_GROUP6:
        to.remote = address(a);
        break;
      default:
        break;
    }
    const auto type = mnl_attr_get_type(a);
    if (type == IFLA_VXLAN_LOCAL6 || type == IFLA_VXLAN_GROUP6) to.over_ipv6 = true;
  });
  to.overhead = (to.over_ipv6 ? kIpv6 : kIpv4) + kUdp + kVxlanOrGeneve + kEthernet;
}

void parse_geneve(const nlattr* data, TunnelSettings& to) {
  netlink::for_each_nested(data, [&](const nlattr* a) {
    switch (mnl_attr_get_type(a)) {
      case IFLA_GENEVE_ID:
        to.vni = u32(a);
        break;
      case IFLA_GENEVE_PORT:
        to.port = ntohs(u16(a));
        break;
      case IFLA_GENEVE_REMOTE:
        to.remote = address(a);
        break;
      case IFLA_GENEVE_REMOTE6:
        to.remote = address(a);
        to.over_ipv6 = true;
        break;
      default:
        break;
    }
  });
  to.overhead = (to.over_ipv6 ? kIpv6 : kIpv4) + kUdp + kVxlanOrGeneve + kEthernet;
}

void parse_gre(std::string_view kind, const nlattr* data, TunnelSettings& to,
               std::uint32_t& bound_to) {
  std::uint16_t flags = 0;
  netlink::for_each_nested(data, [&](const nlattr* a) {
    switch (mnl_attr_get_type(a)) {
      case IFLA_GRE_LINK:
        bound_to = u32(a);
        break;
      case IFLA_GRE_OFLAGS:
        flags = ntohs(u16(a));
        break;
      case IFLA_GRE_OKEY:
        to.vni = ntohl(u32(a));
        break;
      case IFLA_GRE_LOCAL:
        to.local = address(a);
        break;
      case IFLA_GRE_REMOTE:
        to.remote = address(a);
        break;
      default:
        break;
    }
  });
  to.over_ipv6 = kind.starts_with("ip6");
  to.overhead = (to.over_ipv6 ? kIpv6 : kIpv4) + 4;  // RFC 2784
  for (const int flag : {0x8000, 0x2000, 0x1000})    // checksum, key, sequence (RFC 2890)
    if ((flags & flag) != 0) to.overhead += 4;
  if (kind.ends_with("tap")) to.overhead += kEthernet;
}

void parse_ip_tunnel(std::string_view kind, const nlattr* data, TunnelSettings& to,
                     std::uint32_t& bound_to) {
  netlink::for_each_nested(data, [&](const nlattr* a) {
    switch (mnl_attr_get_type(a)) {
      case IFLA_IPTUN_LINK:
        bound_to = u32(a);
        break;
      case IFLA_IPTUN_LOCAL:
        to.local = address(a);
        break;
      case IFLA_IPTUN_REMOTE:
        to.remote = address(a);
        break;
      default:
        break;
    }
  });
  to.over_ipv6 = kind == "ip6tnl";
  to.overhead = to.over_ipv6 ? kIpv6 : kIpv4;
}

}  // namespace

TunnelSettings parse_tunnel_settings(std::string_view kind, const nlattr* data,
                                     std::uint32_t& bound_to) {
  TunnelSettings settings;
  bound_to = 0;
  if (kind == "vxlan") {
    parse_vxlan(data, settings, bound_to);
  } else if (kind == "geneve") {
    parse_geneve(data, settings);
  } else if (kind == "gre" || kind == "gretap" || kind == "ip6gre" || kind == "ip6gretap") {
    parse_gre(kind, data, settings, bound_to);
  } else if (kind == "ipip" || kind == "sit" || kind == "ip6tnl") {
    parse_ip_tunnel(kind, data, settings, bound_to);
  }
  return settings;
}

}  // namespace netprobe
