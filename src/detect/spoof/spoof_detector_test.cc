// SPDX-License-Identifier: Apache-2.0
#include "detect/spoof/spoof_detector.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/flow_traffic.h"

namespace netprobe {
namespace {

using testing::ip;
using testing::pod;
using testing::ten;
using T = testing::FlowTraffic;

class SpoofTest : public ::testing::TestWithParam<bool> {
 protected:
  FlowRecord at(FlowRecord record, Role role, std::string interface) {
    record.role = role;
    record.interface = std::move(interface);
    return record;
  }
  /// What tells whose the interfaces are: each pod has talked to somebody far away.
  void know_pods() {
    for (const auto& [address, identity, interface] :
         {std::tuple{web_at, web, "veth-web"}, std::tuple{db_at, db, "veth-db"}}) {
      FlowRecord record = at(traffic.answered(address, far, 443), Role::kPod, interface);
      record.src = identity;
      detector.on_flow(record);
    }
  }
  void give(FlowRecord record, int times = 5) {
    for (int i = 0; i < times; ++i) detector.on_flow(record);
  }
  void tick(Micros seconds = 1) {
    for (Micros i = 0; i < seconds; ++i) {
      traffic.now += T::kSecondMicros;
      detector.tick(traffic.now, [&](Finding&& finding) { found.push_back(std::move(finding)); });
    }
  }
  IpAddress address(std::string_view four, std::string_view six) {
    return ip(GetParam() ? six : four);
  }
  IpAddress web_at = address("10.1.0.5", "fd00:1::5");
  IpAddress db_at = address("10.1.0.6", "fd00:1::6");
  IpAddress other_node = address("10.1.9.9", "fd00:1:9::9");
  IpAddress far = address("198.51.100.7", "2001:db8::7");
  IpAddress nobody = address("203.0.113.77", "2001:db8:77::1");
  IdentityPtr web = pod("web-1");
  IdentityPtr db = pod("db-0");
  IdentityPtr elsewhere = pod("cache-0", "n2");
  T traffic;
  SpoofDetector detector{{.node = "n1"}};
  std::vector<Finding> found;
};
INSTANTIATE_TEST_SUITE_P(Families, SpoofTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "v6" : "v4"; });

TEST_P(SpoofTest, AnAddressThatNobodyHas) {
  know_pods();
  FlowRecord record = at(traffic.unanswered(nobody, far, 80), Role::kPod, "veth-web");
  record.direction = "egress";
  give(record, 4);
  tick();
  EXPECT_TRUE(found.empty());
  give(record, 1);
  tick();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, "spoofed_source");
  EXPECT_EQ(found[0].key, "shop/web-1");
  EXPECT_EQ(found[0].source.identity->name, "web-1");
  EXPECT_EQ(found[0].source.address, web_at);
  EXPECT_EQ(found[0].target.address, far);
  EXPECT_EQ(found[0].technique, "T1498");
  EXPECT_EQ(found[0].value, 5);
  EXPECT_NE(found[0].summary.find(nobody.to_string()), std::string::npos);
  EXPECT_EQ(found[0].evidence.size(), 4U);
}

TEST_P(SpoofTest, ToAPodOfAnotherNode) {
  know_pods();
  FlowRecord record = at(traffic.unanswered(nobody, other_node, 80), Role::kPod, "veth-web");
  record.dst = elsewhere;
  record.direction = "ingress";  // by names: its source is outside
  give(record);
  tick();
  EXPECT_EQ(found.size(), 1U);
}

TEST_P(SpoofTest, AnotherPodsAddressEvenIfItIsAnswered) {
  know_pods();
  FlowRecord record = at(traffic.half_open(db_at, far, 80), Role::kPod, "veth-web");
  record.src = db;
  give(record);
  tick();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].key, "shop/web-1");
  EXPECT_EQ(found[0].technique, "T1557");
  EXPECT_NE(found[0].summary.find("shop/db-0's address"), std::string::npos);
}

TEST_P(SpoofTest, AFloodOfAllAddressesIsOneFinding) {
  know_pods();
  std::size_t looks = 0;
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    FlowRecord record =
        at(traffic.unanswered(IpAddress::v4(0x20000000U + i), far, 80), Role::kPod, "veth-web");
    record.direction = "egress";
    detector.on_flow(record);
    if (i % 50'000 == 0) {
      ++looks;
      tick();
    }
  }
  EXPECT_GE(found.size(), 2U);
  EXPECT_LE(found.size(), looks / 5 + 1);
  EXPECT_LE(detector.bytes(), 2U << 20U);
  EXPECT_NE(found.back().summary.find(" addresses, which it does not have"), std::string::npos);
}

TEST_P(SpoofTest, HonestTrafficOfPodsIsNone) {
  know_pods();
  // To a pod, from anywhere; between pods; to its addresses that have no name.
  FlowRecord in = at(traffic.unanswered(nobody, web_at, 80), Role::kPod, "veth-web");
  in.dst = web;
  in.direction = "ingress";
  give(in);
  FlowRecord between = at(traffic.unanswered(web_at, db_at, 80), Role::kPod, "veth-web");
  between.src = web;
  between.dst = db;
  give(between);
  FlowRecord first = between;  // before its own interface told of it
  first.interface = "veth-db";
  give(first);
  FlowRecord more =
      at(traffic.unanswered(nobody, address("10.9.9.9", "fd00:9::9"), 80), Role::kPod, "veth-web");
  more.direction = "ingress";
  give(more);
  // Its identity is gone while its last packets come.
  FlowRecord late = at(traffic.unanswered(web_at, far, 443), Role::kPod, "veth-web");
  late.direction = "egress";
  give(late);
  // Behind a service.
  FlowRecord service =
      at(traffic.unanswered(nobody, address("10.96.0.1", "fd96::1"), 80), Role::kPod, "veth-web");
  service.nat = true;
  service.translated = service.tuple;
  service.translated.dst = web_at;
  give(service);
  tick(3);
  for (const Finding& finding : found) ADD_FAILURE() << finding.summary;
}

TEST_P(SpoofTest, LinkLocalDhcpAndMulticastAreNone) {
  know_pods();
  give(at(traffic.udp(address("169.254.1.2", "fe80::1"), far, 999, "connecting"), Role::kPod,
          "veth-web"));
  give(at(traffic.udp(nobody, address("224.0.0.251", "ff02::fb"), 5353, "unknown"), Role::kPod,
          "veth-web"));
  if (!GetParam())
    give(at(traffic.udp(ip("0.0.0.0"), ip("255.255.255.255"), 67, "unknown"), Role::kPod,
            "veth-web"));
  else
    give(at(traffic.ping(ip("::"), ip("ff02::1:ff00:5"), false), Role::kPod, "veth-web"));
  tick(3);
  for (const Finding& finding : found) ADD_FAILURE() << finding.summary;
}

TEST_P(SpoofTest, AGatewayForwardsForOthers) {
  know_pods();
  FlowRecord through = at(traffic.answered(nobody, far, 443), Role::kPod, "veth-web");
  through.direction = "egress";
  give(through, 1);
  FlowRecord lost = at(traffic.unanswered(nobody, far, 443), Role::kPod, "veth-web");
  lost.direction = "egress";
  give(lost, 50);
  tick();
  EXPECT_TRUE(found.empty());
}

TEST_P(SpoofTest, WhatIsNotKnownIsNotJudged) {
  FlowRecord record = at(traffic.unanswered(nobody, far, 80), Role::kPod, "veth-new");
  record.direction = "egress";
  give(record, 100);
  // An address that was never answered at this interface makes it nobody's.
  record.src = web;
  record.tuple.src = web_at;
  give(record);
  record.src = nullptr;
  record.tuple.src = nobody;
  give(record);
  tick();
  EXPECT_TRUE(found.empty());
}

TEST_P(SpoofTest, AnInterfaceThatAnotherPodGot) {
  know_pods();
  const IdentityPtr next = pod("web-2");
  traffic.now += 700 * T::kSecondMicros;
  for (int i = 0; i < 20; ++i) {
    FlowRecord record =
        at(traffic.answered(address("10.1.0.8", "fd00:1::8"), far, 443), Role::kPod, "veth-web");
    record.src = next;
    give(record, 1);
  }
  tick();
  EXPECT_TRUE(found.empty());
}

TEST_P(SpoofTest, Martians) {
  const IpAddress loopback = address("127.0.0.1", "::1");
  give(at(traffic.unanswered(loopback, web_at, 80), Role::kUplink, "eth0"));
  give(at(traffic.unanswered(far, loopback, 80), Role::kUplink, "eth1"));
  give(at(traffic.unanswered(address("240.1.2.3", "ff02::5"), web_at, 80), Role::kUplink, "eth2"));
  // Not these: the node's own, and a service's port at loopback.
  give(at(traffic.answered(loopback, loopback, 80), Role::kLoopback, "lo"));
  FlowRecord service = at(traffic.answered(loopback, loopback, 30080), Role::kPod, "veth-web");
  service.nat = true;
  service.translated = {web_at, db_at, 1, 80, kProtoTcp};
  give(service);
  tick();
  ASSERT_EQ(found.size(), 3U);
  for (const Finding& finding : found) EXPECT_EQ(finding.kind, "martian");
  EXPECT_EQ(found[0].key, "eth0/loopback source");
  EXPECT_EQ(found[1].key, "eth1/loopback target");
  EXPECT_EQ(found[2].key, GetParam() ? "eth2/multicast source" : "eth2/reserved source");
}

TEST_P(SpoofTest, APodsAddressFromOutside) {
  know_pods();
  const auto outside = [&] {
    FlowRecord record = at(traffic.unanswered(web_at, ip("10.0.0.2"), 80), Role::kUplink, "eth0");
    record.src = web;
    give(record, 1);
  };
  // A few may come first by an interface that is farther away.
  for (int i = 0; i < 20; ++i) {
    FlowRecord own = at(traffic.answered(web_at, far, 443), Role::kPod, "veth-web");
    own.src = web;
    give(own, 1);
    if (i % 2 == 0) outside();
  }
  tick();
  EXPECT_TRUE(found.empty());
  traffic.now += 100 * T::kSecondMicros;
  for (int i = 0; i < 10; ++i) outside();
  tick();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, "martian");
  EXPECT_EQ(found[0].key, "eth0/shop/web-1");
}

}  // namespace
}  // namespace netprobe
