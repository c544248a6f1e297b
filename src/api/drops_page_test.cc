// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/drops_query.h"
#include "api/testing/snapshots.h"

namespace netprobe {
namespace {

namespace json = boost::json;
using testing::kStart;

DropRecord plain_drop() {
  DropRecord drop;
  drop.tuple = {IpAddress::v4(0x0a580001), IpAddress::v4(0x0a580002), 50'000, 8472, kProtoUdp};
  drop.has_tuple = true;
  drop.ethertype = 0x0800;
  drop.reason = "NETFILTER_DROP";
  drop.hook = "netfilter";
  drop.location = "nft_do_chain+0x1";
  drop.ifindex = 2;
  drop.interface = "eth0";
  drop.count = 1;
  return drop;
}

DropRecord tunnel_drop(std::uint16_t port, std::uint64_t count) {
  DropRecord drop = plain_drop();
  drop.inside = {
      .tuple = {IpAddress::v4(0x0af40103), *IpAddress::parse("fd10::2"), port, 80, kProtoTcp},
      .tunnel = Tunnel::kVxlan,
      .vni = 1};
  drop.count = count;
  return drop;
}

std::shared_ptr<Snapshot> with_drops() {
  auto snapshot = testing::make_snapshot(0);
  auto signals = std::make_shared<Signals>();
  DropRecord gre = tunnel_drop(9, 2);
  gre.inside->tunnel = Tunnel::kGre;
  gre.inside->vni = {};
  signals->drops.records = {tunnel_drop(7, 5), tunnel_drop(8, 3), gre, plain_drop()};
  snapshot->signals = std::move(signals);
  return snapshot;
}

json::array rows(std::string_view text) {
  const auto query = parse_drops_query(parse_query(text).value(), kStart + 3600 * kSecond);
  EXPECT_TRUE(query) << text;
  return json::parse(drops_page(*with_drops(), *query)).as_object().at("drops").as_array();
}

TEST(DropsPage, TellsWhatWasInTheTunnelWhereItIsKnown) {
  const auto drops = rows("");
  ASSERT_EQ(drops.size(), 4U);
  const auto& first = drops[0].as_object();
  EXPECT_EQ(first.at("src_ip").as_string(), "10.88.0.1");
  EXPECT_EQ(first.at("dst_port").to_number<int>(), 8472);
  EXPECT_EQ(first.at("tunnel").as_string(), "vxlan");
  EXPECT_EQ(first.at("vni").to_number<int>(), 1);
  EXPECT_EQ(first.at("inner_src_ip").as_string(), "10.244.1.3");
  EXPECT_EQ(first.at("inner_dst_ip").as_string(), "fd10::2");
  EXPECT_EQ(first.at("inner_src_port").to_number<int>(), 7);
  EXPECT_EQ(first.at("inner_dst_port").to_number<int>(), 80);
  EXPECT_EQ(first.at("inner_protocol").as_string(), "tcp");
  EXPECT_EQ(drops[2].at("tunnel").as_string(), "gre");
  EXPECT_FALSE(drops[2].as_object().contains("vni"));
  for (const char* name : {"tunnel", "vni", "inner_src_ip", "inner_dst_ip", "inner_src_port",
                           "inner_dst_port", "inner_protocol"})
    EXPECT_FALSE(drops[3].as_object().contains(name)) << name;
}

TEST(DropsPage, ConditionsHoldForTheOutsideOrForTheInside) {
  EXPECT_EQ(rows("src_ip=10.88.0.1").size(), 4U);
  EXPECT_EQ(rows("port=8472&protocol=udp").size(), 4U);
  EXPECT_EQ(rows("src_ip=10.244.0.0/16").size(), 3U);
  EXPECT_EQ(rows("src_ip=10.244.1.3&src_port=8&protocol=tcp").size(), 1U);
  // Not half of each.
  EXPECT_EQ(rows("src_ip=10.244.1.3&dst_port=8472").size(), 0U);
}

TEST(DropsPage, SumsByBothFlowsAndByReasonOverAll) {
  EXPECT_EQ(rows("by=flow").size(), 4U);
  EXPECT_EQ(rows("by=flow")[0].at("inner_src_port").to_number<int>(), 7);
  const auto interfaces = rows("by=interface");
  ASSERT_EQ(interfaces.size(), 1U);
  EXPECT_EQ(interfaces[0].at("count").to_number<int>(), 11);
  EXPECT_FALSE(interfaces[0].as_object().contains("inner_src_ip"));
}

}  // namespace
}  // namespace netprobe
