// SPDX-License-Identifier: Apache-2.0
#include "probes/dns/neighbour_parser.h"

#include <gtest/gtest.h>

#include <vector>

namespace netprobe {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes arp(std::uint8_t operation, std::uint8_t sender, std::uint8_t target) {
  return {0,  1, 8, 0,      6, 4, 0, operation, 2, 0, 0,  0, 0, 9,
          10, 0, 0, sender, 2, 0, 0, 0,         0, 1, 10, 0, 0, target};
}
IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

Bytes discovery(std::uint8_t type, std::uint8_t option) {
  Bytes bytes{type, 0, 0, 0, 0x60, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7};
  bytes.insert(bytes.end(), {option, 1, 2, 0, 0, 0, 0, 9});
  return bytes;
}

TEST(NeighbourParser, TellsQuestionsAnswersAndAnnouncements) {
  const auto question = parse_arp(arp(1, 9, 1));
  ASSERT_TRUE(question);
  EXPECT_EQ(question->kind, ClaimKind::kQuestion);
  EXPECT_EQ(question->address, ip("10.0.0.9"));
  EXPECT_EQ(question->other, ip("10.0.0.1"));
  EXPECT_EQ(to_string(question->mac), "02:00:00:00:00:09");
  EXPECT_EQ(parse_arp(arp(2, 9, 1))->kind, ClaimKind::kAnswer);
  for (const std::uint8_t operation : std::initializer_list<std::uint8_t>{1, 2}) {
    const auto announcement = parse_arp(arp(operation, 9, 9));
    ASSERT_TRUE(announcement);
    EXPECT_EQ(announcement->kind, ClaimKind::kAnnouncement);
    EXPECT_TRUE(announcement->other.is_unspecified());
  }
}

TEST(NeighbourParser, AProbeClaimsNothing) {
  Bytes probe = arp(1, 0, 9);
  probe[14] = 0;
  const auto claim = parse_arp(probe);
  ASSERT_TRUE(claim);
  EXPECT_TRUE(claim->address.is_unspecified());
  EXPECT_EQ(claim->other, ip("10.0.0.9"));
}

TEST(NeighbourParser, RefusesOtherArp) {
  const Bytes good = arp(2, 9, 1);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(parse_arp(std::span(good).first(size))) << size;
  EXPECT_FALSE(parse_arp(arp(3, 9, 1)));  // RARP
  Bytes group = good;
  group[8] = 1;
  EXPECT_FALSE(parse_arp(group));
  Bytes wide = good;
  wide[4] = 8;
  EXPECT_FALSE(parse_arp(wide));
}

TEST(NeighbourParser, ReadsNeighbourDiscovery) {
  const auto question =
      parse_neighbour_discovery(discovery(135, 1), ip("fd00::9"), ip("ff02::1:ff00:7"));
  ASSERT_TRUE(question);
  EXPECT_EQ(question->kind, ClaimKind::kQuestion);
  EXPECT_EQ(question->address, ip("fd00::9"));
  EXPECT_EQ(question->other, ip("fd00::7"));
  const auto answer = parse_neighbour_discovery(discovery(136, 2), ip("fd00::7"), ip("fd00::9"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind, ClaimKind::kAnswer);
  EXPECT_EQ(answer->address, ip("fd00::7"));
  EXPECT_EQ(answer->other, ip("fd00::9"));
  EXPECT_EQ(parse_neighbour_discovery(discovery(136, 2), ip("fd00::7"), ip("ff02::1"))->kind,
            ClaimKind::kAnnouncement);
}

TEST(NeighbourParser, RefusesDiscoveryWithoutAnAddress) {
  EXPECT_FALSE(parse_neighbour_discovery(discovery(136, 1), ip("fd00::7"), ip("fd00::9")));
  EXPECT_FALSE(parse_neighbour_discovery(discovery(134, 2), ip("fd00::7"), ip("fd00::9")));
  Bytes empty_option = discovery(136, 2);
  empty_option[25] = 0;
  EXPECT_FALSE(parse_neighbour_discovery(empty_option, ip("fd00::7"), ip("fd00::9")));
  const Bytes good = discovery(136, 2);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(
        parse_neighbour_discovery(std::span(good).first(size), ip("fd00::7"), ip("fd00::9")))
        << size;
}

}  // namespace
}  // namespace netprobe
