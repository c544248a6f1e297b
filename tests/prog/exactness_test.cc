// SPDX-License-Identifier: Apache-2.0
// design.md section 2: nothing is counted twice, nothing is lost, whatever the
// packets are.
#include <random>

#include "prog/random_traffic.h"
#include "prog/replay.h"

namespace netprobe::test {
namespace {

using ExactnessTest = ProgTest;

TEST_F(ExactnessTest, RandomTrafficOnThreeInterfaces) {
  Replay replay;
  RandomTraffic traffic(1);
  std::mt19937 random(2);
  for (int i = 0; i < 3'000; ++i)
    for (const auto& packet : traffic.any())
      replay.push(packet, {.interface = 1 + static_cast<std::uint32_t>(random() % 3)});
  EXPECT_GT(replay.flows().size(), 100U);
  replay.expect_exact();
}

// Any byte may be anything: what is no packet any more is still counted.
TEST_F(ExactnessTest, MutatedPackets) {
  Replay replay;
  RandomTraffic traffic(3);
  std::mt19937 random(4);
  for (int i = 0; i < 10'000; ++i) {
    for (auto packet : traffic.any()) {
      const auto wire = static_cast<std::uint32_t>(packet.size());
      for (auto flips = random() % 6; flips > 0; --flips)
        packet[random() % packet.size()] = static_cast<std::uint8_t>(random());
      if (random() % 4 == 0) packet.resize(random() % packet.size());
      replay.push(packet, {.wire_length = random() % 2 == 0 ? wire : 0U});
    }
  }
  const auto counters = replay.counters();
  EXPECT_GT(counters.unattributed[static_cast<std::size_t>(Unattributed::kMalformed)], 0U);
  EXPECT_GT(counters.unattributed[static_cast<std::size_t>(Unattributed::kNonIp)], 0U);
  replay.expect_exact();
}

TEST_F(ExactnessTest, Noise) {
  Replay replay;
  std::mt19937 random(5);
  for (int i = 0; i < 5'000; ++i) {
    Bytes noise(random() % 200);
    for (auto& byte : noise) byte = static_cast<std::uint8_t>(random());
    replay.push(noise, {.bare_ip = random() % 2 == 0});
  }
  replay.expect_exact();
}

}  // namespace
}  // namespace netprobe::test
