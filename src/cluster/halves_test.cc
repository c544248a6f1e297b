// SPDX-License-Identifier: Apache-2.0
#include "cluster/halves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace netprobe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Nanos kNow = 1'764'000'000LL * kSecond;

FlowTuple tuple(const char* src, std::uint16_t src_port, const char* dst, std::uint16_t dst_port,
                std::uint8_t protocol = kProtoTcp) {
  return {.src = *IpAddress::parse(src),
          .dst = *IpAddress::parse(dst),
          .src_port = src_port,
          .dst_port = dst_port,
          .protocol = protocol};
}

/// Quiet since a minute.
FlowHalf half(const char* node, const FlowTuple& of, const char* src_node = "a",
              const char* dst_node = "b") {
  return {.node = node,
          .src_node = src_node,
          .dst_node = dst_node,
          .tuple = of,
          .forward = {100, 1000},
          .reverse = {50, 500},
          .first_seen = kNow - 100 * kSecond,
          .last_seen = kNow - 60 * kSecond};
}

std::string sides(const FlowHalf& one, const FlowHalf* other) {
  std::string out;
  append_sides(out, one, other, kNow);
  return out;
}

TEST(Halves, AreFoundWhicheverWayTheyLook) {
  struct Case {
    const char* what;
    FlowHalf mine;
    FlowHalf theirs;
  };
  FlowHalf service = half("a", tuple("10.0.1.1", 4000, "10.96.0.1", 80));
  service.translated = tuple("10.0.1.1", 4000, "10.0.2.2", 8080);
  FlowHalf node_port = half("a", tuple("203.0.113.9", 5000, "192.0.2.1", 30080), "");
  node_port.translated = tuple("192.0.2.1", 61000, "10.0.2.2", 8080);
  // From a pod of another node the first leg is that to the port's node.
  FlowHalf handed_on = half("b", tuple("fd00::3", 4000, "fd00:10::1", 30080), "a");
  handed_on.translated = tuple("fd00:10::1", 61000, "fd00::22", 8080);
  FlowHalf both = half("b", tuple("10.0.1.1", 4000, "10.0.2.9", 9));
  both.translated = tuple("10.0.1.1", 4000, "10.0.2.2", 8080);
  const Case cases[] = {
      {"plain", half("a", tuple("10.0.1.1", 1, "10.0.2.2", 2)),
       half("b", tuple("10.0.1.1", 1, "10.0.2.2", 2))},
      {"IPv6", half("a", tuple("fd00::1", 1, "fd00::2", 2)),
       half("b", tuple("fd00::1", 1, "fd00::2", 2))},
      {"UDP that the other side saw begin the other way",
       half("a", tuple("10.0.1.1", 1, "10.0.2.2", 2, kProtoUdp)),
       half("b", tuple("10.0.2.2", 2, "10.0.1.1", 1, kProtoUdp))},
      {"a service's address", service, half("b", tuple("10.0.1.1", 4000, "10.0.2.2", 8080))},
      {"NodePort with the node's address", node_port,
       half("b", tuple("192.0.2.1", 61000, "10.0.2.2", 8080), "a")},
      {"NodePort from within the cluster, IPv6",
       half("a", tuple("fd00::3", 4000, "fd00:10::1", 30080)), handed_on},
      {"translated on both", service, both},
      {"ICMP by its id", half("a", tuple("10.0.1.1", 77, "10.0.2.2", 77, kProtoIcmp)),
       half("b", tuple("10.0.1.1", 77, "10.0.2.2", 77, kProtoIcmp))},
  };
  for (const Case& each : cases) {
    HalfIndex index;
    // Others that are much like it.
    FlowHalf other = each.theirs;
    other.tuple.src_port ^= 1U;
    other.translated.reset();
    index.add(other);
    other = each.theirs;
    other.tuple.protocol = 132;
    if (other.translated) other.translated->protocol = 132;
    index.add(other);
    other = each.theirs;
    other.node = "c";
    index.add(other);
    other = each.theirs;
    other.first_seen = kNow - 9'000 * kSecond;
    other.last_seen = kNow - 8'000 * kSecond;
    index.add(other);
    EXPECT_EQ(index.find(each.mine, "b"), nullptr) << each.what;
    FlowHalf right = each.theirs;
    right.forward.packets = 4711;
    index.add(right);
    const FlowHalf* found = index.find(each.mine, "b");
    ASSERT_NE(found, nullptr) << each.what;
    EXPECT_EQ(found->forward.packets, 4711U) << each.what;
  }
}

TEST(Halves, TheOneThatWasThereLongestIsMeant) {
  HalfIndex index;
  FlowHalf brief = half("b", tuple("10.0.1.1", 1, "10.0.2.2", 2));
  brief.last_seen = brief.first_seen + kSecond;
  brief.forward.packets = 1;
  index.add(brief);
  index.add(half("b", tuple("10.0.1.1", 1, "10.0.2.2", 2)));
  const auto* found = index.find(half("a", tuple("10.0.1.1", 1, "10.0.2.2", 2)), "b");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->forward.packets, 100U);
}

TEST(Halves, OtherNode) {
  EXPECT_EQ(other_node(half("a", tuple("10.0.1.1", 1, "10.0.2.2", 2))), "b");
  EXPECT_EQ(other_node(half("b", tuple("10.0.1.1", 1, "10.0.2.2", 2))), "a");
  EXPECT_EQ(other_node(half("a", tuple("10.0.1.1", 1, "10.0.1.2", 2), "a", "a")), "");
  EXPECT_EQ(other_node(half("a", tuple("10.0.1.1", 1, "1.1.1.1", 2), "a", "")), "");
  EXPECT_EQ(other_node(half("a", tuple("1.1.1.1", 1, "10.0.2.2", 2), "", "b")), "b") << "NodePort";
}

TEST(Halves, PacketsLostAreToldWhereBothCoverTheSame) {
  const FlowTuple of = tuple("10.0.1.1", 1, "10.0.2.2", 2);
  FlowHalf server = half("b", of);
  server.forward.packets = 90;
  EXPECT_THAT(sides(half("a", of), &server),
              HasSubstr(R"("lost_packets":10,"reverse_lost_packets":0)"));
  // As the server's node tells it: the same.
  const FlowHalf client = half("a", of);
  EXPECT_THAT(sides(server, &client), HasSubstr(R"("lost_packets":10,"reverse_lost_packets":0)"));
}

TEST(Halves, PacketsLostAreNeverBelowNothing) {
  const FlowTuple of = tuple("10.0.1.1", 1, "10.0.2.2", 2);
  FlowHalf server = half("b", of);
  server.forward.packets = 110;
  const std::string text = sides(half("a", of), &server);
  EXPECT_THAT(text, Not(HasSubstr(R"("lost_packets")")));
  EXPECT_THAT(text, HasSubstr("b counted more packets than a sent"));
}

TEST(Halves, OneThatStartedLaterIsTold) {
  const FlowTuple of = tuple("10.0.1.1", 1, "10.0.2.2", 2);
  FlowHalf server = half("b", of);
  server.first_seen += 30 * kSecond;
  server.forward.packets = 10;
  const std::string text = sides(half("a", of), &server);
  EXPECT_THAT(text, Not(HasSubstr("lost_packets\"")));
  EXPECT_THAT(text, HasSubstr("b saw the flow from later on"));
}

TEST(Halves, WhatIsStillCountedIsNotCompared) {
  const FlowTuple of = tuple("10.0.1.1", 1, "10.0.2.2", 2);
  FlowHalf client = half("a", of);
  FlowHalf server = half("b", of);
  client.last_seen = server.last_seen = kNow;
  EXPECT_THAT(sides(client, &server), HasSubstr("both sides are still counting"));
  client.ended = server.ended = true;
  EXPECT_THAT(sides(client, &server), HasSubstr("lost_packets"));
}

TEST(Halves, ASideThatLooksTheOtherWayIsTurned) {
  FlowHalf server = half("b", tuple("10.0.2.2", 2, "10.0.1.1", 1), "b", "a");
  server.forward = {50, 500};
  server.reverse = {98, 980};
  EXPECT_THAT(sides(half("a", tuple("10.0.1.1", 1, "10.0.2.2", 2)), &server),
              HasSubstr(R"("lost_packets":2,"reverse_lost_packets":0)"));
}

}  // namespace
}  // namespace netprobe
