// SPDX-License-Identifier: Apache-2.0
#include "api/flannel_page.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/testing/snapshots.h"

namespace netprobe {
namespace {

namespace json = boost::json;
using testing::kStart;

IpPrefix prefix(const char* text) { return *IpPrefix::parse(text); }
IpAddress ip(const char* text) { return *IpAddress::parse(text); }

std::shared_ptr<Snapshot> with_flannel() {
  auto snapshot = testing::make_snapshot(0);
  FlannelReport& report = snapshot->flannel;
  report.used = true;
  report.nodes = {{.node = "node1",
                   .internal_ip = ip("10.88.0.11"),
                   .pod_cidrs = {prefix("10.244.1.0/24"), prefix("fd10:244:1::/64")},
                   .backend_type = "vxlan",
                   .public_ip = ip("10.88.0.11"),
                   .vni = 1,
                   .vtep_mac = "4e:70:00:01:04:01",
                   .public_ipv6 = ip("fd00:88::11"),
                   .vni_v6 = 1,
                   .vtep_mac_v6 = "4e:70:00:01:06:01",
                   .managed = true},
                  {.node = "node2", .error = "it has \"quotes\""}};
  report.devices = {{.interface = "flannel.1",
                     .ifindex = 5,
                     .kind = "vxlan",
                     .vni = 1,
                     .port = 8472,
                     .local = ip("10.88.0.11"),
                     .mac = {0x4e, 0x70, 0, 1, 4, 1},
                     .up = true,
                     .mtu = 1450,
                     .underlay = "eth0",
                     .underlay_mtu = 1500,
                     .overhead = 50,
                     .addresses = {prefix("10.244.1.0/32")}}};
  report.peers = {{.node = "node1", .self = true},
                  {.node = "node2",
                   .device = "flannel.1",
                   .route_expected = true,
                   .route = true,
                   .entries_expected = true,
                   .neighbour = true,
                   .sent = {3, 300},
                   .received = {4, 400},
                   .last_seen = kStart + kSecond}};
  report.findings = {{"missing_forwarding_entry", "node2", "it is missing"},
                     {"mtu_mismatch", "", "too big"}};
  report.more_findings = 7;
  report.vni = 1;
  report.port = 8472;
  report.updated = kStart + 2 * kSecond;
  report.observed_at = kStart + kSecond;
  return snapshot;
}

json::object page(const Snapshot& snapshot) {
  return json::parse(flannel_page(snapshot)).as_object();
}

TEST(FlannelPage, DeclaredNodesWithTheContractsNames) {
  const auto answer = page(*with_flannel());
  EXPECT_EQ(answer.at("used").as_bool(), true);
  const auto& node = answer.at("nodes").at(0).as_object();
  EXPECT_EQ(node.at("node_name").as_string(), "node1");
  EXPECT_EQ(node.at("internal_ip").as_string(), "10.88.0.11");
  EXPECT_EQ(node.at("pod_cidr").as_string(), "10.244.1.0/24");
  EXPECT_EQ(node.at("pod_cidrs").at(1).as_string(), "fd10:244:1::/64");
  EXPECT_EQ(node.at("vni").to_number<int>(), 1);
  EXPECT_EQ(node.at("vtep_mac").as_string(), "4e:70:00:01:04:01");
  EXPECT_EQ(node.at("backend_type").as_string(), "vxlan");
  EXPECT_EQ(node.at("public_ipv6").as_string(), "fd00:88::11");
  EXPECT_EQ(node.at("vtep_mac_v6").as_string(), "4e:70:00:01:06:01");
  EXPECT_TRUE(node.at("error").is_null());
  const auto& other = answer.at("nodes").at(1).as_object();
  EXPECT_EQ(other.at("error").as_string(), "it has \"quotes\"");
  for (const char* name : {"internal_ip", "pod_cidr", "vni", "vtep_mac", "backend_type"})
    EXPECT_TRUE(other.at(name).is_null()) << name;
  EXPECT_EQ(answer.at("subnets"), (json::array{"10.244.1.0/24", "fd10:244:1::/64"}));
  EXPECT_EQ(answer.at("last_updated").as_string(), "2023-11-14T22:13:22.000000000Z");
}

TEST(FlannelPage, WhatThisNodeHas) {
  const auto answer = page(*with_flannel());
  const auto& info = answer.at("vxlan_info").as_object();
  EXPECT_EQ(info.at("vni").to_number<int>(), 1);
  EXPECT_EQ(info.at("port").to_number<int>(), 8472);
  EXPECT_EQ(info.at("interface").as_string(), "flannel.1");
  EXPECT_EQ(info.at("vtep_mac").as_string(), "4e:70:00:01:04:01");
  const auto& device = answer.at("devices").at(0).as_object();
  EXPECT_EQ(device.at("underlay").as_string(), "eth0");
  EXPECT_EQ(device.at("addresses").at(0).as_string(), "10.244.1.0/32");
  const auto& self = answer.at("peers").at(0).as_object();
  EXPECT_TRUE(self.at("self").as_bool());
  EXPECT_TRUE(self.at("route").is_null() && self.at("last_seen").is_null());
  const auto& peer = answer.at("peers").at(1).as_object();
  EXPECT_TRUE(peer.at("route").as_bool());
  EXPECT_FALSE(peer.at("forwarding_entry").as_bool());
  EXPECT_EQ(peer.at("packets_sent").to_number<int>(), 3);
  EXPECT_EQ(peer.at("bytes_received").to_number<int>(), 400);
}

TEST(FlannelPage, FindingsAndHowComplete) {
  auto snapshot = with_flannel();
  snapshot->probes.push_back(
      {.name = "forwarding", .lost = {{"forwarding_probe", "list_full", 5}}});
  const auto answer = page(*snapshot);
  EXPECT_EQ(answer.at("findings").at(0).at("kind").as_string(), "missing_forwarding_entry");
  EXPECT_EQ(answer.at("findings").at(0).at("node_name").as_string(), "node2");
  EXPECT_TRUE(answer.at("findings").at(1).at("node_name").is_null());
  EXPECT_EQ(answer.at("findings_not_shown").to_number<int>(), 7);
  EXPECT_EQ(answer.at("completeness").at("lost").at("forwarding_probe.list_full"), 5);
}

TEST(FlannelPage, AnswersWhereThereIsNone) {
  const auto answer = page(*testing::make_snapshot(0));
  EXPECT_FALSE(answer.at("used").as_bool());
  for (const char* name : {"nodes", "subnets", "devices", "peers", "findings"})
    EXPECT_TRUE(answer.at(name).as_array().empty()) << name;
  EXPECT_TRUE(answer.at("vxlan_info").is_null());
  EXPECT_TRUE(answer.at("observed_at").is_null());
}

}  // namespace
}  // namespace netprobe
