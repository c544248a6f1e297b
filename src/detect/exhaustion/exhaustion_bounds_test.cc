// SPDX-License-Identifier: Apache-2.0
// Memory is bounded whoever connects, and time that jumps is borne.
#include <gtest/gtest.h>

#include <malloc.h>

#include <array>
#include <random>
#include <span>

#include "detect/exhaustion/testing/exhaustion_lab.h"

namespace netprobe {
namespace {

using test::ExhaustionLab;
using test::ip;

constexpr std::size_t kMebi = 1024 * 1024;

IpAddress any(std::uint32_t i) {
  std::array<std::uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8};
  for (unsigned b = 0; b < 4; ++b) bytes.at(4 + b) = static_cast<std::uint8_t>(i >> (8 * b));
  return IpAddress(std::span<const std::uint8_t, 16>(bytes));
}

TEST(ExhaustionBounds, TenMillionSpoofedSourcesTakeNothing) {
  ExhaustionLab lab;
  FlowRecord syn = lab.record({any(0), ip("10.1.0.2"), 80, 1, 0}, {0, 0});
  syn.tcp_flags = kTcpSyn;
  syn.began = true;
  for (std::uint32_t i = 1; i <= 10'000'000; ++i) {
    syn.tuple.src = IpAddress::v4(i);
    syn.flow_id = i;
    lab.detector().on_flow(syn);
  }
  lab.run(1, [] {});
  EXPECT_EQ(lab.detector().connections(), 0U);
  EXPECT_LE(lab.detector().bytes(), 64U * 1024);
}

TEST(ExhaustionBounds, AsManyConnectionsAsThereCanBe) {
  ExhaustionOptions options;
  ExhaustionLab lab(options);
  const std::size_t before = mallinfo2().uordblks;
  // Each of another source, and all unused: a group each.
  lab.run(15, [&] {
    for (std::uint32_t i = 0; i < 20'000; ++i)
      lab.open(any(i * 15 + static_cast<std::uint32_t>(lab.second())), ip("10.1.0.2"), 80);
  });
  EXPECT_EQ(lab.detector().connections(), options.max_connections);
  EXPECT_GT(lab.detector().not_followed(), 0U);
  lab.run(15, [] {});
  EXPECT_LE(lab.detector().bytes(), 6 * kMebi);
  RecordProperty("bytes", static_cast<int>(lab.detector().bytes()));
  const std::size_t used = mallinfo2().uordblks - before;
  if (used > 0) EXPECT_GE(lab.detector().bytes() + kMebi / 2, used);
}

TEST(ExhaustionBounds, ClocksMayStep) {
  ExhaustionLab lab;
  for (int i = 0; i < 400; ++i) lab.open(ip("10.1.0.3"), ip("10.1.0.2"), 80);
  for (const Micros now : {Micros{0}, Micros{-5}, INT64_MAX, Micros{1}, INT64_MIN,
                           ExhaustionLab::kBegin, ExhaustionLab::kBegin - 3'600'000'000})
    lab.detector().tick(now, [](Finding&&) {});
  EXPECT_EQ(lab.detector().connections(), 400U);
}

TEST(ExhaustionBounds, AnyRecordIsBorne) {
  ExhaustionLab lab;
  std::mt19937_64 random(4);
  lab.run(60, [&] {
    for (int i = 0; i < 2'000; ++i) {
      FlowRecord one = lab.record({any(1), ip("10.1.0.2"), 80, random() % 500, 0}, {0, 0});
      one.forward = {random() >> (random() % 64), random() >> (random() % 64)};
      one.reverse = {random() >> (random() % 64), random() >> (random() % 64)};
      one.client_trouble.zero_windows = random();
      one.tcp_flags = static_cast<std::uint8_t>(random() | kTcpAck);
      if (random() % 4 != 0) one.tcp_flags &= kTcpAck | kTcpSyn;
      one.handshake = static_cast<Micros>(random() % 3);
      one.last_seen = random() % 2 == 0 ? static_cast<Micros>(random()) : one.last_seen;
      one.ended = random() % 50 == 0;
      lab.detector().on_flow(one);
    }
  });
  EXPECT_LE(lab.detector().connections(), 500U);
}

}  // namespace
}  // namespace netprobe
