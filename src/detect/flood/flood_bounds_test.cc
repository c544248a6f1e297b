// SPDX-License-Identifier: Apache-2.0
// Memory is bounded whoever sends, and time that jumps is borne.
#include <gtest/gtest.h>

#include <malloc.h>

#include <random>

#include "detect/flood/testing/flood_lab.h"

namespace netprobe {
namespace {

using test::FloodLab;

constexpr std::size_t kMebi = 1024 * 1024;

TEST(FloodBounds, TenMillionSourcesTakeNoRoomAndHideNothing) {
  FloodLab lab;
  const IpAddress web = test::ip("10.1.0.2");
  std::uint32_t sources = 0;
  lab.run(20, [&] {
    FlowRecord syn = lab.record(web, web, 1, 80, kProtoTcp, 1, 1);
    syn.tcp_flags = kTcpSyn;
    syn.reverse_tcp_flags = kTcpSyn | kTcpAck;
    // What the target answers goes to as many.
    FlowRecord error = lab.record(web, web, 0, 0, kProtoIcmp, 1, 0);
    for (int i = 0; i < 500'000; ++i) {
      ++sources;
      FlowRecord& one = sources % 4 < 2 ? syn : error;
      (sources % 4 < 2 ? one.tuple.src : one.tuple.dst) =
          sources % 2 == 0 ? test::v6(sources) : IpAddress::v4(sources);
      lab.give(one);
    }
  });
  EXPECT_EQ(sources, 10'000'000U);
  ASSERT_EQ(lab.told().size(), 1U) << lab.kinds();
  EXPECT_EQ(lab.told()[0].key, "10.1.0.2:80");
  EXPECT_NE(lab.told()[0].source.text.find("k addresses"), std::string::npos);
  EXPECT_LE(lab.detector().bytes(), 2 * kMebi);
}

TEST(FloodBounds, AsManyTargetsAsThereCanBe) {
  FloodOptions options;
  FloodLab lab(options);
  std::uint32_t made = 0;
  const std::size_t before = mallinfo2().uordblks;
  lab.run(5, [&] {
    // Each is near a flood; and everybody talks with everybody.
    for (std::uint32_t target = 0; target < 4'000; ++target)
      for (int i = 0; i < 40; ++i) lab.udp(test::v6(lab.next()), test::v4(target), 99, 99, 300, 0);
    for (int i = 0; i < 30'000; ++i) {
      ++made;
      lab.give(lab.made(test::v4(made), test::v6(made), 9, 80));
    }
  });
  EXPECT_EQ(lab.detector().targets(), options.max_targets);
  EXPECT_GT(lab.detector().not_followed(), 0U);
  const std::size_t used = mallinfo2().uordblks - before;
  EXPECT_LE(lab.detector().bytes(), 9 * kMebi);
  RecordProperty("bytes", static_cast<int>(lab.detector().bytes()));
  // What it says of itself is what the heap has more.
  if (used > 0) EXPECT_GE(lab.detector().bytes() + kMebi / 2, used);
}

TEST(FloodBounds, ClocksMayStep) {
  FloodLab lab;
  FloodDetector& detector = lab.detector();
  std::size_t told = 0;
  const FindingSink sink = [&](Finding&& finding) {
    ++told;
    EXPECT_GE(finding.value, 0);
  };
  for (const Micros now : {Micros{0}, Micros{-5}, INT64_MAX / 4, Micros{1}, INT64_MIN / 4,
                           FloodLab::kBegin, FloodLab::kBegin - 3'600'000'000}) {
    for (int i = 0; i < 2'000; ++i)
      lab.syn(test::v4(lab.next()), test::ip("10.1.0.2"), lab.port(), 80);
    detector.tick(now, sink);
  }
  EXPECT_GT(told, 0U) << "a flood all the same";
}

TEST(FloodBounds, AnyRecordIsBorne) {
  FloodLab lab;
  std::mt19937_64 random(4);
  lab.run(20, [&] {
    for (int i = 0; i < 5'000; ++i) {
      FlowRecord one = lab.record(
          test::v6(static_cast<std::uint32_t>(random() % 3)),
          test::v4(static_cast<std::uint32_t>(random() % 3)), static_cast<std::uint16_t>(random()),
          static_cast<std::uint16_t>(random()), static_cast<std::uint8_t>(random()),
          random() >> (random() % 64), random() >> (random() % 64));
      one.tcp_flags = static_cast<std::uint8_t>(random());
      one.reverse_tcp_flags = static_cast<std::uint8_t>(random());
      one.handshake = static_cast<Micros>(random() % 3);
      one.time = static_cast<Micros>(random());
      one.began = random() % 2 == 0;
      if (random() % 2 == 0) one.tuple.protocol = random() % 2 == 0 ? kProtoTcp : kProtoUdp;
      lab.give(one);
    }
  });
  for (const Finding& finding : lab.all()) EXPECT_FALSE(finding.summary.empty());
}

}  // namespace
}  // namespace netprobe
