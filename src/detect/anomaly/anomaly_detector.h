// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/mix_hash.h"
#include "detect/anomaly/half_space_trees.h"
#include "detect/anomaly/robust_scale.h"
#include "model/detector.h"
#include "model/subject.h"
#include "sketch/idle_map.h"

namespace netprobe {

struct AnomalyOptions {
  HalfSpaceOptions trees;
  double threshold = 0.5;  ///< a flow this odd counts
  unsigned min_flows = 3;  ///< of one source within `window`
  Micros window = 600LL * 1'000'000;
  std::vector<IpPrefix> inside;
  std::size_t max_flows = 16'384;  ///< that have not ended
  std::size_t max_peers = 32'768;
  std::size_t max_sources = 4'096;
  std::uint64_t seed = 0;  ///< of ids; 0: drawn
};

/// Looks for flows unlike others, by no rule: docs/detectors.md, "Anomalies". Kind
/// "anomaly", severity low, no technique. Meant to be off unless asked for.
class AnomalyDetector final : public Detector {
 public:
  explicit AnomalyDetector(AnomalyOptions options = {});
  [[nodiscard]] std::string_view name() const override { return "anomaly"; }
  void on_flow(const FlowRecord& record) override;
  void tick(Micros now, const FindingSink& found) override;
  void set_inside(const std::vector<IpPrefix>& inside) override {
    options_.inside = inside;
    subjects_.set_inside(inside);
  }
  [[nodiscard]] std::size_t bytes() const override;
  [[nodiscard]] std::uint64_t not_followed() const override;

  /// Of the flow that ended last; 0 where none was judged.
  [[nodiscard]] double last_score() const { return last_score_; }

 private:
  using Point = HalfSpaceTrees::Point;
  static constexpr std::size_t kMostPending = 64;
  static constexpr std::size_t kEvidence = 5;
  struct Sums {
    Counters forward;
    Counters reverse;
  };
  struct Peer {};
  struct Source {
    Micros since = 0;  ///< of the window
    unsigned odd = 0;
    bool told = false;
    std::vector<EvidenceFlow> evidence;  ///< at most kEvidence
  };
  template <typename Value>
  using Map = IdleMap<std::uint64_t, Value, MixedHash>;

  [[nodiscard]] Point features_of(const FlowRecord& record, const Sums& sums, std::uint64_t source);
  void count_odd(const FlowRecord& record, const Sums& sums, std::uint64_t source, double score);

  AnomalyOptions options_;
  Subjects subjects_;
  HalfSpaceTrees trees_;
  RobustScale<HalfSpaceTrees::kFeatures> scale_;
  Map<Sums> flows_;
  Map<Peer> peers_;
  Map<Source> sources_;
  std::vector<Finding> pending_;
  double last_score_ = 0;
  std::uint64_t not_told_ = 0;
};

}  // namespace netprobe
