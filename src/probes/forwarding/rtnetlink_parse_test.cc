// SPDX-License-Identifier: Apache-2.0
#include "probes/forwarding/rtnetlink_parse.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <array>
#include <string>

namespace netprobe {
namespace {

/// A message as the kernel writes it.
class Message {
 public:
  template <typename Header>
  Message(std::uint16_t type, const Header& header) {
    message_ = mnl_nlmsg_put_header(buffer_.data());
    message_->nlmsg_type = type;
    *static_cast<Header*>(mnl_nlmsg_put_extra_header(message_, sizeof(Header))) = header;
  }
  Message& number(std::uint16_t type, std::uint32_t value) {
    mnl_attr_put_u32(message_, type, value);
    return *this;
  }
  Message& address(std::uint16_t type, const char* text) {
    std::array<std::uint8_t, 16> bytes{};
    const bool v4 = inet_pton(AF_INET, text, bytes.data()) == 1;
    if (!v4) EXPECT_EQ(inet_pton(AF_INET6, text, bytes.data()), 1) << text;
    mnl_attr_put(message_, type, v4 ? 4 : 16, bytes.data());
    return *this;
  }
  Message& bytes(std::uint16_t type, std::string_view value) {
    mnl_attr_put(message_, type, value.size(), value.data());
    return *this;
  }
  /// As if the rest were not there.
  Message& cut(std::uint32_t length) {
    message_->nlmsg_len = length;
    return *this;
  }
  [[nodiscard]] const nlmsghdr* get() const { return message_; }
  [[nodiscard]] nlmsghdr* get() { return message_; }

 private:
  alignas(8) std::array<char, 1024> buffer_{};
  nlmsghdr* message_ = nullptr;
};

rtmsg route_header(std::uint8_t family, std::uint8_t length) {
  rtmsg header{};
  header.rtm_family = family;
  header.rtm_dst_len = length;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_type = RTN_UNICAST;
  return header;
}

std::vector<Route> routes(const Message& message, std::uint8_t family = AF_INET) {
  std::vector<Route> out;
  parse_route(message.get(), family, out);
  return out;
}

TEST(RtnetlinkParse, RoutesOfBothFamilies) {
  auto header = route_header(AF_INET, 24);
  header.rtm_flags = RTNH_F_ONLINK;
  Message v4(RTM_NEWROUTE, header);
  v4.address(RTA_DST, "10.244.2.0").address(RTA_GATEWAY, "10.244.2.0").number(RTA_OIF, 7);
  const auto first = routes(v4);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].destination.to_string(), "10.244.2.0/24");
  EXPECT_EQ(first[0].gateway.to_string(), "10.244.2.0");
  EXPECT_EQ(first[0].ifindex, 7U);
  EXPECT_TRUE(first[0].onlink);
  EXPECT_TRUE(routes(v4, AF_INET6).empty());

  Message v6(RTM_NEWROUTE, route_header(AF_INET6, 64));
  v6.address(RTA_DST, "fd10:244:2::").address(RTA_GATEWAY, "fd10:244:2::").number(RTA_OIF, 8);
  const auto second = routes(v6, AF_INET6);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].destination.to_string(), "fd10:244:2::/64");
  EXPECT_FALSE(second[0].onlink);
}

TEST(RtnetlinkParse, ADefaultRouteHasNoDestinationAndMayHaveAGatewayOfTheOtherFamily) {
  Message v4(RTM_NEWROUTE, route_header(AF_INET, 0));
  std::string via("\x0a\x00", 2);  // AF_INET6
  via += std::string("\xfe\x80", 2) + std::string(13, '\0') + "\x01";
  v4.bytes(RTA_VIA, via).number(RTA_OIF, 2);
  ASSERT_EQ(routes(v4).size(), 1U);
  EXPECT_EQ(routes(v4)[0].destination.to_string(), "0.0.0.0/0");
  EXPECT_EQ(routes(v4)[0].gateway.to_string(), "fe80::1");
  Message v6(RTM_NEWROUTE, route_header(AF_INET6, 0));
  v6.number(RTA_OIF, 2);
  ASSERT_EQ(routes(v6, AF_INET6).size(), 1U);
  EXPECT_EQ(routes(v6, AF_INET6)[0].destination.to_string(), "::/0");
  EXPECT_TRUE(routes(v6, AF_INET6)[0].gateway.is_unspecified());
}

TEST(RtnetlinkParse, OneRowForEachNextHop) {
  Message message(RTM_NEWROUTE, route_header(AF_INET, 16));
  message.address(RTA_DST, "10.9.0.0");
  nlattr* nest = mnl_attr_nest_start(message.get(), RTA_MULTIPATH);
  for (const auto n : {std::uint8_t{1}, std::uint8_t{2}}) {
    std::array<std::uint8_t, 16> hop{16, 0, 0, 0, n, 0, 0, 0, 8, 0, RTA_GATEWAY, 0, 192, 0, 2, n};
    auto* at = static_cast<char*>(mnl_nlmsg_get_payload_tail(message.get()));
    std::copy(hop.begin(), hop.end(), at);
    message.get()->nlmsg_len += hop.size();
  }
  mnl_attr_nest_end(message.get(), nest);
  const auto rows = routes(message);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].ifindex, 1U);
  EXPECT_EQ(rows[1].ifindex, 2U);
  EXPECT_EQ(rows[1].gateway.to_string(), "192.0.2.2");
  EXPECT_EQ(rows[1].destination.to_string(), "10.9.0.0/16");
}

TEST(RtnetlinkParse, OtherTablesAndTypesAreNone) {
  auto header = route_header(AF_INET, 32);
  header.rtm_type = RTN_BLACKHOLE;
  EXPECT_TRUE(routes(Message(RTM_NEWROUTE, header).number(RTA_OIF, 1)).empty());
  header = route_header(AF_INET, 32);
  // Tables above 255 are in the attribute alone.
  EXPECT_TRUE(
      routes(Message(RTM_NEWROUTE, header).number(RTA_TABLE, 1000).number(RTA_OIF, 1)).empty());
  header.rtm_flags = RTM_F_CLONED;
  EXPECT_TRUE(routes(Message(RTM_NEWROUTE, header).number(RTA_OIF, 1)).empty());
  header = route_header(AF_INET, 32);
  EXPECT_TRUE(routes(Message(RTM_DELROUTE, header).number(RTA_OIF, 1)).empty());
  EXPECT_TRUE(routes(Message(RTM_NEWROUTE, header).number(RTA_OIF, 1).cut(20)).empty());
}

ndmsg entry_header(std::uint8_t family, std::uint16_t state) {
  ndmsg header{};
  header.ndm_family = family;
  header.ndm_ifindex = 5;
  header.ndm_state = state;
  return header;
}
constexpr std::string_view kMac("\x4e\x70\x00\x01\x04\x02", 6);

TEST(RtnetlinkParse, Neighbours) {
  Message message(RTM_NEWNEIGH, entry_header(AF_INET6, NUD_PERMANENT));
  message.address(NDA_DST, "fd10:244:2::").bytes(NDA_LLADDR, kMac);
  const auto one = parse_neighbour(message.get());
  ASSERT_TRUE(one);
  EXPECT_EQ(one->address.to_string(), "fd10:244:2::");
  EXPECT_EQ(format_mac(one->mac), "4e:70:00:01:04:02");
  EXPECT_EQ(one->ifindex, 5U);
  EXPECT_TRUE(one->permanent);
  EXPECT_FALSE(parse_forwarding_entry(message.get()));

  Message failed(RTM_NEWNEIGH, entry_header(AF_INET, NUD_FAILED));
  EXPECT_FALSE(parse_neighbour(failed.address(NDA_DST, "10.0.0.1").get()));
  Message multicast(RTM_NEWNEIGH, entry_header(AF_INET6, NUD_NOARP));
  EXPECT_FALSE(
      parse_neighbour(multicast.address(NDA_DST, "ff02::1").bytes(NDA_LLADDR, kMac).get()));
  Message cut(RTM_NEWNEIGH, entry_header(AF_INET, NUD_REACHABLE));
  EXPECT_FALSE(parse_neighbour(cut.bytes(NDA_LLADDR, kMac.substr(1)).get()));
}

TEST(RtnetlinkParse, ForwardingEntries) {
  Message message(RTM_NEWNEIGH, entry_header(AF_BRIDGE, NUD_PERMANENT));
  message.bytes(NDA_LLADDR, kMac);
  ASSERT_TRUE(parse_forwarding_entry(message.get()));
  EXPECT_TRUE(parse_forwarding_entry(message.get())->remote.is_unspecified());
  message.address(NDA_DST, "10.88.0.12");
  EXPECT_EQ(parse_forwarding_entry(message.get())->remote.to_string(), "10.88.0.12");
  EXPECT_FALSE(parse_neighbour(message.get()));
}

TEST(RtnetlinkParse, AddressesAndMacsOfLinks) {
  ifaddrmsg header{};
  header.ifa_family = AF_INET;
  header.ifa_prefixlen = 32;
  header.ifa_index = 5;
  Message address(RTM_NEWADDR, header);
  address.address(IFA_LOCAL, "10.244.1.0").address(IFA_ADDRESS, "10.244.9.9");
  ASSERT_TRUE(parse_link_address(address.get()));
  EXPECT_EQ(parse_link_address(address.get())->second.to_string(), "10.244.1.0/32");
  EXPECT_FALSE(parse_link_mac(address.get()));

  ifinfomsg link{};
  link.ifi_index = 5;
  Message mac(RTM_NEWLINK, link);
  EXPECT_FALSE(parse_link_mac(mac.get()));
  mac.bytes(IFLA_ADDRESS, kMac);
  ASSERT_TRUE(parse_link_mac(mac.get()));
  EXPECT_EQ(parse_link_mac(mac.get())->first, 5U);
}

}  // namespace
}  // namespace netprobe
