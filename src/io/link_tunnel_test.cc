// SPDX-License-Identifier: Apache-2.0
#include "io/link_tunnel.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>

#include <array>
#include <functional>

#include "base/netlink.h"

namespace netprobe {
namespace {

/// What parse_tunnel_settings() makes of the attributes that `fill` puts there.
class Made {
 public:
  Made(std::string_view kind, const std::function<void(nlmsghdr*)>& fill) {
    nlmsghdr* message = mnl_nlmsg_put_header(buffer_.data());
    nlattr* data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
    fill(message);
    mnl_attr_nest_end(message, data);
    settings = parse_tunnel_settings(kind, data, bound_to);
  }
  TunnelSettings settings;
  std::uint32_t bound_to = 0;

 private:
  alignas(8) std::array<char, 1024> buffer_{};
};

void put_address(nlmsghdr* message, std::uint16_t type, const char* text) {
  const auto address = IpAddress::parse(text).value();
  const auto& bytes = address.bytes();
  if (address.is_v4())
    mnl_attr_put(message, type, 4, bytes.data() + 12);
  else
    mnl_attr_put(message, type, 16, bytes.data());
}

TEST(LinkTunnel, Vxlan) {
  const Made v4("vxlan", [](nlmsghdr* m) {
    mnl_attr_put_u32(m, IFLA_VXLAN_ID, 42);
    mnl_attr_put_u32(m, IFLA_VXLAN_LINK, 7);
    mnl_attr_put_u16(m, IFLA_VXLAN_PORT, htons(8472));
    put_address(m, IFLA_VXLAN_LOCAL, "192.0.2.1");
    put_address(m, IFLA_VXLAN_GROUP, "192.0.2.2");
  });
  EXPECT_EQ(v4.settings.vni, 42U);
  EXPECT_EQ(v4.settings.port, 8472);
  EXPECT_EQ(v4.settings.local.to_string(), "192.0.2.1");
  EXPECT_EQ(v4.settings.remote.to_string(), "192.0.2.2");
  EXPECT_EQ(v4.settings.overhead, 50U);
  EXPECT_EQ(v4.bound_to, 7U);
  const Made v6("vxlan", [](nlmsghdr* m) { put_address(m, IFLA_VXLAN_LOCAL6, "fd00::1"); });
  EXPECT_EQ(v6.settings.overhead, 70U);
  EXPECT_TRUE(v6.settings.over_ipv6);
}

TEST(LinkTunnel, Geneve) {
  const Made v4("geneve", [](nlmsghdr* m) {
    mnl_attr_put_u32(m, IFLA_GENEVE_ID, 9);
    put_address(m, IFLA_GENEVE_REMOTE, "192.0.2.2");
  });
  EXPECT_EQ(v4.settings.vni, 9U);
  EXPECT_EQ(v4.settings.overhead, 50U);
  const Made v6("geneve", [](nlmsghdr* m) { put_address(m, IFLA_GENEVE_REMOTE6, "fd00::2"); });
  EXPECT_EQ(v6.settings.overhead, 70U);
}

TEST(LinkTunnel, GreByItsFlags) {
  const auto gre = [](std::string_view kind, int flags) {
    return Made(kind, [flags](nlmsghdr* m) {
      mnl_attr_put_u16(m, IFLA_GRE_OFLAGS, htons(static_cast<std::uint16_t>(flags)));
      mnl_attr_put_u32(m, IFLA_GRE_OKEY, htonl(99));
    });
  };
  EXPECT_EQ(gre("gre", 0).settings.overhead, 24U);
  EXPECT_EQ(gre("gre", 0x2000).settings.overhead, 28U);
  EXPECT_EQ(gre("gre", 0xb000).settings.overhead, 36U);
  EXPECT_EQ(gre("gretap", 0).settings.overhead, 38U);
  EXPECT_EQ(gre("ip6gre", 0).settings.overhead, 44U);
  EXPECT_EQ(gre("ip6gretap", 0).settings.overhead, 58U);
  EXPECT_EQ(gre("gre", 0x2000).settings.vni, 99U);
}

TEST(LinkTunnel, IpInIp) {
  const auto overhead = [](std::string_view kind) {
    return Made(kind, [](nlmsghdr* m) { put_address(m, IFLA_IPTUN_LOCAL, "10.0.0.1"); })
        .settings.overhead;
  };
  EXPECT_EQ(overhead("ipip"), 20U);
  EXPECT_EQ(overhead("sit"), 20U);
  EXPECT_EQ(overhead("ip6tnl"), 40U);
  EXPECT_EQ(overhead("veth"), 0U);
}

TEST(LinkTunnel, ShortAttributesAreNone) {
  const Made made("vxlan", [](nlmsghdr* m) {
    const char two[2] = {1, 1};
    mnl_attr_put(m, IFLA_VXLAN_ID, 2, two);
    mnl_attr_put(m, IFLA_VXLAN_LOCAL, 2, two);
    mnl_attr_put(m, IFLA_VXLAN_PORT, 1, two);
  });
  EXPECT_EQ(made.settings.vni, 0U);
  EXPECT_EQ(made.settings.port, 0U);
  EXPECT_TRUE(made.settings.local.is_unspecified());
}

}  // namespace
}  // namespace netprobe
