// SPDX-License-Identifier: Apache-2.0
// What slowhttptest does, and its like.
#include <gtest/gtest.h>

#include "detect/exhaustion/testing/exhaustion_lab.h"

namespace netprobe {
namespace {

using test::ExhaustionLab;
using test::ip;
using Connections = std::vector<ExhaustionLab::Connection>;

class Exhaustion : public testing::TestWithParam<bool> {
 protected:
  [[nodiscard]] IpAddress server() const { return ip(GetParam() ? "fd00:1::2" : "10.1.0.2"); }
  [[nodiscard]] IpAddress client(int i = 9) const {
    return ip((GetParam() ? "fd00:2::" : "192.0.2.") + std::to_string(i));
  }
  [[nodiscard]] std::string key(const std::string& port) const {
    return GetParam() ? "[fd00:1::2]:" + port : "10.1.0.2:" + port;
  }
  void expect_one(std::string_view kind) {
    ASSERT_EQ(lab_.told().size(), 1U) << lab_.kinds();
    const Finding& finding = lab_.told()[0];
    EXPECT_EQ(finding.kind, kind);
    EXPECT_EQ(finding.technique, "T1499.002");
    EXPECT_EQ(finding.target.address, server());
    EXPECT_EQ(finding.target.port, 80);
    EXPECT_GE(finding.value, finding.threshold);
    EXPECT_GE(finding.evidence.size(), 5U);
    EXPECT_FALSE(finding.spoofable);
    EXPECT_TRUE(lab_.kinds().find(',') == std::string::npos) << lab_.kinds();
  }

  ExhaustionLab lab_;
};
INSTANTIATE_TEST_SUITE_P(V4AndV6, Exhaustion, testing::Bool());

// slowhttptest -H -c 50 -r 50 -i 10: its defaults.
TEST_P(Exhaustion, SlowHeaders) {
  auto attacker = std::make_shared<Identity>();
  attacker->name = "bad-1";
  attacker->name_space = "shop";
  Connections all;
  for (int i = 0; i < 50; ++i) all.push_back(lab_.open(client(), server(), 80, 220, 0, attacker));
  const auto drips = [&] {
    for (const auto& one : all)
      if (lab_.age(one) > 0 && lab_.age(one) % 10 == 0) lab_.give(one, {24, -1});
  };
  // The first drip is what makes it one.
  EXPECT_LE(lab_.seconds_until_told(30, drips), 12);
  expect_one("slow_request");
  const Finding& finding = lab_.told()[0];
  EXPECT_EQ(finding.key, client().to_string() + '>' + key("80"));
  EXPECT_EQ(finding.source.address, client());
  EXPECT_EQ(finding.source.identity, attacker);
  EXPECT_EQ(finding.value, 50);
  EXPECT_EQ(finding.first_seen, ExhaustionLab::kBegin);
  EXPECT_NE(finding.summary.find("pod shop/bad-1"), std::string::npos) << finding.summary;
  lab_.run(60, drips);
  expect_one("slow_request");
  for (const auto& one : all) lab_.close(one);
  lab_.run(1, [] {});
  EXPECT_TRUE(lab_.told().empty());
  EXPECT_EQ(lab_.detector().connections(), 0U);
}

// slowhttptest -B: a body in drips; every second here, as -i 1 says.
TEST_P(Exhaustion, SlowBody) {
  Connections all;
  for (int i = 0; i < 200; ++i) all.push_back(lab_.open(client(), server(), 80, 300));
  EXPECT_LE(lab_.seconds_until_told(30,
                                    [&] {
                                      for (const auto& one : all) lab_.give(one, {30, -1});
                                    }),
            12);
  expect_one("slow_request");
}

// Over TLS the handshake is answered; after it nothing is.
TEST_P(Exhaustion, SlowHeadersInTls) {
  Connections all;
  for (int i = 0; i < 200; ++i) all.push_back(lab_.open(client(), server(), 80, 900, 4'000));
  EXPECT_LE(lab_.seconds_until_told(60,
                                    [&] {
                                      for (const auto& one : all)
                                        if (lab_.age(one) > 0 && lab_.age(one) % 10 == 0)
                                          lab_.give(one, {53, -1});
                                    }),
            32)
      << "three drips";
  expect_one("slow_request");
}

// slowhttptest -X -n 5 -z 32: some bytes are read every five seconds.
TEST_P(Exhaustion, SlowRead) {
  Connections all;
  for (int i = 0; i < 100; ++i) all.push_back(lab_.open(client(), server(), 80, 200, 1'200));
  EXPECT_LE(lab_.seconds_until_told(30,
                                    [&] {
                                      for (const auto& one : all) {
                                        if (lab_.age(one) % 5 == 0)
                                          lab_.give(one, {-1, 32, 1});
                                        else
                                          lab_.give(one, {0, 0, 1});  // probes of the window
                                      }
                                    }),
            11);
  expect_one("slow_read");
}

TEST_P(Exhaustion, HoardsConnections) {
  for (int i = 0; i < 400; ++i) lab_.open(client(), server(), 80);
  EXPECT_LE(lab_.seconds_until_told(30, [] {}), 11);
  expect_one("connection_hoarding");
  EXPECT_EQ(lab_.told()[0].value, 400);
}

TEST_P(Exhaustion, HoardsHalfARequestEach) {
  for (int i = 0; i < 400; ++i) lab_.open(client(), server(), 80, 100);
  EXPECT_LE(lab_.seconds_until_told(120, [] {}), 91);
  expect_one("connection_hoarding");
}

TEST_P(Exhaustion, SlowBySomeSourcesTogether) {
  Connections all;
  for (int source = 1; source <= 25; ++source)
    for (int i = 0; i < 12; ++i) all.push_back(lab_.open(client(source), server(), 80, 200));
  EXPECT_LE(lab_.seconds_until_told(30,
                                    [&] {
                                      for (const auto& one : all)
                                        if (lab_.age(one) > 0 && lab_.age(one) % 10 == 0)
                                          lab_.give(one, {20, -1});
                                    }),
            12);
  expect_one("slow_request");
  EXPECT_EQ(lab_.told()[0].key, key("80"));
  EXPECT_TRUE(lab_.told()[0].source.address.is_unspecified());
  EXPECT_NE(lab_.told()[0].source.text.find("about 2"), std::string::npos);
}

TEST_P(Exhaustion, IsSeenAmongAllThatIsHonest) {
  Connections all;
  for (int i = 0; i < 60; ++i) all.push_back(lab_.open(client(), server(), 80, 220));
  Connections honest;
  EXPECT_LE(lab_.seconds_until_told(30,
                                    [&] {
                                      for (const auto& one : honest) lab_.close(one);
                                      honest.clear();
                                      for (int i = 0; i < 2'000; ++i)
                                        honest.push_back(lab_.open(client(1 + i % 200), server(),
                                                                   80, 300, 9'000));
                                      for (const auto& one : all)
                                        if (lab_.age(one) > 0 && lab_.age(one) % 10 == 0)
                                          lab_.give(one, {24, -1});
                                    }),
            12);
  expect_one("slow_request");
}

}  // namespace
}  // namespace netprobe
