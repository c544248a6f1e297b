// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "detect/flood/flood_detector.h"

namespace netprobe::test {

inline IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }
/// The i-th of 10.64.0.0/10, or of 2001:db8:…, spread over its networks.
inline IpAddress v4(std::uint32_t i) {
  return IpAddress::v4(0x0a400000U | (i * 2'654'435'761U) >> 10U);
}
inline IpAddress v6(std::uint32_t i) {
  std::array<std::uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8};
  for (unsigned b = 0; b < 4; ++b) bytes.at(4 + b) = static_cast<std::uint8_t>(i >> (8 * b));
  bytes[15] = 1;
  return IpAddress(std::span<const std::uint8_t, 16>(bytes));
}

/// A detector and the records of made-up seconds.
class FloodLab {
 public:
  static constexpr Micros kBegin = 1'800'000'000'000'000;

  explicit FloodLab(FloodOptions options = {}) : detector_(std::move(options)) {
    detector_.tick(now_, [](Finding&&) {});
  }

  FloodDetector& detector() { return detector_; }
  [[nodiscard]] Micros now() const { return now_; }

  /// A record of this second: `there` and `back` packets of 100 bytes.
  FlowRecord record(const IpAddress& src, const IpAddress& dst, std::uint16_t src_port,
                    std::uint16_t dst_port, std::uint8_t protocol, std::uint64_t there,
                    std::uint64_t back) {
    FlowRecord record;
    record.time = record.first_seen = record.last_seen = now_ + 500'000;
    record.tuple = {src, dst, src_port, dst_port, protocol};
    record.flow_id = ++flows_;
    record.forward = {there, there * 100};
    record.reverse = {back, back * 100};
    record.began = true;
    return record;
  }
  void give(const FlowRecord& record) { detector_.on_flow(record); }
  void syn(const IpAddress& src, const IpAddress& dst, std::uint16_t src_port,
           std::uint16_t dst_port, std::uint64_t answers = 1) {
    FlowRecord one = record(src, dst, src_port, dst_port, kProtoTcp, 1, answers);
    one.tcp_flags = kTcpSyn;
    if (answers > 0) one.reverse_tcp_flags = kTcpSyn | kTcpAck;
    give(one);
  }
  /// A connection with all that belongs to it.
  FlowRecord made(const IpAddress& src, const IpAddress& dst, std::uint16_t src_port,
                  std::uint16_t dst_port, std::uint64_t there = 6, std::uint64_t back = 5) {
    FlowRecord one = record(src, dst, src_port, dst_port, kProtoTcp, there, back);
    one.tcp_flags = kTcpSyn | kTcpAck | kTcpFin;
    one.reverse_tcp_flags = kTcpSyn | kTcpAck | kTcpFin;
    one.handshake = 300;
    return one;
  }
  void udp(const IpAddress& src, const IpAddress& dst, std::uint16_t src_port,
           std::uint16_t dst_port, std::uint64_t there, std::uint64_t back) {
    give(record(src, dst, src_port, dst_port, kProtoUdp, there, back));
  }

  /// `seconds` times: what `traffic` gives, and a tick. Told is what the last ones told.
  void run(int seconds, const std::function<void()>& traffic) {
    for (int i = 0; i < seconds; ++i) {
      traffic();
      now_ += 1'000'000;
      told_.clear();
      detector_.tick(now_, [&](Finding&& finding) {
        told_.push_back(finding);
        all_.push_back(std::move(finding));
      });
    }
  }
  /// Seconds until it tells of `kind`; `most` where it does not.
  int seconds_until(std::string_view kind, int most, const std::function<void()>& traffic) {
    for (int i = 1; i <= most; ++i) {
      run(1, traffic);
      for (const Finding& finding : told_)
        if (finding.kind == kind) return i;
    }
    return most;
  }
  [[nodiscard]] const std::vector<Finding>& told() const { return told_; }
  [[nodiscard]] const std::vector<Finding>& all() const { return all_; }
  /// "kind key, kind key" of all, each once.
  [[nodiscard]] std::string kinds() const {
    std::string text;
    for (const Finding& finding : all_) {
      const std::string one = std::string(finding.kind) + ' ' + finding.key;
      if (text.find(one) == std::string::npos) text += (text.empty() ? "" : ", ") + one;
    }
    return text;
  }
  std::uint32_t next() { return ++next_; }
  std::uint16_t port() { return static_cast<std::uint16_t>(1'024 + ++next_ % 60'000); }

 private:
  FloodDetector detector_;
  Micros now_ = kBegin;
  std::uint64_t flows_ = 0;
  std::uint32_t next_ = 0;
  std::vector<Finding> told_;
  std::vector<Finding> all_;
};

inline IdentityPtr pod(std::string name) {
  auto identity = std::make_shared<Identity>();
  identity->kind = IdentityKind::kPod;
  identity->name = std::move(name);
  identity->name_space = "shop";
  return identity;
}

}  // namespace netprobe::test
