// SPDX-License-Identifier: Apache-2.0
#include "analysis/quality/verdict.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

namespace netprobe {
namespace {

constexpr Nanos kBegin = 1'000 * kSecond;
constexpr Nanos kSoon = kBegin + kSecond;
constexpr Nanos kLate = kBegin + kAnswerTime;

Flow flow_of(std::uint8_t protocol) {
  Flow flow;
  flow.tuple = {*IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.2"), 40000, 80, protocol};
  flow.first_seen = flow.last_seen = kBegin;
  return flow;
}

/// A side that sent `packets` with these flags among them.
void side(Flow& flow, bool client, std::uint8_t flags, std::uint64_t packets) {
  TcpSide& tcp = client ? flow.tcp_forward : flow.tcp_reverse;
  tcp.flags = flags;
  tcp.syns = (flags & kTcpSyn) != 0 ? 1 : 0;
  (client ? flow.forward : flow.reverse).packets = packets;
}

Flow tcp(std::uint8_t client, std::uint8_t server) {
  Flow flow = flow_of(kProtoTcp);
  side(flow, true, client, client == 0 ? 0 : 4);
  side(flow, false, server, server == 0 ? 0 : 4);
  return flow;
}

Flow with_icmp(Flow flow, int type, int code) {
  flow.icmp_errors = 1;
  flow.last_icmp_error = static_cast<std::uint16_t>(type << 8 | code);
  return flow;
}

Flow ended(Flow flow, FlowEnding why = FlowEnding::kSilent) {
  flow.ending = why;
  flow.ended = true;
  return flow;
}

constexpr std::uint8_t kOpenFlags = kTcpSyn | kTcpAck;

TEST(Verdict, OfTheHandshake) {
  const Flow asked = tcp(kTcpSyn, 0);
  EXPECT_EQ(flow_verdict(asked, kSoon), Verdict::kConnecting);
  EXPECT_EQ(flow_verdict(asked, kLate), Verdict::kNoAnswer);
  EXPECT_EQ(flow_verdict(ended(asked), kSoon), Verdict::kNoAnswer);
  // Pushed out of a full table a moment later: who knows.
  EXPECT_EQ(flow_verdict(ended(asked, FlowEnding::kEvicted), kSoon), Verdict::kConnecting);

  const Flow answered = tcp(kTcpSyn, kOpenFlags);
  EXPECT_EQ(flow_verdict(answered, kSoon), Verdict::kConnecting);
  EXPECT_EQ(flow_verdict(answered, kLate), Verdict::kHalfOpen);
  EXPECT_EQ(flow_verdict(tcp(kTcpSyn, kTcpRst | kTcpAck), kSoon), Verdict::kRefused);
  // What a port scanner does.
  EXPECT_EQ(flow_verdict(tcp(kTcpSyn | kTcpRst, kOpenFlags), kSoon), Verdict::kResetByClient);
}

TEST(Verdict, OfAnOpenConnection) {
  const Flow open = tcp(kOpenFlags, kOpenFlags);
  EXPECT_EQ(flow_verdict(open, kSoon), Verdict::kOpen);
  EXPECT_EQ(flow_verdict(open, kLate + 3600 * kSecond), Verdict::kOpen);
  EXPECT_EQ(flow_verdict(ended(open), kLate), Verdict::kIdle);
  EXPECT_EQ(flow_verdict(ended(open, FlowEnding::kEvicted), kLate), Verdict::kOpen);
  // It was there before the agent, or passes here one way only.
  EXPECT_EQ(flow_verdict(tcp(kTcpAck, kTcpAck), kLate), Verdict::kOpen);
  EXPECT_EQ(flow_verdict(tcp(kOpenFlags, 0), kLate), Verdict::kOpen);
  Flow backscatter = tcp(0, kOpenFlags);
  backscatter.reverse.packets = 1;
  EXPECT_EQ(flow_verdict(backscatter, kLate), Verdict::kUnknown);
}

TEST(Verdict, OfTheEnd) {
  const auto fin = static_cast<std::uint8_t>(kOpenFlags | kTcpFin);
  const auto rst = static_cast<std::uint8_t>(kOpenFlags | kTcpRst);
  EXPECT_EQ(flow_verdict(tcp(fin, fin), kSoon), Verdict::kClosed);
  EXPECT_EQ(flow_verdict(tcp(fin | kTcpRst, fin), kSoon), Verdict::kClosed);
  EXPECT_EQ(flow_verdict(tcp(fin, kOpenFlags), kSoon), Verdict::kHalfClosed);
  EXPECT_EQ(flow_verdict(ended(tcp(kOpenFlags, fin)), kLate), Verdict::kHalfClosed);
  EXPECT_EQ(flow_verdict(tcp(rst, kOpenFlags), kSoon), Verdict::kResetByClient);
  EXPECT_EQ(flow_verdict(tcp(kOpenFlags, rst), kSoon), Verdict::kResetByServer);
  EXPECT_EQ(flow_verdict(tcp(fin | kTcpRst, kOpenFlags), kSoon), Verdict::kResetByClient);
  EXPECT_EQ(flow_verdict(tcp(kTcpAck, kTcpRst), kSoon), Verdict::kResetByServer);
  Flow both = tcp(rst, rst);
  both.tcp_forward.first_rst = kBegin + 2;
  both.tcp_reverse.first_rst = kBegin + 1;
  EXPECT_EQ(flow_verdict(both, kSoon), Verdict::kResetByServer);
  both.tcp_forward.first_rst = kBegin;
  EXPECT_EQ(flow_verdict(both, kSoon), Verdict::kResetByClient);
}

TEST(Verdict, OfIcmpErrors) {
  const Flow asked = tcp(kTcpSyn, 0);
  EXPECT_EQ(flow_verdict(with_icmp(asked, 3, 3), kSoon), Verdict::kRefused);
  for (const int code : {0, 1, 9, 10, 13})
    EXPECT_EQ(flow_verdict(with_icmp(asked, 3, code), kSoon), Verdict::kUnreachable) << code;
  EXPECT_EQ(flow_verdict(with_icmp(asked, 11, 0), kSoon), Verdict::kUnreachable);
  // A packet too big says nothing of the destination.
  EXPECT_EQ(flow_verdict(with_icmp(asked, 3, 4), kLate), Verdict::kNoAnswer);
  // Once it was open, an error is an event, no end.
  EXPECT_EQ(flow_verdict(with_icmp(tcp(kOpenFlags, kOpenFlags), 3, 1), kSoon), Verdict::kOpen);

  Flow v6 = asked;
  v6.tuple.src = *IpAddress::parse("fd00::1");
  v6.tuple.dst = *IpAddress::parse("fd00::2");
  EXPECT_EQ(flow_verdict(with_icmp(v6, 1, 4), kSoon), Verdict::kRefused);
  EXPECT_EQ(flow_verdict(with_icmp(v6, 1, 1), kSoon), Verdict::kUnreachable);
  EXPECT_EQ(flow_verdict(with_icmp(v6, 3, 0), kSoon), Verdict::kUnreachable);
  EXPECT_EQ(flow_verdict(with_icmp(v6, 2, 0), kLate), Verdict::kNoAnswer);
}

TEST(Verdict, OfUdp) {
  Flow flow = flow_of(kProtoUdp);
  flow.forward.packets = 1;
  EXPECT_EQ(flow_verdict(flow, kSoon), Verdict::kConnecting);
  EXPECT_EQ(flow_verdict(flow, kLate), Verdict::kNoAnswer);
  EXPECT_EQ(flow_verdict(with_icmp(flow, 3, 3), kSoon), Verdict::kPortUnreachable);
  EXPECT_EQ(flow_verdict(with_icmp(flow, 3, 1), kSoon), Verdict::kUnreachable);
  Flow answered = flow;
  answered.reverse.packets = 1;
  EXPECT_EQ(flow_verdict(answered, kSoon), Verdict::kAnswered);
  EXPECT_EQ(flow_verdict(ended(answered), kLate), Verdict::kAnswered);
  // A resolver that had gone when the answer came.
  EXPECT_EQ(flow_verdict(with_icmp(answered, 3, 3), kSoon), Verdict::kAnswered);
}

TEST(Verdict, OfWhatNobodyAnswersThereIsNone) {
  Flow flow = flow_of(kProtoUdp);
  flow.forward.packets = 1;
  Flow multicast = flow;
  multicast.tuple.dst = *IpAddress::parse("224.0.0.251");
  EXPECT_EQ(flow_verdict(multicast, kLate), Verdict::kUnknown);
  Flow tunnel = flow;
  tunnel.carries = Tunnel::kVxlan;
  EXPECT_EQ(flow_verdict(tunnel, kLate), Verdict::kUnknown);
  Flow fragments = flow;
  fragments.no_ports = true;
  EXPECT_EQ(flow_verdict(fragments, kLate), Verdict::kUnknown);
  EXPECT_EQ(flow_verdict(flow_of(kProtoIcmp), kLate), Verdict::kUnknown);
}

TEST(Verdict, TheSocketKnowsMore) {
  const auto with = [](Verdict packets, int error, bool client) {
    Connection socket;
    socket.error = error;
    return with_socket(packets, socket, client);
  };
  EXPECT_EQ(with(Verdict::kOpen, ETIMEDOUT, true), Verdict::kTimedOut);
  EXPECT_EQ(with(Verdict::kConnecting, ETIMEDOUT, true), Verdict::kNoAnswer);
  EXPECT_EQ(with(Verdict::kNoAnswer, ECONNREFUSED, true), Verdict::kRefused);
  EXPECT_EQ(with(Verdict::kNoAnswer, EHOSTUNREACH, true), Verdict::kUnreachable);
  EXPECT_EQ(with(Verdict::kOpen, ECONNRESET, true), Verdict::kResetByServer);
  EXPECT_EQ(with(Verdict::kOpen, ECONNRESET, false), Verdict::kResetByClient);
  EXPECT_EQ(with(Verdict::kOpen, 0, true), Verdict::kOpen);
  // What the packets showed stands.
  EXPECT_EQ(with(Verdict::kClosed, ECONNRESET, true), Verdict::kClosed);
  EXPECT_EQ(with(Verdict::kRefused, ETIMEDOUT, true), Verdict::kRefused);
}

TEST(Verdict, EveryOneHasANameOfItsOwn) {
  std::vector<std::string_view> names = verdict_names();
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Verdict::kCount));
  for (const auto name : names) {
    ASSERT_TRUE(parse_verdict(name)) << name;
    EXPECT_EQ(to_string(*parse_verdict(name)), name);
    EXPECT_EQ(std::ranges::count(names, name), 1) << name;
  }
  EXPECT_FALSE(parse_verdict(""));
  EXPECT_FALSE(parse_verdict("rejected"));
}

}  // namespace
}  // namespace netprobe
