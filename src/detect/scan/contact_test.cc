// SPDX-License-Identifier: Apache-2.0
#include "detect/scan/contact.h"

#include <gtest/gtest.h>

#include "detect/scan/answered.h"
#include "detect/scan/probe_set.h"
#include "sketch/keyed_hash.h"
#include "support/flow_traffic.h"

namespace netprobe {
namespace {

using testing::ip;
using T = testing::FlowTraffic;

class ContactTest : public ::testing::TestWithParam<bool> {
 protected:
  IpAddress src = GetParam() ? ip("fd00::1") : ip("10.0.0.1");
  IpAddress dst = GetParam() ? ip("fd00::2") : ip("10.0.0.2");
  std::uint64_t more = GetParam() ? 20 : 0;
  T traffic;

  static void is(const FlowRecord& record, Outcome outcome, ScanMethod method) {
    const Contact contact = contact_of(record);
    EXPECT_EQ(contact.outcome, outcome);
    if (outcome != Outcome::kNothing) EXPECT_EQ(contact.method, method);
  }
  static void is_nothing(const FlowRecord& record) {
    EXPECT_EQ(contact_of(record).outcome, Outcome::kNothing);
  }
};
INSTANTIATE_TEST_SUITE_P(Families, ContactTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "v6" : "v4"; });

TEST_P(ContactTest, OfConnections) {
  is(traffic.unanswered(src, dst, 80, 60 + more), Outcome::kPending, ScanMethod::kConnect);
  is(traffic.unanswered(src, dst, 80, 44 + more), Outcome::kPending, ScanMethod::kSyn);
  is(traffic.refused(src, dst, 80, 60 + more), Outcome::kFailed, ScanMethod::kConnect);
  is(traffic.refused(src, dst, 80, 44 + more), Outcome::kFailed, ScanMethod::kSyn);
  is(traffic.half_open(src, dst, 80), Outcome::kFailed, ScanMethod::kSyn);
  is(traffic.empty(src, dst, 80), Outcome::kEmpty, ScanMethod::kConnect);
  is(traffic.empty(src, dst, 80, T::kRst), Outcome::kEmpty, ScanMethod::kConnect);
  is(traffic.answered(src, dst, 80), Outcome::kGood, ScanMethod::kConnect);
  is(traffic.tcp(src, dst, 80, T::kSyn | T::kAck, T::kSyn | T::kAck, {2, 112}, {1, 60}),
     Outcome::kOpen, ScanMethod::kConnect);
  is(traffic.tcp(src, dst, 80, T::kSyn | T::kAck | T::kFin, 0, {3, 160}, {}), Outcome::kOpen,
     ScanMethod::kConnect);
  // With ECN: the SYN has ECE and CWR.
  is(traffic.tcp(src, dst, 80, T::kSyn | 0xc0, 0, {1, 60 + more}, {}), Outcome::kPending,
     ScanMethod::kConnect);
}

TEST_P(ContactTest, OfWhatNoStackSends) {
  for (const std::uint8_t reply : {std::uint8_t{0}, static_cast<std::uint8_t>(T::kRst | T::kAck)}) {
    is(traffic.odd(src, dst, 80, 0, reply), Outcome::kFailed, ScanMethod::kNull);
    is(traffic.odd(src, dst, 80, T::kFin, reply), Outcome::kFailed, ScanMethod::kFin);
    is(traffic.odd(src, dst, 80, T::kFin | T::kPsh | T::kUrg, reply), Outcome::kFailed,
       ScanMethod::kXmas);
  }
  is(traffic.odd(src, dst, 80, T::kAck, T::kRst), Outcome::kFailed, ScanMethod::kAck);
  is(traffic.odd(src, dst, 80, T::kAck | T::kFin, T::kRst), Outcome::kFailed, ScanMethod::kFin);
}

TEST_P(ContactTest, WhatBeganBeforeTheAgentIsNoAttempt) {
  is_nothing(traffic.odd(src, dst, 80, T::kAck, 0));
  is_nothing(traffic.odd(src, dst, 80, T::kAck, T::kAck));
  is_nothing(traffic.odd(src, dst, 80, T::kRst, 0));
  FlowRecord reply = traffic.odd(src, dst, 45'000, T::kAck, T::kRst);
  reply.tuple.src_port = 443;
  is_nothing(reply);
  // Only the answer to a spoofed SYN was seen: the side that sent nothing is "src".
  is_nothing(traffic.tcp(src, dst, 80, 0, T::kSyn | T::kAck, {}, {1, 44}));
  is_nothing(traffic.odd(src, dst, 0, 0, 0));
  is(traffic.tcp(src, dst, 80, T::kAck | T::kPsh, T::kAck | T::kPsh, {5, 900}, {5, 900}),
     Outcome::kGood, ScanMethod::kConnect);
}

TEST_P(ContactTest, OfDatagrams) {
  is(traffic.udp(src, dst, 161, "connecting"), Outcome::kPending, ScanMethod::kUdp);
  is(traffic.udp(src, dst, 161, "port_unreachable"), Outcome::kFailed, ScanMethod::kUdp);
  is(traffic.udp(src, dst, 161, "answered"), Outcome::kGood, ScanMethod::kUdp);
  FlowRecord later = traffic.udp(src, dst, 161, "no_answer");
  later.began = false;
  is_nothing(later);
  for (const int port : {4789, 8472, 6081, 67, 33'434, 33'599, 0})
    is_nothing(traffic.udp(src, dst, static_cast<std::uint16_t>(port), "connecting"));
  is_nothing(traffic.udp(src, dst, 9'999, "unknown"));
  FlowRecord reply = traffic.udp(src, dst, 45'000, "connecting");
  reply.tuple.src_port = 53;
  is_nothing(reply);
  is_nothing(traffic.udp(src, ip(GetParam() ? "ff02::fb" : "224.0.0.251"), 5353, "connecting"));
}

TEST_P(ContactTest, OfEchoes) {
  is(traffic.ping(src, dst, false), Outcome::kPending, ScanMethod::kPing);
  is(traffic.ping(src, dst, true), Outcome::kEmpty, ScanMethod::kPing);
  FlowRecord reply_alone = traffic.ping(src, dst, true);
  reply_alone.reverse = {};
  is_nothing(reply_alone);
  FlowRecord error = traffic.ping(src, dst, false);
  error.icmp = GetParam() ? 1 << 8 : 3 << 8;
  is_nothing(error);
}

TEST(Answered, CountsEachPairOnceAndForgetsSlowly) {
  Answered answered;
  answered.tick(1);
  for (std::uint64_t i = 0; i < 1'000; ++i)
    for (int again = 0; again < 3; ++again) answered.add(keyed_hash(i), {keyed_hash(7), 8, 9});
  EXPECT_TRUE(answered.knows(keyed_hash(5)));
  EXPECT_FALSE(answered.knows(keyed_hash(5'000)));
  // Two pairs of one place take turns.
  EXPECT_GE(answered.count(keyed_hash(7)), 1'000U);
  EXPECT_LE(answered.count(keyed_hash(7)), 1'100U);
  answered.tick(700'000'000);
  EXPECT_LE(answered.count(keyed_hash(7)), 550U);
  EXPECT_TRUE(answered.knows(keyed_hash(5)));
}

TEST(ProbeSet, KeepsWhatWaitsAndNoMoreThanItsRoom) {
  ProbeSet set;
  ScanProbe probe{.peer = ip("10.0.0.2"), .seconds = 100, .protocol = kProtoTcp};
  for (std::uint16_t port = 1; port <= 96; ++port) {
    probe.port = port;
    EXPECT_TRUE(set.add(probe));
    EXPECT_FALSE(set.add(probe));
  }
  probe.port = 1'000;
  EXPECT_FALSE(set.add(probe)) << "all wait for an answer";
  EXPECT_TRUE(set.settle(101, 2));
  EXPECT_FALSE(set.settle(102, 2));
  EXPECT_TRUE(set.add(probe));
  EXPECT_EQ(set.all().size(), ProbeSet::kMost);
  EXPECT_EQ(set.bytes(), ProbeSet::kMost * sizeof(ScanProbe));
  set.remove(probe.peer, 1'000, kProtoTcp);
  EXPECT_EQ(set.all().size(), ProbeSet::kMost - 1);
  set.drop_before(101);
  EXPECT_TRUE(set.all().empty());
}

}  // namespace
}  // namespace netprobe
