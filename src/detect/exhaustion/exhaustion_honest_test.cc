// SPDX-License-Identifier: Apache-2.0
// Many connections, and silent ones, that are somebody's work.
#include <gtest/gtest.h>

#include "detect/exhaustion/testing/exhaustion_lab.h"

namespace netprobe {
namespace {

using test::ExhaustionLab;
using test::ip;
using Connections = std::vector<ExhaustionLab::Connection>;

const IpAddress kServer = *IpAddress::parse("10.1.0.2");
const IpAddress kClient = *IpAddress::parse("10.1.0.3");

IpAddress other(int i) { return IpAddress::v4(0x0a020000U + static_cast<std::uint32_t>(i)); }

TEST(HonestConnections, WebSocketsBehindAProxy) {
  ExhaustionLab lab;
  Connections all;
  for (int i = 0; i < 3'000; ++i) all.push_back(lab.open(kClient, kServer, 8'080, 500, 180));
  lab.run(300, [&] {
    for (const auto& one : all) {
      // Pings with their pongs; and what the server has to say.
      if ((lab.second() + static_cast<int>(one.id)) % 25 == 0) lab.give(one, {6, 2});
      if ((lab.second() + static_cast<int>(one.id)) % 60 == 7) lab.give(one, {-1, 300});
    }
  });
  EXPECT_EQ(lab.kinds(), "");
}

TEST(HonestConnections, LongPolling) {
  ExhaustionLab lab;
  Connections all;
  for (int i = 0; i < 500; ++i) all.push_back(lab.open(kClient, kServer, 80, 400));
  lab.run(300, [&] {
    for (const auto& one : all) {
      const int at = lab.age(one) % 60;
      if (at == 59) lab.give(one, {-1, 90});
      if (at == 0 && lab.age(one) > 0) lab.give(one, {400, -1});
    }
  });
  EXPECT_EQ(lab.kinds(), "");
}

TEST(HonestConnections, PoolsOfADatabase) {
  ExhaustionLab lab;
  Connections all;
  for (int pod = 0; pod < 20; ++pod)
    for (int i = 0; i < 200; ++i) all.push_back(lab.open(other(pod), kServer, 5'432, 700, 900));
  // A pool that was made and not used yet.
  for (int i = 0; i < 200; ++i) all.push_back(lab.open(kClient, kServer, 6'379));
  lab.run(300, [&] {
    for (const auto& one : all) {
      const int turn = lab.second() + static_cast<int>(one.id);
      if (turn % 15 == 0) lab.give(one, {0, 0});  // keep-alives, either side
      if (one.port == 5'432 && turn % 97 == 0) lab.give(one, {80, 2'000});
    }
  });
  EXPECT_EQ(lab.kinds(), "");
}

TEST(HonestConnections, LogLinesThatNobodyAnswers) {
  ExhaustionLab lab;
  Connections all;
  for (int pod = 0; pod < 1'000; ++pod) all.push_back(lab.open(other(pod), kServer, 2'003, 40));
  lab.run(120, [&] {
    for (const auto& one : all)
      if ((lab.second() + static_cast<int>(one.id)) % 7 == 0) lab.give(one, {60, -1});
  });
  EXPECT_EQ(lab.kinds(), "");
}

TEST(HonestConnections, UploadsAndDownloadsOfAll) {
  ExhaustionLab lab;
  Connections all;
  for (int i = 0; i < 300; ++i) all.push_back(lab.open(kClient, kServer, 443, 500, 3'000));
  lab.run(120, [&] {
    for (const auto& one : all) {
      if (one.id % 3 == 0) lab.give(one, {1'000'000, 0});
      if (one.id % 3 == 1) lab.give(one, {0, 1'000'000});
      // A reader that stops now and then.
      if (one.id % 3 == 2 && lab.second() % 4 == 0) lab.give(one, {0, 80'000, 1});
    }
  });
  EXPECT_EQ(lab.kinds(), "");
}

TEST(HonestConnections, AServerThatIsSlowItself) {
  ExhaustionLab lab;
  Connections all;
  lab.run(120, [&] {
    // Each answer takes half a minute; clients send once.
    for (const auto& one : all)
      if (lab.age(one) == 30) {
        lab.give(one, {0, 5'000});
        lab.close(one);
      }
    for (int i = 0; i < 50; ++i) all.push_back(lab.open(kClient, kServer, 80, 600));
  });
  EXPECT_EQ(lab.kinds(), "");
}

}  // namespace
}  // namespace netprobe
