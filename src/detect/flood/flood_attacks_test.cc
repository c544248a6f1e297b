// SPDX-License-Identifier: Apache-2.0
// What is a flood is told within five seconds, with kind, target and source.
#include <gtest/gtest.h>

#include "detect/flood/testing/flood_lab.h"

namespace netprobe {
namespace {

using test::FloodLab;
using test::ip;

const IpAddress kWeb = *IpAddress::parse("10.1.0.2");
const IpAddress kWeb6 = *IpAddress::parse("fd00:1::2");
const IpAddress kAttacker = *IpAddress::parse("192.0.2.9");
// Told in the fifth second at the latest.
constexpr int kSoon = 6;

class Attack : public testing::TestWithParam<bool> {
 protected:
  [[nodiscard]] IpAddress target() const { return GetParam() ? kWeb6 : kWeb; }
  [[nodiscard]] IpAddress source(std::uint32_t i) const {
    return GetParam() ? test::v6(i) : test::v4(i);
  }
  [[nodiscard]] std::string key(std::string_view port) const {
    return GetParam() ? "[fd00:1::2]:" + std::string(port) : "10.1.0.2:" + std::string(port);
  }
  void expect_one(std::string_view kind, std::string_view technique, const std::string& key) {
    ASSERT_EQ(lab_.told().size(), 1U) << lab_.kinds();
    const Finding& finding = lab_.told()[0];
    EXPECT_EQ(finding.kind, kind);
    EXPECT_EQ(finding.technique, technique);
    EXPECT_EQ(finding.key, key);
    EXPECT_GE(finding.value, finding.threshold / 2);
    EXPECT_FALSE(finding.evidence.empty());
    EXPECT_LE(finding.evidence.size(), kMostEvidence);
    EXPECT_GE(finding.first_seen, FloodLab::kBegin);
    EXPECT_LE(finding.last_seen, lab_.now());
    EXPECT_LE(finding.first_seen, finding.last_seen);
    EXPECT_TRUE(lab_.kinds().find(',') == std::string::npos) << lab_.kinds();
  }

  FloodLab lab_;
};
INSTANTIATE_TEST_SUITE_P(V4AndV6, Attack, testing::Bool());

TEST_P(Attack, SynFloodOfSpoofedSources) {
  const auto flood = [&] {
    for (int i = 0; i < 3'000; ++i) lab_.syn(source(lab_.next()), target(), lab_.port(), 80);
  };
  EXPECT_LT(lab_.seconds_until("syn_flood", kSoon, flood), kSoon);
  lab_.run(5, flood);
  expect_one("syn_flood", "T1499.001", key("80"));
  const Finding& finding = lab_.told()[0];
  EXPECT_EQ(finding.target.address, target());
  EXPECT_EQ(finding.target.port, 80);
  EXPECT_TRUE(finding.source.address.is_unspecified());
  EXPECT_TRUE(finding.spoofable);
  EXPECT_NEAR(finding.value, 3'000, 60);
  EXPECT_EQ(finding.threshold, 1'000);
  EXPECT_NE(finding.summary.find("half-open connections a second"), std::string::npos)
      << finding.summary;
  EXPECT_NE(finding.summary.find("evenness 1.00"), std::string::npos) << finding.summary;
}

TEST_P(Attack, SynFloodJustAboveTheThreshold) {
  EXPECT_LT(lab_.seconds_until("syn_flood", kSoon,
                               [&] {
                                 for (int i = 0; i < 1'110; ++i)
                                   lab_.syn(source(lab_.next()), target(), lab_.port(), 80);
                               }),
            kSoon);
}

TEST_P(Attack, SynFloodOfOneSourceWhoseStackResets) {
  const IdentityPtr attacker = test::pod("bad-1");
  const IdentityPtr victim = test::pod("web-1");
  const auto flood = [&] {
    for (int i = 0; i < 4'000; ++i) {
      FlowRecord one = lab_.record(source(1), target(), lab_.port(), 80, kProtoTcp, 2, 1);
      one.tcp_flags = kTcpSyn | kTcpRst;
      one.reverse_tcp_flags = kTcpSyn | kTcpAck;
      one.handshake = 40;  // the reset is the segment after the SYN
      one.src = attacker;
      one.dst = victim;
      lab_.give(one);
    }
  };
  EXPECT_LT(lab_.seconds_until("syn_flood", kSoon, flood), kSoon);
  lab_.run(2, flood);
  expect_one("syn_flood", "T1499.001", key("80"));
  EXPECT_EQ(lab_.told()[0].source.address, source(1));
  EXPECT_EQ(lab_.told()[0].source.identity, attacker);
  EXPECT_EQ(lab_.told()[0].target.identity, victim);
  EXPECT_NE(lab_.told()[0].summary.find(", from pod shop/bad-1 ("), std::string::npos)
      << lab_.told()[0].summary;
}

TEST_P(Attack, SynFloodOfOneFlow) {
  bool first = true;
  EXPECT_LT(lab_.seconds_until("syn_flood", kSoon,
                               [&] {
                                 FlowRecord one = lab_.record(source(1), target(), 4'000, 80,
                                                              kProtoTcp, 5'000, 5'000);
                                 one.tcp_flags = kTcpSyn;
                                 one.reverse_tcp_flags = kTcpSyn | kTcpAck;
                                 one.began = std::exchange(first, false);
                                 lab_.give(one);
                               }),
            kSoon);
  expect_one("syn_flood", "T1499.001", key("80"));
}

TEST_P(Attack, SynFloodAtAPortThatIsClosed) {
  EXPECT_LT(lab_.seconds_until("syn_flood", kSoon,
                               [&] {
                                 for (int i = 0; i < 8'000; ++i) {
                                   FlowRecord one = lab_.record(source(1), target(), lab_.port(),
                                                                81, kProtoTcp, 1, 1);
                                   one.tcp_flags = kTcpSyn;
                                   one.reverse_tcp_flags = kTcpRst | kTcpAck;
                                   lab_.give(one);
                                 }
                               }),
            kSoon);
  expect_one("syn_flood", "T1499.001", key("81"));
}

TEST_P(Attack, SynFloodOverAllPorts) {
  EXPECT_LT(lab_.seconds_until("syn_flood", kSoon,
                               [&] {
                                 for (int i = 0; i < 40'000; ++i) {
                                   const std::uint16_t port = lab_.port();
                                   lab_.syn(source(lab_.next()), target(), 999, port, 0);
                                 }
                               }),
            kSoon);
  expect_one("syn_flood", "T1499.001", target().to_string());
}

TEST_P(Attack, SynFloodAmongHonestConnections) {
  EXPECT_LT(lab_.seconds_until("syn_flood", kSoon,
                               [&] {
                                 for (int i = 0; i < 2'000; ++i)
                                   lab_.syn(source(lab_.next()), target(), lab_.port(), 80);
                                 for (int i = 0; i < 1'000; ++i)
                                   lab_.give(lab_.made(source(7), target(), lab_.port(), 80));
                               }),
            kSoon);
  expect_one("syn_flood", "T1499.001", key("80"));
}

TEST_P(Attack, FloodOfConnections) {
  EXPECT_LT(lab_.seconds_until("connection_flood", kSoon,
                               [&] {
                                 for (int i = 0; i < 30'000; ++i)
                                   lab_.give(lab_.made(source(3), target(), lab_.port(), 80));
                               }),
            kSoon);
  expect_one("connection_flood", "T1499.002", key("80"));
  EXPECT_FALSE(lab_.told()[0].spoofable);
  EXPECT_EQ(lab_.told()[0].source.address, source(3));
}

TEST_P(Attack, TcpFloodOfSegmentsWithoutConnection) {
  for (const auto& [there, back] :
       {std::pair{kTcpAck, kTcpRst}, std::pair{std::uint8_t{0}, kTcpRst},
        std::pair{kTcpFin, std::uint8_t{0}}}) {
    FloodLab lab;
    EXPECT_LT(lab.seconds_until("tcp_flood", kSoon,
                                [&] {
                                  for (int i = 0; i < 20'000; ++i) {
                                    FlowRecord one =
                                        lab.record(source(lab.next()), target(), lab.port(), 80,
                                                   kProtoTcp, 1, back == 0 ? 0 : 1);
                                    one.tcp_flags = there;
                                    one.reverse_tcp_flags = back;
                                    lab.give(one);
                                  }
                                }),
              kSoon)
        << int{there};
    EXPECT_EQ(lab.kinds(), "tcp_flood " + key("80"));
  }
}

TEST_P(Attack, OneSourceOfAHundredIsNamedWithItsShare) {
  const auto flood = [&] {
    for (std::uint32_t i = 0; i < 10'000; ++i)
      lab_.udp(source(i % 10 < 8 ? 1 : i % 1'000), target(), lab_.port(), 443, 1, 0);
  };
  lab_.run(6, flood);
  expect_one("udp_flood", "T1498.001", target().to_string());
  EXPECT_EQ(lab_.told()[0].source.address, source(1));
  EXPECT_NE(lab_.told()[0].summary.find(" % of them from "), std::string::npos)
      << lab_.told()[0].summary;
}

TEST_P(Attack, UdpFloodOfManyFlows) {
  const auto flood = [&] {
    for (int i = 0; i < 8'000; ++i) lab_.udp(source(1), target(), lab_.port(), 443, 1, 0);
  };
  EXPECT_LT(lab_.seconds_until("udp_flood", kSoon, flood), kSoon);
  expect_one("udp_flood", "T1498.001", target().to_string());
  EXPECT_EQ(lab_.told()[0].target.port, 443) << "most go there";
  EXPECT_EQ(lab_.told()[0].source.address, source(1));
}

TEST_P(Attack, UdpFloodOfOneFlow) {
  EXPECT_LT(lab_.seconds_until("udp_flood", kSoon,
                               [&] { lab_.udp(source(1), target(), 5'000, 9, 60'000, 0); }),
            kSoon);
  expect_one("udp_flood", "T1498.001", target().to_string());
}

TEST_P(Attack, ReflectedAnswers) {
  const auto flood = [&] {
    for (std::uint32_t i = 0; i < 2'000; ++i) lab_.udp(source(i), target(), 11'211, 80, 3, 0);
  };
  EXPECT_LT(lab_.seconds_until("reflection_flood", kSoon, flood), kSoon);
  lab_.run(3, flood);
  expect_one("reflection_flood", "T1498.002", target().to_string());
  EXPECT_NE(lab_.told()[0].source.text.find("about "), std::string::npos);
}

TEST_P(Attack, ReflectedSynAcks) {
  EXPECT_LT(lab_.seconds_until("reflection_flood", kSoon,
                               [&] {
                                 for (std::uint32_t i = 0; i < 3'000; ++i) {
                                   FlowRecord one =
                                       lab_.record(target(), source(i), 80, 443, kProtoTcp, 1, 1);
                                   one.tcp_flags = kTcpRst;
                                   one.reverse_tcp_flags = kTcpSyn | kTcpAck;
                                   lab_.give(one);
                                 }
                               }),
            kSoon);
  expect_one("reflection_flood", "T1498.002", target().to_string());
  EXPECT_EQ(lab_.told()[0].target.address, target());
}

TEST_P(Attack, IcmpFlood) {
  const std::uint8_t protocol = GetParam() ? kProtoIcmp6 : kProtoIcmp;
  EXPECT_LT(
      lab_.seconds_until(
          "icmp_flood", kSoon,
          [&] { lab_.give(lab_.record(source(1), target(), 77, 77, protocol, 50'000, 50'000)); }),
      kSoon);
  expect_one("icmp_flood", "T1498.001", target().to_string());
}

TEST_P(Attack, FragmentsAndOtherProtocols) {
  EXPECT_LT(lab_.seconds_until("fragment_flood", kSoon,
                               [&] { lab_.udp(source(1), target(), 0, 0, 9'000, 0); }),
            kSoon);
  expect_one("fragment_flood", "T1498.001", target().to_string());
  FloodLab other;
  EXPECT_LT(other.seconds_until(
                "protocol_flood", kSoon,
                [&] { other.give(other.record(source(1), target(), 0, 0, 47, 40'000, 0)); }),
            kSoon);
}

TEST_P(Attack, CarpetOfANetwork) {
  const std::string network = GetParam() ? "2001:db8:7::" : "10.7.7.";
  std::vector<IpAddress> targets;
  for (int i = 1; i < 200; ++i) targets.push_back(ip(network + std::to_string(i)));
  const auto flood = [&] {
    for (const IpAddress& one : targets)
      for (int i = 0; i < 200; ++i) lab_.udp(source(lab_.next()), one, lab_.port(), 53, 1, 0);
  };
  EXPECT_LT(lab_.seconds_until("udp_flood", kSoon, flood), kSoon);
  lab_.run(2, flood);
  expect_one("udp_flood", "T1498.001", GetParam() ? "2001:db8:7::/64" : "10.7.7.0/24");
  EXPECT_EQ(lab_.told()[0].target.text, lab_.told()[0].key);
  EXPECT_NE(lab_.told()[0].summary.find("addresses of"), std::string::npos);
}

TEST_P(Attack, IsToldUntilItIsOverAndDoesNotFlap) {
  const auto flood = [&] {
    for (int i = 0; i < 3'000; ++i) lab_.syn(source(lab_.next()), target(), lab_.port(), 80);
  };
  lab_.run(6, flood);
  ASSERT_EQ(lab_.told().size(), 1U);
  const Micros first = lab_.told()[0].first_seen;
  int told = 0;
  for (int i = 0; i < 30; ++i) {  // pulses
    lab_.run(1, i % 4 < 2 ? std::function<void()>(flood) : [] {});
    told += static_cast<int>(lab_.told().size());
    for (const Finding& finding : lab_.told()) EXPECT_EQ(finding.first_seen, first);
  }
  EXPECT_GE(told, 15);
  lab_.run(12, [] {});
  EXPECT_TRUE(lab_.told().empty());
  lab_.run(6, flood);
  ASSERT_EQ(lab_.told().size(), 1U);
  EXPECT_GT(lab_.told()[0].first_seen, first) << "another one";
}

TEST_P(Attack, IsFoundWhenRecordsComeEveryThreeSeconds) {
  int second = 0;
  EXPECT_LT(lab_.seconds_until("syn_flood", 8,
                               [&] {
                                 if (second++ % 3 != 2) return;
                                 for (int i = 0; i < 9'000; ++i)
                                   lab_.syn(source(lab_.next()), target(), lab_.port(), 80);
                               }),
            8);
}

}  // namespace
}  // namespace netprobe
