// SPDX-License-Identifier: Apache-2.0
#include "detect/fast_flux/fast_flux_detector.h"

#include <gtest/gtest.h>

#include <random>

namespace netprobe {
namespace {

constexpr Micros kOneSecond = 1'000'000;
constexpr Micros kStart = 1'790'000'000 * kOneSecond;

class FastFluxTest : public ::testing::Test {
 protected:
  void answer(const std::string& name, const std::vector<IpAddress>& addresses,
              std::uint32_t ttl = 60, const std::string& client = "10.0.0.9") {
    DnsMessage made;
    made.time = now;
    made.is_response = true;
    made.client = IpAddress::parse(client).value();
    made.name = name;
    for (const IpAddress& address : addresses)
      made.answers.push_back({.type = kDnsTypeA, .ttl = ttl, .address = address});
    detector.on_dns(made);
  }
  /// Of a home somewhere.
  IpAddress anybody() {
    return IpAddress::v4(
        static_cast<std::uint32_t>((11 + random() % 100) << 24U | random() % (1U << 24U)));
  }
  void wait(int seconds) {
    now += seconds * kOneSecond;
    detector.tick(now, [&](Finding&& finding) { found.push_back(std::move(finding)); });
  }

  std::mt19937 random{7};
  Micros now = kStart;
  std::vector<Finding> found;
  FastFluxDetector detector;
};

TEST_F(FastFluxTest, FindsANameWhoseAddressesFlow) {
  for (int i = 0; i < 20 && found.empty(); ++i) {
    answer("login.evil-example.com", {anybody(), anybody(), anybody(), anybody()});
    wait(60);
  }
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].kind, "fast_flux");
  EXPECT_EQ(found[0].technique, "T1568.001");
  EXPECT_EQ(found[0].source.address.to_string(), "10.0.0.9");
  EXPECT_EQ(found[0].target.text, "login.evil-example.com");
  EXPECT_GE(now - kStart, 300 * kOneSecond);
  EXPECT_LE(now - kStart, 480 * kOneSecond);
}

TEST_F(FastFluxTest, FindsOneThatHasMoreAddressesThanAreKept) {
  // All places are taken long before the five minutes are over.
  for (int i = 0; i < 100 && found.empty(); ++i) {
    answer("login.evil-example.com", {anybody(), anybody(), anybody()});
    wait(5);
  }
  ASSERT_EQ(found.size(), 1U);
  EXPECT_GE(now - kStart, 300 * kOneSecond);
  EXPECT_LE(now - kStart, 310 * kOneSecond);
}

TEST_F(FastFluxTest, ADeliveryNetworkIsNone) {
  // Many addresses with short lives, of few networks.
  for (int i = 0; i < 100; ++i) {
    std::vector<IpAddress> some;
    for (int k = 0; k < 4; ++k)
      some.push_back(IpAddress::v4(static_cast<std::uint32_t>(
          (random() % 2 ? 0x17300000U : 0x68100000U) + random() % 4096)));
    answer("cdn.example.com", some, 20);
    wait(30);
  }
  EXPECT_TRUE(found.empty());
}

TEST_F(FastFluxTest, LongLivesPoolsOfTimeAndPopularNamesAreNone) {
  for (int i = 0; i < 100; ++i) {
    answer("round-robin.example.com", {anybody(), anybody()}, 3600);
    answer("2.debian.pool.ntp.org", {anybody(), anybody(), anybody(), anybody()});
    answer("service.example.com", {anybody(), anybody(), anybody()}, 60,
           "10.0.0." + std::to_string(i % 5 + 1));
    wait(30);
  }
  // The popular one is only known to be popular once enough have asked for it.
  EXPECT_TRUE(found.empty());
}

TEST_F(FastFluxTest, LargeServicesAreLeftOutAndNotWhatEndsLikeThem) {
  for (int i = 0; i < 20; ++i) {
    for (const char* name : {"registry-1.docker.io", "quay.io", "s3.eu-west-1.amazonaws.com"})
      answer(name, {anybody(), anybody(), anybody(), anybody()});
    wait(60);
  }
  EXPECT_TRUE(found.empty());
  for (int i = 0; i < 20 && found.empty(); ++i) {
    answer("evildocker.io", {anybody(), anybody(), anybody(), anybody()});
    wait(60);
  }
  EXPECT_FALSE(found.empty());
}

TEST_F(FastFluxTest, OneAnswerWithManyAddressesIsNone) {
  std::vector<IpAddress> many;
  for (int i = 0; i < 60; ++i) many.push_back(anybody());
  for (int i = 0; i < 30; ++i) {
    answer("wide.example.com", many);
    wait(60);
  }
  EXPECT_TRUE(found.empty());
}

TEST_F(FastFluxTest, RoomIsBounded) {
  for (int i = 0; i < 20'000; ++i)
    answer("n" + std::to_string(i) + ".example.com", {anybody(), anybody()});
  EXPECT_LE(detector.bytes(), 3U << 20U);
  EXPECT_GT(detector.not_followed(), 0U);
}

}  // namespace
}  // namespace netprobe
