// SPDX-License-Identifier: Apache-2.0
#include "detect/neighbour_spoof/neighbour_spoof_detector.h"

#include <gtest/gtest.h>

#include <string>

namespace netprobe {
namespace {

constexpr Micros kOneSecond = 1'000'000;
constexpr Micros kStart = 1'790'000'000 * kOneSecond;
constexpr MacAddress kGatewayMac{2, 0, 0, 0, 0, 1};
constexpr MacAddress kVictimMac{2, 0, 0, 0, 0, 2};
constexpr MacAddress kEvilMac{2, 0, 0, 0, 0, 9};

/// Both families: the same claims.
class NeighbourSpoofTest : public ::testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] IpAddress ip(const std::string& last) const {
    return IpAddress::parse(GetParam() + last).value();
  }
  void claim(ClaimKind kind, const IpAddress& address, const MacAddress& mac,
             const IpAddress& other = {}, std::uint32_t link = 3) {
    NeighbourClaim made;
    made.time = now;
    made.link = link;
    made.interface = "br0";
    made.kind = kind;
    made.address = address;
    made.mac = mac;
    made.other = other;
    detector.on_neighbour(made);
  }
  void ask(const IpAddress& who, const MacAddress& mac, const IpAddress& whom) {
    claim(ClaimKind::kQuestion, who, mac, whom);
  }
  void answer(const IpAddress& who, const MacAddress& mac, const IpAddress& to) {
    claim(ClaimKind::kAnswer, who, mac, to);
  }
  void wait(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      now += kOneSecond;
      detector.tick(now, [&](Finding&& finding) { found.push_back(std::move(finding)); });
    }
  }
  /// Everybody finds everybody.
  void begin() {
    ask(victim, kVictimMac, gateway);
    answer(gateway, kGatewayMac, victim);
    ask(evil, kEvilMac, gateway);
    answer(gateway, kGatewayMac, evil);
    wait(20);
  }

  IpAddress gateway = ip("1");
  IpAddress victim = ip("2");
  IpAddress evil = ip("9");
  Micros now = kStart;
  std::vector<Finding> found;
  NeighbourSpoofDetector detector;
};

INSTANTIATE_TEST_SUITE_P(, NeighbourSpoofTest, ::testing::Values("10.0.0.", "fd00::"));

TEST_P(NeighbourSpoofTest, FindsAnswersThatNobodyAskedFor) {
  begin();
  for (int i = 0; i < 3; ++i) {
    answer(gateway, kEvilMac, victim);
    wait(2);
  }
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, "neighbour_spoof");
  EXPECT_EQ(found[0].technique, "T1557.002");
  EXPECT_EQ(found[0].source.address, evil);
  EXPECT_EQ(found[0].source.text, "02:00:00:00:00:09");
  EXPECT_EQ(found[0].target.address, gateway);
  EXPECT_EQ(found[0].key, gateway.to_string() + ">02:00:00:00:00:09");
}

TEST_P(NeighbourSpoofTest, NamesTheStationByItsAddressOfTheSameFamily) {
  begin();
  ask(IpAddress::parse(GetParam() == "fd00::" ? "10.0.0.9" : "fd00::9").value(), kEvilMac, gateway);
  for (int i = 0; i < 3; ++i) {
    answer(gateway, kEvilMac, victim);
    wait(2);
  }
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].source.address, evil);
}

TEST_P(NeighbourSpoofTest, FindsWhoAnswersQuestionsForAnother) {
  begin();
  for (int i = 0; i < 3; ++i) {
    ask(victim, kVictimMac, gateway);
    answer(gateway, kGatewayMac, victim);
    answer(gateway, kEvilMac, victim);
    wait(10);
  }
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].source.text, "02:00:00:00:00:09");
  EXPECT_EQ(found[0].target.address, gateway);
}

TEST_P(NeighbourSpoofTest, AFailoverIsNone) {
  begin();
  for (int times = 0; times < 4; ++times) {
    // Announced three times; the old holder is gone, and comes back minutes later.
    for (int i = 0; i < 3; ++i) {
      claim(ClaimKind::kAnnouncement, gateway, times % 2 == 0 ? kEvilMac : kGatewayMac);
      wait(1);
    }
    ask(victim, kVictimMac, gateway);
    answer(gateway, times % 2 == 0 ? kEvilMac : kGatewayMac, victim);
    wait(180);
  }
  EXPECT_TRUE(found.empty());
}

TEST_P(NeighbourSpoofTest, AnAddressThatIsGivenAgainIsNone) {
  begin();
  for (std::uint8_t i = 20; i < 60; ++i) {
    const MacAddress pod{2, 0, 0, 0, 1, i};
    ask(ip("7"), pod, gateway);
    answer(gateway, kGatewayMac, ip("7"));
    ask(gateway, kGatewayMac, ip("7"));
    answer(ip("7"), pod, gateway);
    wait(60);
  }
  EXPECT_TRUE(found.empty());
}

TEST_P(NeighbourSpoofTest, AnAddressThatIsGivenAgainFastIsNone) {
  begin();
  // Pods that crash one after the other: each is new, none comes back.
  for (std::uint8_t i = 20; i < 60; ++i) {
    const MacAddress pod{2, 0, 0, 0, 1, i};
    for (int claims = 0; claims < 3; ++claims) ask(ip("7"), pod, gateway);
    wait(10);
  }
  EXPECT_TRUE(found.empty());
}

TEST_P(NeighbourSpoofTest, FindsTwoThatTakeItFromEachOther) {
  begin();
  ask(ip("7"), kVictimMac, gateway);
  wait(10);
  ask(ip("7"), kEvilMac, gateway);
  wait(10);
  ask(ip("7"), kVictimMac, gateway);
  wait(10);
  EXPECT_TRUE(found.empty());  // a failover and back
  ask(ip("7"), kEvilMac, gateway);
  wait(10);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].target.address, ip("7"));
  EXPECT_EQ(found[0].source.text, "02:00:00:00:00:09");
  EXPECT_EQ(found[0].value, 2);
}

TEST_P(NeighbourSpoofTest, ProxiesAndVirtualRoutersAreNone) {
  begin();
  for (int i = 0; i < 200; ++i) {
    const IpAddress other = ip(std::to_string(10 + i % 80));
    ask(victim, kVictimMac, other);
    answer(other, kGatewayMac, victim);  // the gateway, for all that are behind it
    // GLBP: one address, several stations.
    ask(victim, kVictimMac, ip("99"));
    answer(ip("99"), {0, 7, 0xb4, 0, 1, static_cast<std::uint8_t>(i % 4)}, victim);
    wait(1);
  }
  EXPECT_TRUE(found.empty());
}

TEST_P(NeighbourSpoofTest, TheSameAddressOnTwoLinksIsNone) {
  for (int i = 0; i < 20; ++i) {
    claim(ClaimKind::kQuestion, gateway, kGatewayMac, victim, 3);
    claim(ClaimKind::kQuestion, gateway, kEvilMac, victim, 4);
    wait(1);
  }
  EXPECT_TRUE(found.empty());
}

TEST_P(NeighbourSpoofTest, AnswersToOwnHolderUnaskedAreNone) {
  begin();
  for (int i = 0; i < 20; ++i) {
    answer(gateway, kGatewayMac, victim);  // nobody contradicts
    wait(2);
  }
  EXPECT_TRUE(found.empty());
}

TEST_P(NeighbourSpoofTest, RoomIsBounded) {
  for (int i = 0; i < 100'000; ++i) {
    MacAddress mac{2, 0, 0, 0, 0, 0};
    mac[3] = static_cast<std::uint8_t>(i >> 16);
    mac[4] = static_cast<std::uint8_t>(i >> 8);
    mac[5] = static_cast<std::uint8_t>(i);
    ask(IpAddress::v4(0x0a000000U + static_cast<std::uint32_t>(i)), mac, gateway);
  }
  EXPECT_LE(detector.bytes(), 5U << 20U);
  EXPECT_GT(detector.not_followed(), 0U);
}

}  // namespace
}  // namespace netprobe
