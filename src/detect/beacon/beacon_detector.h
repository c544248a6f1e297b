// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/mix_hash.h"
#include "base/result.h"
#include "detect/beacon/regularity.h"
#include "model/detector.h"
#include "model/subject.h"
#include "sketch/idle_map.h"

namespace netprobe {

struct BeaconOptions {
  /// Of each workload, from when it was first seen: whom it calls is normal for it.
  Micros learning = 24LL * 3600 * 1'000'000;
  /// Silence that makes what follows another call.
  Micros min_gap = 3LL * 1'000'000;
  unsigned min_calls = 20;
  Micros min_duration = 3600LL * 1'000'000;
  double min_score = 0.75;   ///< Regularity::score
  double max_spread = 0.25;  ///< of intervals: Evenness::spread
  unsigned popular = 5;      ///< workloads that call the same: it is a service that all use
  unsigned prober = 8;       ///< learnt destinations called like a clock: a monitor's are
  std::vector<std::uint16_t> ignored_ports = {53, 123, 853};  ///< DNS, NTP, DNS over TLS
  std::vector<IpPrefix> inside;                               ///< networks of the cluster
  std::size_t max_workloads = 8'192;
  std::size_t max_pairs = 4'096;
  std::size_t max_learnt = 32'768;
  std::size_t max_once = 16'384;     ///< destinations called once so far
  std::size_t max_services = 8'192;  ///< destinations whose callers are counted
  std::uint64_t seed = 0;            ///< of ids; 0: drawn
};

/// Finds workloads that call somebody outside like a clock does: docs/detectors.md,
/// "Beaconing". Kind "beacon"; T1071.001, T1071 or T1571 by the port.
class BeaconDetector final : public Detector {
 public:
  explicit BeaconDetector(BeaconOptions options = {});
  [[nodiscard]] std::string_view name() const override { return "beacon"; }
  void on_flow(const FlowRecord& record) override;
  void tick(Micros now, const FindingSink& found) override;
  void set_inside(const std::vector<IpPrefix>& inside) override {
    options_.inside = inside;
    subjects_.set_inside(inside);
  }
  [[nodiscard]] std::size_t bytes() const override;
  [[nodiscard]] std::uint64_t not_followed() const override;

  /// What was learnt, for load() of a later one. Replaces `out`.
  void save(std::string& out) override;
  /// Where it fails nothing is known, and learning starts anew.
  [[nodiscard]] Status load(std::string_view state) override;

 private:
  static constexpr std::size_t kMostCallers = 8;
  static constexpr std::size_t kEvidence = 5;
  static constexpr std::size_t kMostPending = 64;

  struct Workload {
    Micros first = 0;
    std::uint32_t regular = 0;  ///< learnt destinations that it calls like a clock
  };
  struct Learnt {
    bool judged = false;  ///< whether it is called like a clock is known
  };
  struct Once {
    Micros first = 0;
    Micros last = 0;
    std::uint32_t sent = 0;
  };
  /// Whoever calls a destination; as many as are of interest.
  struct Callers {
    std::array<std::uint32_t, kMostCallers> ids{};
    std::uint8_t n = 0;
  };
  /// EvidenceFlow without what all flows of a pair have in common.
  struct Call {
    IpAddress src;
    Micros time = 0;
    std::uint64_t flow_id = 0;
    std::uint64_t bytes = 0;
    std::uint32_t packets = 0;
    std::uint16_t src_port = 0;
    std::uint8_t flags = 0;
  };
  /// A workload and a destination that it called more than once.
  struct Pair {
    Micros first = 0;
    Micros start = 0;        ///< of the newest call
    Micros last = 0;         ///< newest packet
    std::uint64_t sent = 0;  ///< by the newest call
    std::uint32_t calls = 1;
    std::uint32_t at = 0;                               ///< in the rings below: where the next goes
    std::array<std::uint32_t, kMostCalls> intervals{};  ///< milliseconds
    std::array<std::uint32_t, kMostCalls> sizes{};      ///< bytes
    std::array<Call, kEvidence> newest{};
  };
  /// What a record is about, once it is known to be of interest.
  struct Contact {
    Subject src;
    Subject dst;
    std::uint64_t pair = 0;
    std::uint64_t learnt = 0;
    std::uint64_t service = 0;
  };
  template <typename Value>
  using Map = IdleMap<std::uint64_t, Value, MixedHash>;

  /// Keeps since when the ends are known, whatever they do first.
  void note_ends(const FlowRecord& record);
  Workload& note_workload(std::uint64_t id, Micros now);
  [[nodiscard]] bool is_of_interest(const FlowRecord& record) const;
  [[nodiscard]] bool ends_of(const FlowRecord& record, Contact& contact) const;
  /// The pair, made of the two calls that are known by now; null: there was one.
  Pair* second_call(Once* once, const FlowRecord& record, const Contact& contact, Micros start);
  void add_call(Pair& pair, const FlowRecord& record, Micros start);
  void judge(Pair& pair, Learnt* learnt, const FlowRecord& record, const Contact& contact);
  void tell(const Pair& pair, const Regularity& regular, const FlowRecord& record);
  void note_caller(const Contact& contact);
  void clear();
  [[nodiscard]] Status read(std::string_view state);

  BeaconOptions options_;
  Subjects subjects_;
  Map<Workload> workloads_;
  Map<Learnt> learnt_;
  Map<Once> once_;
  Map<Pair> pairs_;
  Map<Callers> callers_;
  std::vector<Finding> pending_;
  std::uint64_t not_told_ = 0;
};

}  // namespace netprobe
