// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/mix_hash.h"
#include "base/result.h"
#include "detect/lateral/service_port.h"
#include "model/detector.h"
#include "model/subject.h"
#include "sketch/idle_map.h"

namespace netprobe {

struct LateralOptions {
  /// From the first record on, over restarts: who talks to whom is normal.
  Micros learning = 7LL * 24 * 3600 * 1'000'000;
  /// The same for a workload that came later, but for administration of what hardly
  /// anybody administers.
  Micros newcomer = 24LL * 3600 * 1'000'000;
  double min_score = 0.6;
  Micros fresh_edge = 24LL * 3600 * 1'000'000;  ///< a new edge is told again for so long
  Micros repeat = 60LL * 1'000'000;             ///< at most so often
  Micros forget = 30LL * 24 * 3600 * 1'000'000;
  std::vector<IpPrefix> inside;  ///< networks of the cluster
  std::size_t max_edges = 32'768;
  std::size_t max_subjects = 8'192;
  std::size_t max_services = 16'384;
  std::uint64_t seed = 0;  ///< of ids; 0: drawn
};

/// Finds workloads that talk to one inside that they never talked to: docs/detectors.md,
/// "Lateral movement". Kind "lateral_movement"; T1021.*, T1210 or T1613 by the port.
class LateralDetector final : public Detector {
 public:
  explicit LateralDetector(LateralOptions options = {});
  [[nodiscard]] std::string_view name() const override { return "lateral_movement"; }
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
  static constexpr std::size_t kMostPending = 64;

  /// Source, target and port that met.
  struct Edge {
    std::uint64_t source = 0;
    std::uint64_t service = 0;  ///< target and port
    std::uint32_t used = 0;     ///< hours since the epoch
    std::uint32_t times = 0;    ///< flows since it was told first; 0: it never was
    Micros told_first = 0;
    Micros told = 0;
    float score = 0;
  };
  struct Source {
    Micros first = 0;
    std::uint32_t edges = 0;  ///< that it began
  };
  struct Service {
    std::uint32_t callers = 0;
  };
  struct Contact {
    Subject src;
    Subject dst;
    std::uint16_t port = 0;
    std::uint64_t service = 0;
    std::uint64_t edge = 0;
    std::uint64_t by_service = 0;  ///< the edge to the name that it was called by; 0: none
  };
  template <typename Value>
  using Map = IdleMap<std::uint64_t, Value, MixedHash>;

  [[nodiscard]] bool is_of_interest(const FlowRecord& record) const;
  [[nodiscard]] bool ends_of(const FlowRecord& record, Contact& contact) const;
  [[nodiscard]] std::uint64_t edge_of(const Subject& src, std::uint64_t service) const;
  Source& note(std::uint64_t id, Micros now);
  Edge& add_edge(std::uint64_t key, std::uint64_t source, std::uint64_t service, Micros now);
  void remove_edge(const Edge& edge);
  void learn_name(const FlowRecord& record, const Contact& contact);
  [[nodiscard]] double score_of(const Contact& contact, const Source& source, bool newcomer);
  void tell(Edge& edge, const FlowRecord& record, const Contact& contact);
  void clear();
  [[nodiscard]] Status read(std::string_view state);

  LateralOptions options_;
  Subjects subjects_;
  Micros began_ = 0;   ///< the first record; 0: there was none
  Micros newest_ = 0;  ///< record that was of interest
  Map<Edge> edges_;
  Map<Source> sources_;
  Map<Service> services_;
  std::vector<Finding> pending_;
  std::uint64_t not_told_ = 0;
};

}  // namespace netprobe
