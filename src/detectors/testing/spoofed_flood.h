// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "model/history.h"
#include "model/name_batch.h"

namespace netprobe::testing {

/// For tests and benchmarks: a flood as a node sees it, each packet from an address that
/// nobody has had before. Of eight records five are SYNs to one service, one each is a
/// datagram to a whole network, a reflector's answer, an echo. Answers go to as many. Of each
/// 48 records one has a question for a name with it, and one a false claim of an address.
class SpoofedFlood {
 public:
  static constexpr Micros kBegin = 1'700'000'000'000'000;
  static constexpr std::uint64_t kASecond = 200'000;

  explicit SpoofedFlood(bool ipv6, Micros begin = kBegin) : ipv6_(ipv6), begin_(begin) {}

  /// The next `records` as one batch of history. Every source is another one, up to 2^32.
  [[nodiscard]] HistoryBatchPtr next(std::size_t records) {
    auto batch = std::make_shared<HistoryBatch>();
    batch->flows.reserve(records);
    names_ = std::make_shared<NameBatch>();
    for (std::size_t i = 0; i < records; ++i) {
      batch->flows.push_back(record());
      if (sources_ % 48 == 0) add_names();
      ++sources_;
    }
    return batch;
  }
  /// What was said of names meanwhile.
  [[nodiscard]] NameBatchPtr names() const { return names_; }
  [[nodiscard]] Micros now() const {
    return begin_ + static_cast<Micros>(sources_ * 1'000'000 / kASecond);
  }
  [[nodiscard]] std::uint64_t sources() const { return sources_; }

 private:
  /// An odd factor: each number gives another one, and they are all over the Internet.
  [[nodiscard]] std::uint32_t spread() const {
    return static_cast<std::uint32_t>(sources_) * 2'654'435'761U;
  }
  [[nodiscard]] IpAddress address(std::uint32_t host, std::uint64_t network) const {
    if (!ipv6_) return IpAddress::v4(host);
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < 8; ++i)
      bytes.at(i) = static_cast<std::uint8_t>(network >> (56 - 8 * i));
    for (std::size_t i = 0; i < 4; ++i)
      bytes.at(12 + i) = static_cast<std::uint8_t>(host >> (24 - 8 * i));
    return IpAddress(bytes);
  }
  /// Another one each time, also another /64.
  [[nodiscard]] IpAddress source() const {
    return address(spread(), 0x2000'0000'0000'0000ULL | std::uint64_t{spread()} << 16U);
  }
  [[nodiscard]] IpAddress target(std::uint32_t host) const {
    return address(0x0a010000U + host, 0xfd00'0000'0000'0000ULL);
  }
  [[nodiscard]] FlowRecord record() const {
    const auto what = static_cast<std::uint32_t>(sources_ % 8);
    FlowRecord one;
    one.flow_id = sources_ + 1;
    one.time = one.first_seen = one.last_seen = now();
    one.tuple = {source(), target(2), static_cast<std::uint16_t>(1024 + sources_ % 60'000), 80,
                 kProtoTcp};
    one.forward = {1, 44};
    one.interface = "eth0";
    one.role = Role::kUplink;
    one.direction = "ingress";
    one.began = true;
    if (what < 5) {
      one.tcp_flags = kTcpSyn;
      // The service answers some, which go to whoever has the address.
      if (what == 0) one.reverse_tcp_flags = kTcpSyn | kTcpAck;
      if (what == 0) one.reverse = {1, 44};
      return one;
    }
    one.tuple.protocol = what == 7 ? (ipv6_ ? kProtoIcmp6 : kProtoIcmp) : kProtoUdp;
    one.tuple.dst = target(what == 5 ? static_cast<std::uint32_t>(sources_ / 8 % 65'536) : 2);
    if (what == 5) one.tuple.dst_port = static_cast<std::uint16_t>(spread() >> 16U);
    if (what == 6) one.tuple.src_port = 53;
    if (what == 7) one.tuple.src_port = one.tuple.dst_port = 0;
    return one;
  }
  void add_names() {
    const std::string number = std::to_string(spread());
    DnsMessage asked;
    asked.time = now();
    asked.client = source();
    asked.server = target(53);
    asked.id = static_cast<std::uint16_t>(sources_);
    asked.name = "a" + number + ".b" + number + ".example";
    asked.name_bytes = static_cast<std::uint16_t>(asked.name.size() + 2);
    asked.type = kDnsTypeA;
    asked.bytes = 80;
    names_->dns.push_back(asked);
    asked.is_response = true;
    asked.answers = {{kDnsTypeA, 60, source()}};
    names_->dns.push_back(std::move(asked));
    NeighbourClaim claim;
    claim.time = now();
    claim.address = source();
    claim.link = 2;
    for (std::size_t i = 0; i < 4; ++i)
      claim.mac.at(2 + i) = static_cast<std::uint8_t>(spread() >> (8 * i));
    names_->neighbours.push_back(claim);
  }

  const bool ipv6_;
  const Micros begin_;
  std::uint64_t sources_ = 0;
  NameBatchPtr names_ = std::make_shared<NameBatch>();
};

}  // namespace netprobe::testing
