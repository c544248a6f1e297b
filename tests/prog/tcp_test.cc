// SPDX-License-Identifier: Apache-2.0
// What TCP's header tells about a connection.
#include "prog/replay.h"

namespace netprobe::test {
namespace {

using TcpTest = ProgTest;

constexpr std::uint8_t kSynAck = kTcpSyn | kTcpAck;
constexpr std::uint8_t kPush = 0x08;

/// A client and a server that take turns; sequence numbers are relative.
class Connection {
 public:
  explicit Connection(Replay& replay, std::uint32_t client_isn = 1'000,
                      std::uint32_t server_isn = 9'000)
      : replay_(replay), client_isn_(client_isn), server_isn_(server_isn) {}

  Connection& client(std::uint8_t flags, std::uint32_t seq, std::size_t payload = 0,
                     Nanos after = kMillisecond, std::uint16_t window = 64'240) {
    replay_.push(Packet()
                     .ether()
                     .ipv4()
                     .tcp({.flags = flags, .seq = client_isn_ + seq, .window = window})
                     .payload(payload),
                 {.after = after});
    return *this;
  }
  Connection& server(std::uint8_t flags, std::uint32_t seq, std::size_t payload = 0,
                     Nanos after = kMillisecond, std::uint16_t window = 64'240) {
    replay_.push(Packet()
                     .ether()
                     .ip("10.0.0.2", "10.0.0.1")
                     .tcp({.src = 80,
                           .dst = 1'000,
                           .flags = flags,
                           .seq = server_isn_ + seq,
                           .window = window})
                     .payload(payload),
                 {.after = after});
    return *this;
  }
  Connection& handshake() { return client(kTcpSyn, 0).server(kSynAck, 0).client(kTcpAck, 1); }

 private:
  Replay& replay_;
  std::uint32_t client_isn_;
  std::uint32_t server_isn_;
};

const FlowTuple kTuple = tuple("10.0.0.1", 1'000, "10.0.0.2", 80, kProtoTcp);

TEST_F(TcpTest, FlagsAndTheirCounts) {
  Replay replay;
  Connection(replay)
      .handshake()
      .client(kPush | kTcpAck, 1, 100)
      .server(kPush | kTcpAck, 1, 500)
      .client(kTcpFin | kTcpAck, 101)
      .server(kTcpFin | kTcpAck, 501)
      .client(kTcpAck, 102);
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tuple, kTuple);
  EXPECT_EQ(flow.forward, (Counters{5, 5 * 40 + 100}));
  EXPECT_EQ(flow.reverse, (Counters{3, 3 * 40 + 500}));
  EXPECT_EQ(flow.tcp_forward.flags, kTcpSyn | kTcpAck | kPush | kTcpFin);
  EXPECT_EQ(flow.tcp_reverse.flags, kTcpSyn | kTcpAck | kPush | kTcpFin);
  EXPECT_EQ(flow.tcp_forward.syns, 1U);
  EXPECT_EQ(flow.tcp_reverse.syns, 1U);
  EXPECT_EQ(flow.tcp_forward.fins, 1U);
  EXPECT_EQ(flow.tcp_reverse.fins, 1U);
  EXPECT_EQ(flow.tcp_forward.rsts + flow.tcp_reverse.rsts, 0U);
  EXPECT_EQ(flow.tcp_forward.retransmits + flow.tcp_reverse.retransmits, 0U);
  EXPECT_EQ(flow.tcp_forward.out_of_order + flow.tcp_reverse.out_of_order, 0U);
  replay.expect_exact();
}

// The SYN-ACK was seen first: the side that it goes to began all the same.
TEST_F(TcpTest, TheSenderOfTheSynIsTheSource) {
  Replay replay;
  Connection(replay).server(kSynAck, 0).client(kTcpAck, 1).server(kTcpAck | kPush, 1, 10);
  EXPECT_EQ(replay.only().tuple, kTuple);
}

TEST_F(TcpTest, WithoutASynTheFirstSenderIsTheSource) {
  Replay replay;
  Connection(replay).server(kTcpAck | kPush, 1, 10).client(kTcpAck, 1);
  EXPECT_EQ(replay.only().tuple, kTuple.reversed());
}

TEST_F(TcpTest, HandshakeTimes) {
  Replay replay;
  Connection(replay)
      .client(kTcpSyn, 0)
      .server(kSynAck, 0, 0, 30 * kMillisecond)
      .client(kTcpAck, 1, 0, 2 * kMillisecond);
  const Flow flow = replay.only();
  EXPECT_EQ(flow.handshake_server, 30 * kMillisecond);
  EXPECT_EQ(flow.handshake_client, 2 * kMillisecond);
  EXPECT_EQ(flow.handshake_rtt, 32 * kMillisecond);
}

TEST_F(TcpTest, RetransmittedSegments) {
  Replay replay;
  Connection(replay)
      .handshake()
      .client(kTcpAck, 1, 100)
      .client(kTcpAck, 101, 100)
      .client(kTcpAck, 1, 100, 200 * kMillisecond)    // all of it seen before
      .client(kTcpAck, 101, 50, 200 * kMillisecond)   // a part of it
      .client(kTcpAck, 151, 100, 200 * kMillisecond)  // half of it is new
      .server(kTcpAck, 1, 10)
      .server(kTcpAck, 1, 10, kSecond);
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tcp_forward.retransmits, 2U);
  EXPECT_EQ(flow.tcp_reverse.retransmits, 1U);
  EXPECT_EQ(flow.tcp_forward.out_of_order, 0U);
}

TEST_F(TcpTest, RetransmittedSynAndFin) {
  Replay replay;
  Connection(replay)
      .client(kTcpSyn, 0)
      .client(kTcpSyn, 0, 0, kSecond)
      .server(kSynAck, 0)
      .client(kTcpAck, 1)
      .client(kTcpFin | kTcpAck, 1)
      .client(kTcpFin | kTcpAck, 1, 0, kSecond);
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tcp_forward.syns, 2U);
  EXPECT_EQ(flow.tcp_forward.fins, 2U);
  EXPECT_EQ(flow.tcp_forward.retransmits, 2U);
}

// A hole that is filled within 3 ms was reordering, later it was loss.
TEST_F(TcpTest, OutOfOrderSegments) {
  Replay replay;
  Connection(replay)
      .handshake()
      .client(kTcpAck, 1, 100)
      .client(kTcpAck, 201, 100)                      // 101 is missing
      .client(kTcpAck, 101, 100, kMillisecond)        // and comes at once
      .client(kTcpAck, 401, 100)                      // 301 is missing
      .client(kTcpAck, 301, 100, 50 * kMillisecond);  // and comes late
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tcp_forward.out_of_order, 1U);
  EXPECT_EQ(flow.tcp_forward.retransmits, 1U);
}

TEST_F(TcpTest, SequenceNumbersWrap) {
  Replay replay;
  Connection(replay, 0xffffff00)
      .handshake()
      .client(kTcpAck, 1, 200)
      .client(kTcpAck, 201, 200)
      .client(kTcpAck, 401, 200)
      .client(kTcpAck, 201, 200, kSecond);
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tcp_forward.retransmits, 1U);
  EXPECT_EQ(flow.tcp_forward.out_of_order, 0U);
}

TEST_F(TcpTest, KeepAlivesAndBareAcksAreNoRetransmits) {
  Replay replay;
  Connection(replay)
      .handshake()
      .client(kTcpAck, 1, 100)
      .server(kTcpAck, 1)
      .server(kTcpAck, 1)
      .client(kTcpAck, 100, 1, kSecond)
      .client(kTcpAck, 100, 0, kSecond)
      .server(kTcpAck, 1);
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tcp_forward.retransmits, 0U);
  EXPECT_EQ(flow.tcp_reverse.retransmits, 0U);
}

TEST_F(TcpTest, ZeroWindows) {
  Replay replay;
  Connection(replay)
      .handshake()
      .server(kTcpAck, 1, 0, kMillisecond, 0)
      .server(kTcpAck, 1, 0, kMillisecond, 0)
      .server(kTcpRst, 1, 0, kMillisecond, 0);
  const Flow flow = replay.only();
  EXPECT_EQ(flow.tcp_reverse.zero_windows, 2U);  // a reset announces no window
  EXPECT_EQ(flow.tcp_forward.zero_windows, 0U);
  EXPECT_EQ(flow.tcp_reverse.rsts, 1U);
}

TEST_F(TcpTest, PortsUsedAgainAreAnotherFlow) {
  Replay replay;
  Connection(replay)
      .handshake()
      .client(kTcpFin | kTcpAck, 1)
      .server(kTcpFin | kTcpAck, 1)
      .client(kTcpAck, 2);
  Connection(replay, 500'000, 700'000)
      .client(kTcpSyn, 0, 0, kSecond)
      .server(kSynAck, 0)
      .client(kTcpAck, 1)
      .client(kTcpAck, 1, 77);
  const auto flows = replay.flows();
  ASSERT_EQ(flows.size(), 2U);
  EXPECT_EQ(flows[0].forward, (Counters{4, 4 * 40}));
  EXPECT_EQ(flows[0].reverse, (Counters{2, 2 * 40}));
  EXPECT_EQ(flows[1].forward, (Counters{3, 3 * 40 + 77}));
  EXPECT_EQ(flows[1].reverse, (Counters{1, 40}));
  EXPECT_EQ(flows[1].tcp_forward.syns, 1U);
  EXPECT_EQ(flows[1].tcp_forward.retransmits, 0U);
  replay.expect_exact();
}

TEST_F(TcpTest, OptionsAreNotPayload) {
  Replay replay;
  const Bytes timestamps{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
  for (const std::uint32_t seq : {1U, 101U, 201U})
    replay.push(Packet().ether().ipv4().tcp({.seq = seq, .options = timestamps}).payload(100));
  const Flow flow = replay.only();
  EXPECT_EQ(flow.forward, (Counters{3, 3 * (20 + 32 + 100)}));
  EXPECT_EQ(flow.tcp_forward.retransmits + flow.tcp_forward.out_of_order, 0U);
}

}  // namespace
}  // namespace netprobe::test
