// SPDX-License-Identifier: Apache-2.0
// Many connections to services where one logs in, and nobody guesses.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "detect/brute_force/brute_force_detector.h"
#include "support/flow_traffic.h"

namespace netprobe {
namespace {

using testing::ip;
using testing::ten;
using T = testing::FlowTraffic;

class HonestLoginTest : public ::testing::Test {
 protected:
  void give(const FlowRecord& record) { detector.on_flow(record); }
  void tick(Micros seconds = 1) {
    for (Micros i = 0; i < seconds; ++i) {
      traffic.now += T::kSecondMicros;
      detector.tick(traffic.now, [&](Finding&& finding) { found.push_back(std::move(finding)); });
    }
  }
  void TearDown() override {
    for (const Finding& finding : found) ADD_FAILURE() << finding.summary;
  }
  IpAddress a = ip("10.0.0.1");
  IpAddress server = ip("10.0.0.2");
  T traffic;
  BruteForceDetector detector;
  std::vector<Finding> found;
  std::mt19937 random{7};
};

TEST_F(HonestLoginTest, AJobOfTwentySessions) {
  for (int i = 0; i < 20; ++i) give(traffic.answered(a, server, 22, 5'500, 6'500));
  tick(5);
}

TEST_F(HonestLoginTest, ToolsThatCopyThingsBySsh) {
  for (int i = 0; i < 500; ++i) {
    // A module of 100 KiB is sent, then run.
    give(traffic.answered(a, server, 22, i % 2 == 0 ? 110'000 : 5'500, 6'500));
    tick();
  }
}

TEST_F(HonestLoginTest, MonitoringBySshOfManyServers) {
  for (int round = 0; round < 12; ++round)
    for (std::uint32_t host = 0; host < 150; ++host) {
      give(traffic.answered(a, ten(0x100 + host), 22, 5'600, 6'700));
      tick(2);
    }
}

TEST_F(HonestLoginTest, APoolThatConnectsAgain) {
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 50; ++i) give(traffic.answered(a, server, 5432, 700, 1'100));
    tick(30);
  }
}

TEST_F(HonestLoginTest, HealthChecksEveryFewSeconds) {
  for (int i = 0; i < 900; ++i) {
    for (const std::uint16_t port : {std::uint16_t{3306}, std::uint16_t{5432}, std::uint16_t{6379}})
      give(traffic.answered(a, server, port, 380, 380));
    // And those that only connect.
    for (const std::uint16_t port : {std::uint16_t{22}, std::uint16_t{3306}, std::uint16_t{445}})
      give(traffic.empty(a, server, port));
    tick(2);
  }
}

TEST_F(HonestLoginTest, AProgramWithAConnectionAQuery) {
  for (int i = 0; i < 6'000; ++i) {
    const std::uint64_t query = 30 + random() % 400;
    give(traffic.answered(a, server, 3306, 700 + query, 800 + random() % 20'000));
    if (i % 20 == 0) tick();
  }
}

TEST_F(HonestLoginTest, HttpInsideAndOut) {
  for (int i = 0; i < 20'000; ++i) {
    // A service that opens a connection for each of its calls, all alike.
    give(traffic.answered(a, server, 8080, 600, 900));
    // A browser or a proxy outside: all sizes.
    give(traffic.answered(ip("203.0.113.9"), server, 443, 900 + random() % 1'400,
                          4'000 + random() % 200'000));
    if (i % 100 == 0) tick();
  }
}

TEST_F(HonestLoginTest, ManyUsersOfOneServer) {
  // Of a repository by ssh: most have nothing new, some fetch.
  for (int i = 0; i < 3'000; ++i) {
    give(traffic.answered(IpAddress::v4(0xcb007100U + random() % 60), server, 22,
                          4'500 + random() % 1'500, 9'000 + random() % 60'000));
    if (i % 5 == 0) tick();
  }
}

TEST_F(HonestLoginTest, AnOfficeThatReadsItsMail) {
  // Behind one address: short connections, of all sizes.
  for (int i = 0; i < 3'000; ++i) {
    give(traffic.answered(ip("203.0.113.9"), server, 993, 500 + random() % 3'400,
                          1'000 + random() % 6'000));
    if (i % 3 == 0) tick();
  }
}

TEST_F(HonestLoginTest, MailFromARelay) {
  for (int i = 0; i < 3'000; ++i) {
    give(traffic.answered(ip("203.0.113.9"), server, 25, 3'000 + random() % 30'000, 1'500));
    if (i % 5 == 0) tick();
  }
}

}  // namespace
}  // namespace netprobe
