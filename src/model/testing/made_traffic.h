// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "model/history.h"
#include "model/identity.h"

namespace netprobe::testing {

inline constexpr Micros kMadeSecond = 1'000'000;
inline constexpr Micros kMadeHour = 3600 * kMadeSecond;
inline constexpr Micros kMadeDay = 24 * kMadeHour;
/// 2026-01-05T00:00:00Z, a Monday.
inline constexpr Micros kMadeMonday = 1'767'571'200LL * kMadeSecond;

/// Somebody with an address.
struct MadeEnd {
  IpAddress address;
  IdentityPtr identity;
  ProcessPtr process;
};
/// A pod of a Deployment; `generation` is in its name as a ReplicaSet's hash is.
[[nodiscard]] MadeEnd made_pod(std::string_view name_space, std::string_view workload,
                               std::string_view address, int generation = 0);
[[nodiscard]] MadeEnd made_node(std::string_view name, std::string_view address,
                                std::string_view comm = "");
[[nodiscard]] MadeEnd made_outside(std::string_view address);
[[nodiscard]] IdentityPtr made_service(std::string_view name_space, std::string_view name);

/// What a made flow is; the rest follows.
struct MadeFlow {
  MadeEnd src;
  MadeEnd dst;
  std::uint16_t port = 443;
  Micros time = 0;
  std::uint64_t sent = 1'000;
  std::uint64_t received = 4'000;
  std::uint8_t protocol = kProtoTcp;
  Micros lasts = 200'000;
  IdentityPtr service;
  bool answered = true;
};
/// A flow that began and ended within one record.
[[nodiscard]] FlowRecord made_flow(const MadeFlow& flow);

/// A small cluster on a node, on days without trouble: web pages for the outside, DNS, a
/// database and a cache, a nightly backup to storage with many addresses, monitoring that
/// scrapes all and probes some outside, kubelet's probes, NTP, a dead peer that is tried
/// again and again, a crawler, and a rollout with another size and a new feature each
/// afternoon. Reproducible by its seed.
class HonestCluster {
 public:
  using Sink = std::function<void(const FlowRecord&)>;
  using Tick = std::function<void(Micros now)>;
  HonestCluster(unsigned seed, Sink sink, Tick tick);
  /// Records of the time between, each step of 15 seconds followed by a tick.
  void run(Micros from, Micros until);

  [[nodiscard]] const MadeEnd& web(std::size_t i = 0) const { return web_[i % web_.size()]; }
  [[nodiscard]] const MadeEnd& api(std::size_t i = 0) const { return api_[i % api_.size()]; }
  [[nodiscard]] const MadeEnd& database() const { return database_; }
  [[nodiscard]] const MadeEnd& cache() const { return cache_; }
  [[nodiscard]] const MadeEnd& backup() const { return backup_; }
  [[nodiscard]] const MadeEnd& kubelet() const { return kubelet_; }
  [[nodiscard]] std::uint64_t records() const { return records_; }

 private:
  void emit(MadeFlow flow);
  void step(Micros now);
  void serve(Micros now);
  void resolve(Micros now);
  void back_up(Micros now);
  void monitor(Micros now);
  void call_outside(Micros now);
  void roll_out(Micros now);
  /// A Poisson process with so many in a step on average.
  [[nodiscard]] int times(double mean) { return std::poisson_distribution<int>(mean)(random_); }
  [[nodiscard]] double unit() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  std::mt19937_64 random_;
  const Sink sink_;
  const Tick tick_;
  std::vector<MadeEnd> web_;
  std::vector<MadeEnd> api_;
  MadeEnd database_, cache_, dns_, prometheus_, backup_, crawler_, recommend_;
  MadeEnd node_, kubelet_, chronyd_, containerd_;
  IdentityPtr dns_service_, api_service_, database_service_;
  int generation_ = 0;
  std::int64_t rolled_day_ = 0;
  Micros backup_at_ = 0;
  IpAddress storage_;
  Micros began_ = 0;
  std::uint64_t records_ = 0;
};

}  // namespace netprobe::testing
