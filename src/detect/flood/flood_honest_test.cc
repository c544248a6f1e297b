// SPDX-License-Identifier: Apache-2.0
// Busy, and no flood.
#include <gtest/gtest.h>

#include "detect/flood/testing/flood_lab.h"

namespace netprobe {
namespace {

using test::FloodLab;

const IpAddress kServer = *IpAddress::parse("10.1.0.2");
const IpAddress kClient = *IpAddress::parse("10.1.0.3");

TEST(HonestTraffic, AWebServerWithManyHandshakes) {
  FloodLab lab;
  std::vector<FlowRecord> pending;
  lab.run(60, [&] {
    // One in ten is cut in the middle of its handshake, and told the rest of a second later.
    for (FlowRecord& one : pending) {
      one.began = false;
      one.handshake = 90'000;
      one.tcp_flags = one.reverse_tcp_flags = kTcpSyn | kTcpAck | kTcpFin;
      lab.give(one);
    }
    pending.clear();
    for (int i = 0; i < 5'000; ++i) {
      FlowRecord one = lab.made(test::v4(lab.next()), kServer, lab.port(), 443);
      if (i % 10 == 0) {
        one.handshake = 0;
        one.tcp_flags = kTcpSyn;
        one.reverse_tcp_flags = kTcpSyn | kTcpAck;
        one.forward = {1, 60};
        pending.push_back(one);
      }
      lab.give(one);
    }
  });
  EXPECT_EQ(lab.kinds(), "");
}

TEST(HonestTraffic, SlowHandshakesThatAreAllLate) {
  FloodLab lab;
  std::vector<FlowRecord> pending;
  lab.run(60, [&] {
    for (FlowRecord& one : pending) {
      one.began = false;
      one.handshake = 700'000;
      one.tcp_flags = one.reverse_tcp_flags = kTcpSyn | kTcpAck;
      lab.give(one);
    }
    pending.clear();
    for (int i = 0; i < 1'500; ++i) {
      FlowRecord one = lab.record(test::v4(lab.next()), kServer, lab.port(), 443, kProtoTcp, 1, 1);
      one.tcp_flags = kTcpSyn;
      one.reverse_tcp_flags = kTcpSyn | kTcpAck;
      lab.give(one);
      pending.push_back(one);
    }
  });
  EXPECT_EQ(lab.kinds(), "");
}

TEST(HonestTraffic, BulkTransferSpeedTestAndADownload) {
  FloodLab lab;
  bool first = true;
  lab.run(60, [&] {
    for (std::uint16_t stream = 0; stream < 32; ++stream) {
      FlowRecord up = lab.made(kClient, kServer, 40'000 + stream, 5'201, 900'000, 30'000);
      FlowRecord down = lab.made(kClient, kServer, 50'000 + stream, 443, 20'000, 900'000);
      // The last is known from its middle alone.
      for (FlowRecord* one : {&up, &down}) {
        one->tcp_flags = one->reverse_tcp_flags =
            stream == 31 ? kTcpAck : static_cast<std::uint8_t>(kTcpSyn | kTcpAck);
        one->began = first;
        if (!first || stream == 31) one->handshake = 0;
        lab.give(*one);
      }
    }
    first = false;
  });
  EXPECT_EQ(lab.kinds(), "");
}

TEST(HonestTraffic, DatagramsAtFullRateThatWereAskedFor) {
  FloodLab lab;
  bool first = true;
  // iperf3 -u: a connection to the port first; then one answer, and a million datagrams.
  lab.run(30, [&] {
    if (first) lab.give(lab.made(kClient, kServer, 40'000, 5'201));
    lab.udp(kClient, kServer, 40'001, 5'201, 300'000, first ? 1 : 0);
    // QUIC, up and down; WireGuard, whose sides are one flow.
    lab.udp(kClient, kServer, 40'002, 443, 5'000, 300'000);
    lab.udp(kClient, kServer, 40'003, 443, 300'000, 9'000);
    lab.udp(kClient, kServer, 51'820, 51'820, 200'000, 200'000);
    // VXLAN between nodes, whose sides are not.
    lab.udp(kClient, kServer, lab.port(), 8'472, 400'000, 0);
    lab.udp(kServer, kClient, lab.port(), 8'472, 400'000, 0);
    // Video for many.
    lab.udp(kClient, test::ip("239.1.2.3"), 5'000, 5'004, 50'000, 0);
    first = false;
  });
  EXPECT_EQ(lab.kinds(), "");
}

TEST(HonestTraffic, AResolver) {
  FloodLab lab;
  std::vector<FlowRecord> late;
  lab.run(60, [&] {
    for (FlowRecord& one : late) {
      one.began = false;
      one.forward = {};
      one.reverse = {1, 400};
      lab.give(one);
    }
    late.clear();
    for (int i = 0; i < 30'000; ++i) {
      // One in five is answered in the next second.
      const bool now = i % 5 != 0;
      const FlowRecord asked = lab.record(test::v4(lab.next() % 200), kServer, lab.port(), 53,
                                          kProtoUdp, 1, now ? 1 : 0);
      lab.give(asked);
      if (!now) late.push_back(asked);
    }
    for (int i = 0; i < 3'000; ++i)
      lab.udp(kServer, test::v4(lab.next() % 50), lab.port(), 53, 1, 1);
  });
  EXPECT_EQ(lab.kinds(), "");
}

TEST(HonestTraffic, ScansAreNotFloods) {
  FloodLab lab;
  std::uint16_t port = 0;
  lab.run(15, [&] {
    for (int i = 0; i < 5'000; ++i) {
      FlowRecord one = lab.record(kClient, kServer, 50'000, ++port, kProtoTcp, 1, 1);
      one.tcp_flags = kTcpSyn;
      one.reverse_tcp_flags = kTcpRst | kTcpAck;
      lab.give(one);
    }
    for (int i = 0; i < 3'000; ++i)
      lab.give(lab.record(kClient, test::v4(lab.next()), 7, 7, kProtoIcmp, 1, 0));
  });
  EXPECT_EQ(lab.kinds(), "");
}

TEST(HonestTraffic, AServiceThatIsDownAndOneSecondsBurst) {
  FloodLab lab;
  int second = 0;
  lab.run(60, [&] {
    for (int i = 0; i < 2'000; ++i) {
      FlowRecord one =
          lab.record(test::v4(lab.next() % 100), kServer, lab.port(), 80, kProtoTcp, 1, 1);
      one.tcp_flags = kTcpSyn;
      one.reverse_tcp_flags = kTcpRst | kTcpAck;
      lab.give(one);
    }
    // Two seconds, as a cut may lie in it.
    if (second++ % 20 >= 2) return;
    for (int i = 0; i < 20'000; ++i) lab.syn(test::v4(lab.next()), kClient, lab.port(), 80);
  });
  EXPECT_EQ(lab.kinds(), "");
}

TEST(HonestTraffic, WhatIsNormalForATargetRaisesItsThreshold) {
  FloodLab lab;
  // Telemetry that goes one way, a bit below the floor at first, then four times as much.
  const auto telemetry = [&](int datagrams) {
    return [&lab, datagrams] {
      for (int i = 0; i < datagrams; ++i) lab.udp(test::v4(lab.next()), kServer, 9, 2'055, 1, 0);
    };
  };
  lab.run(600, telemetry(4'000));
  lab.run(20, telemetry(12'000));
  EXPECT_EQ(lab.kinds(), "");
  lab.run(6, telemetry(60'000));
  ASSERT_EQ(lab.told().size(), 1U) << "five times as much as ever";
  EXPECT_GT(lab.told()[0].threshold, 19'000);
  EXPECT_NE(lab.told()[0].expected, "");
}

}  // namespace
}  // namespace netprobe
