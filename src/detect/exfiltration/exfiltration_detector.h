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
#include "detect/exfiltration/volume_baseline.h"
#include "model/detector.h"
#include "model/subject.h"
#include "sketch/idle_map.h"

namespace netprobe {

struct ExfiltrationOptions {
  /// Of each workload, from when it was first seen. Three nights let a nightly backup be
  /// seen twice at least.
  Micros learning = 3LL * 24 * 3600 * 1'000'000;
  std::uint64_t floor = std::uint64_t{100} << 20U;  ///< bytes an hour: less is never told
  std::uint64_t day_floor = std::uint64_t{1} << 30U;
  double factor = 2;         ///< over what is usual, where peer or ratio are unusual as well
  double much_factor = 8;    ///< over what is usual, whatever else is as always
  double ratio_shift = 0.3;  ///< of (out − in) / (out + in), upwards
  Micros fresh_peer = 24LL * 3600 * 1'000'000;  ///< a peer is new for so long
  Micros repeat = 60LL * 1'000'000;             ///< an alert that goes on is told so often
  Micros forget = 30LL * 24 * 3600 * 1'000'000;
  std::vector<IpPrefix> inside;  ///< networks of the cluster
  std::size_t max_workloads = 2'048;
  std::size_t max_peers = 32'768;
  std::size_t max_known = 8'192;
  std::uint64_t seed = 0;  ///< of ids; 0: drawn
};

/// Finds workloads that send more to the outside than is usual for them at this time of
/// day: docs/detectors.md, "Exfiltration". Kind "exfiltration"; T1567, T1048.003 or T1041.
class ExfiltrationDetector final : public Detector {
 public:
  explicit ExfiltrationDetector(ExfiltrationOptions options = {});
  [[nodiscard]] std::string_view name() const override { return "exfiltration"; }
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
  static constexpr std::size_t kTop = 4;

  struct Sums {
    std::uint64_t out = 0;
    std::uint64_t in = 0;
    std::uint64_t fresh = 0;  ///< of out, to new peers
  };
  /// A peer that got much in this hour.
  struct Top {
    FindingEnd peer;
    std::uint64_t out = 0;
    std::uint8_t protocol = 0;
    bool fresh = false;
    EvidenceFlow flow;  ///< the newest of it, bytes of the hour
  };
  /// Since when somebody is known, whatever it did first.
  struct Known {
    Micros first = 0;
  };
  struct Workload {
    Micros used = 0;
    Micros told = 0;
    Micros over_since = 0;  ///< in this hour
    bool hot = false;       ///< in hot_
    Sums hour;
    Sums day;
    std::uint64_t usual_hour = 0;
    std::uint64_t usual_day = 0;
    VolumeBaseline volume;
    RatioBaseline ratio;
    FindingEnd self;
    std::array<Top, kTop> top;
  };
  struct Peer {
    Micros first = 0;  ///< 0: it was learnt
  };
  /// One record's traffic with the outside, from a workload's side.
  struct Traffic {
    Subject self;
    FindingEnd self_end;
    FindingEnd peer_end;
    std::uint64_t out = 0;
    std::uint64_t in = 0;
    bool began = false;  ///< it called, and was not called
  };
  /// Why sums are too high.
  struct Excess {
    bool over = false;
    bool day = false;
    bool fresh = false;
    bool shifted = false;
    std::uint64_t out = 0;
    std::uint64_t usual = 0;
    std::uint64_t limit = 0;
  };
  template <typename Value>
  using Map = IdleMap<std::uint64_t, Value, MixedHash>;

  void note_ends(const FlowRecord& record);
  /// When it was seen first.
  Micros note(std::uint64_t id, Micros now);
  [[nodiscard]] bool traffic_of(const FlowRecord& record, Traffic& traffic) const;
  [[nodiscard]] bool is_fresh(const FlowRecord& record, const Traffic& traffic, bool learning);
  void add_top(Workload& workload, const FlowRecord& record, const Traffic& traffic, bool fresh);
  [[nodiscard]] Excess excess_of(const Workload& workload, const Sums& sums, std::uint64_t usual,
                                 std::uint64_t floor) const;
  [[nodiscard]] Excess excess_of(const Workload& workload) const;
  void tell(const Workload& workload, const Excess& excess, const FindingSink& found) const;
  /// Ends hours that are over.
  void roll(Micros now);
  void clear();
  [[nodiscard]] Status read(std::string_view state);

  ExfiltrationOptions options_;
  Subjects subjects_;
  Map<Workload> workloads_;
  Map<Peer> peers_;
  Map<Known> known_;
  std::vector<std::uint64_t> hot_;  ///< workloads that are over what is usual, this hour
  std::int64_t hour_ = -1;          ///< since the epoch
  std::uint64_t not_told_ = 0;
};

}  // namespace netprobe
