// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "model/history.h"

namespace netprobe::bench {

/// A made-up cluster's records, the same in every run: 12 namespaces, 150 workloads
/// of 1 to 20 pods with labels, services, 200 outside addresses. Few pairs have most
/// of the traffic, flows live for minutes and are told once a minute.
class HistoryData {
 public:
  explicit HistoryData(std::uint32_t seed = 1);

  /// The next records of flows, `rows_per_second` of them in a second of their time.
  [[nodiscard]] std::shared_ptr<HistoryBatch> next(std::size_t flows);
  /// Adds drops and connections that ended, of some of the batch's flows.
  void add_events(HistoryBatch& batch);
  /// Every so manieth flow goes to kRarePort, which no other does.
  void set_rare(std::size_t every) { rare_ = every; }
  static constexpr std::uint16_t kRarePort = 4444;
  /// Goes to another moment; the first is `start` of the constructor's.
  void set_time(Micros time) { now_ = static_cast<double>(time); }
  void set_rate(double rows_per_second) { step_ = 1e6 / rows_per_second; }
  [[nodiscard]] Micros time() const { return static_cast<Micros>(now_); }

 private:
  struct Pod {
    IdentityPtr identity;
    IpAddress address;
    ProcessPtr process;
  };
  struct Pair {
    const Pod* src = nullptr;
    const Pod* dst = nullptr;  ///< null: outside
    IdentityPtr service;
    IpAddress outside;
    std::uint16_t port = 0;
    std::uint8_t protocol = 0;
    Micros rtt = 0;
  };
  struct Live {
    const Pair* pair = nullptr;
    std::uint64_t id = 0;
    std::uint16_t port = 0;
    Micros first = 0;
    unsigned left = 0;  ///< records to come
    bool began = false;
  };

  void make_pods();
  void make_pairs();
  [[nodiscard]] std::uint64_t below(std::uint64_t most) { return random_() % most; }
  void renew(Live& live);
  void fill(FlowRecord& record, Live& live);

  std::mt19937_64 random_;
  std::vector<Pod> pods_;
  std::vector<std::pair<std::size_t, std::size_t>> workloads_;  ///< first and count, of pods_
  std::vector<Pair> pairs_;
  std::vector<Live> live_;
  std::uint64_t next_id_ = 1;
  std::uint64_t number_ = 0;
  std::size_t rare_ = 0;
  std::size_t made_ = 0;
  double now_ = 1'764'000'000e6;
  double step_ = 1e6 / 200;
};

}  // namespace netprobe::bench
