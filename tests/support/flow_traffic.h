// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "model/history.h"

namespace netprobe::testing {

inline IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }
/// 10.b.c.d.
inline IpAddress ten(std::uint32_t low) { return IpAddress::v4(10U << 24U | low); }

inline IdentityPtr pod(std::string name, std::string node = "n1") {
  auto identity = std::make_shared<Identity>();
  identity->kind = IdentityKind::kPod;
  identity->uid = "uid-of-" + name;
  identity->name = std::move(name);
  identity->name_space = "shop";
  identity->node = std::move(node);
  return identity;
}

/// Records of flows as detectors get them, each flow with a number of its own. A flow of a
/// second or less is one record.
class FlowTraffic {
 public:
  static constexpr std::uint8_t kFin = kTcpFin;
  static constexpr std::uint8_t kSyn = kTcpSyn;
  static constexpr std::uint8_t kRst = kTcpRst;
  static constexpr std::uint8_t kPsh = 0x08;
  static constexpr std::uint8_t kAck = kTcpAck;
  static constexpr std::uint8_t kUrg = 0x20;
  static constexpr Micros kSecondMicros = 1'000'000;

  Micros now = 1'700'000'000 * kSecondMicros;

  FlowRecord flow(const IpAddress& src, const IpAddress& dst, std::uint16_t port,
                  std::uint8_t protocol, Counters forward, Counters reverse) {
    FlowRecord record;
    record.time = record.first_seen = record.last_seen = now;
    record.flow_id = ++flows_;
    source_port_ = source_port_ >= 60'999 ? 32'768 : static_cast<std::uint16_t>(source_port_ + 1);
    record.tuple = {src, dst, source_port_, port, protocol};
    record.forward = forward;
    record.reverse = reverse;
    record.began = true;
    return record;
  }
  FlowRecord tcp(const IpAddress& src, const IpAddress& dst, std::uint16_t port, std::uint8_t flags,
                 std::uint8_t reverse_flags, Counters forward, Counters reverse) {
    FlowRecord record = flow(src, dst, port, kProtoTcp, forward, reverse);
    record.tcp_flags = flags;
    record.reverse_tcp_flags = reverse_flags;
    return record;
  }
  /// A SYN of `bytes`, and nothing back so far.
  FlowRecord unanswered(const IpAddress& src, const IpAddress& dst, std::uint16_t port,
                        std::uint64_t bytes = 60) {
    return tcp(src, dst, port, kSyn, 0, {1, bytes}, {});
  }
  FlowRecord refused(const IpAddress& src, const IpAddress& dst, std::uint16_t port,
                     std::uint64_t bytes = 60) {
    return tcp(src, dst, port, kSyn, kRst | kAck, {1, bytes}, {1, 40});
  }
  /// nmap -sS at an open port.
  FlowRecord half_open(const IpAddress& src, const IpAddress& dst, std::uint16_t port) {
    return tcp(src, dst, port, kSyn | kRst, kSyn | kAck, {2, 84}, {1, 44});
  }
  /// nmap -sT at an open port, or a health check.
  FlowRecord empty(const IpAddress& src, const IpAddress& dst, std::uint16_t port,
                   std::uint8_t end = kFin) {
    FlowRecord record = tcp(src, dst, port, kSyn | kAck | end, kSyn | kAck, {3, 164}, {1, 60});
    record.handshake = 300;
    return record;
  }
  /// A request and its answer, as of HTTP.
  FlowRecord answered(const IpAddress& src, const IpAddress& dst, std::uint16_t port,
                      std::uint64_t bytes = 700, std::uint64_t reverse_bytes = 4'000) {
    FlowRecord record = tcp(src, dst, port, kSyn | kAck | kPsh | kFin, kSyn | kAck | kPsh | kFin,
                            {6, bytes}, {6, reverse_bytes});
    record.handshake = 300;
    return record;
  }
  FlowRecord odd(const IpAddress& src, const IpAddress& dst, std::uint16_t port, std::uint8_t flags,
                 std::uint8_t reverse_flags) {
    return tcp(src, dst, port, flags, reverse_flags, {1, 40},
               reverse_flags == 0 ? Counters{} : Counters{1, 40});
  }
  FlowRecord udp(const IpAddress& src, const IpAddress& dst, std::uint16_t port,
                 std::string_view verdict) {
    FlowRecord record = flow(src, dst, port, kProtoUdp, {1, 70},
                             verdict == "answered" ? Counters{1, 200} : Counters{});
    record.verdict = verdict;
    return record;
  }
  FlowRecord ping(const IpAddress& src, const IpAddress& dst, bool answered) {
    const bool six = !src.is_v4();
    FlowRecord record = flow(src, dst, 77, six ? kProtoIcmp6 : kProtoIcmp, {1, 84},
                             answered ? Counters{1, 84} : Counters{});
    record.tuple.src_port = 77;
    record.icmp =
        static_cast<std::uint16_t>((six ? (answered ? 129 : 128) : (answered ? 0 : 8)) << 8);
    return record;
  }

 private:
  std::uint64_t flows_ = 0;
  std::uint16_t source_port_ = 40'000;
};

}  // namespace netprobe::testing
