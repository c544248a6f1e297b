// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "detect/exhaustion/exhaustion_detector.h"

namespace netprobe::test {

inline IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }

/// A detector, connections with it, and made-up seconds.
class ExhaustionLab {
 public:
  static constexpr Micros kBegin = 1'800'000'000'000'000;
  struct Connection {
    IpAddress client;
    IpAddress server;
    std::uint16_t port = 80;
    std::uint64_t id = 0;
    int opened = 0;  ///< second
  };
  /// Payload that a second had; negative: nothing at all, 0: a keep-alive.
  struct Gain {
    int sent = -1;
    int answered = -1;
    int closed_windows = 0;
  };

  explicit ExhaustionLab(ExhaustionOptions options = {}) : detector_(options) {}

  ExhaustionDetector& detector() { return detector_; }
  [[nodiscard]] int second() const { return second_; }
  /// Seconds since it was opened.
  [[nodiscard]] int age(const Connection& connection) const { return second_ - connection.opened; }

  FlowRecord record(const Connection& connection, const Gain& gain) const {
    FlowRecord record;
    record.time = record.first_seen = record.last_seen = now() + 400'000;
    record.tuple = {connection.client, connection.server,
                    static_cast<std::uint16_t>(20'000 + connection.id % 40'000), connection.port,
                    kProtoTcp};
    record.flow_id = connection.id;
    record.tcp_flags = record.reverse_tcp_flags = kTcpSyn | kTcpAck;
    const std::uint64_t headers = connection.client.is_v4() ? 52 : 72;
    const auto count = [&](int payload) {
      if (payload < 0) return Counters{};
      const std::uint64_t packets = 1 + static_cast<std::uint64_t>(payload) / 1'448;
      return Counters{packets, packets * headers + static_cast<std::uint64_t>(payload)};
    };
    record.forward = count(gain.sent);
    record.reverse = count(gain.answered);
    // Who gets something says so.
    if (gain.sent >= 0 && gain.answered < 0) record.reverse = {1, headers};
    if (gain.answered >= 0 && gain.sent < 0) record.forward = {1, headers};
    record.client_trouble.zero_windows = static_cast<std::uint64_t>(gain.closed_windows);
    return record;
  }
  Connection open(const IpAddress& client, const IpAddress& server, std::uint16_t port,
                  int sent = 0, int answered = 0, const IdentityPtr& who = nullptr) {
    const Connection made{client, server, port, ++ids_, second_};
    FlowRecord first = record(made, {sent, answered});
    first.began = true;
    first.handshake = 200;
    first.src = who;
    first.forward.packets += 2;  // SYN, ACK
    first.forward.bytes += client.is_v4() ? 60 + 52 : 80 + 72;
    first.reverse.packets += 1;
    first.reverse.bytes += client.is_v4() ? 60 : 80;
    detector_.on_flow(first);
    return made;
  }
  void give(const Connection& connection, const Gain& gain) {
    detector_.on_flow(record(connection, gain));
  }
  void close(const Connection& connection) {
    FlowRecord last = record(connection, {0, 0});
    last.tcp_flags |= kTcpFin;
    detector_.on_flow(last);
  }
  void run(int seconds, const std::function<void()>& traffic) {
    for (int i = 0; i < seconds; ++i) {
      traffic();
      ++second_;
      told_.clear();
      detector_.tick(now(), [&](Finding&& finding) {
        const std::string one = std::string(finding.kind) + ' ' + finding.key;
        if (kinds_.find(one) == std::string::npos) kinds_ += (kinds_.empty() ? "" : ", ") + one;
        told_.push_back(std::move(finding));
      });
    }
  }
  /// Seconds until anything is told.
  int seconds_until_told(int most, const std::function<void()>& traffic) {
    for (int i = 1; i <= most; ++i) {
      run(1, traffic);
      if (!told_.empty()) return i;
    }
    return most + 1;
  }
  [[nodiscard]] Micros now() const { return kBegin + Micros{second_} * 1'000'000; }
  [[nodiscard]] const std::vector<Finding>& told() const { return told_; }
  /// "kind key, kind key" of all, each once.
  [[nodiscard]] const std::string& kinds() const { return kinds_; }

 private:
  ExhaustionDetector detector_;
  int second_ = 0;
  std::uint64_t ids_ = 0;
  std::vector<Finding> told_;
  std::string kinds_;
};

}  // namespace netprobe::test
