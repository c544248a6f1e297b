// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/flow.h"
#include "model/flow_delta.h"
#include "model/flow_points.h"
#include "model/netfilter.h"
#include "model/quality.h"
#include "model/snapshot.h"
#include "model/workload.h"

namespace netprobe {

/// What the table needs to know about the node to name and rank points.
class PointNames {
 public:
  virtual ~PointNames() = default;
  /// Name and role of an interface, also of one that just went away.
  [[nodiscard]] virtual std::string_view interface_name(std::uint32_t ifindex) const = 0;
  [[nodiscard]] virtual Role interface_role(std::uint32_t ifindex) const = 0;
  /// Is this one of the node's own addresses?
  [[nodiscard]] virtual bool is_local(const IpAddress& address) const = 0;
};

/// Who is told what flows gain, each on its own.
enum class GrowthListener : std::uint8_t { kSums, kHistory, kDetection };
inline constexpr std::size_t kGrowthListeners = 3;

struct FlowTableOptions {
  std::uint32_t max_flows = 131'072;
  Nanos idle_timeout = 120 * kSecond;   ///< TCP that is open both ways: ten times that
  Nanos closed_timeout = 10 * kSecond;  ///< after FIN both ways, or RST
  bool keep_forever = false;            ///< replay: nothing ends
  Nanos wall_offset = 0;                ///< wall = monotonic + this
};

/// Merges what the observation points saw into flows. Not thread-safe: the
/// data thread owns it; readers get copies.
class FlowTable final : public FlowSink {
 public:
  FlowTable(FlowTableOptions options, const PointNames& names);
  ~FlowTable() override;
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;

  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

  void on_flow(const FlowDelta& delta, FlowHandle& handle) override;
  void on_icmp_error(const IcmpErrorEvent& event) override;

  /// Addresses of a flow are translated: from now on its two tuples are one
  /// flow, whichever was seen first; `ended` forgets the pair for new flows.
  void on_nat(const NatMapping& mapping);
  /// Mappings that found no room: as many as flows are kept.
  [[nodiscard]] std::uint64_t refused_nat_mappings() const;

  /// Tells `observer`, which outlives the table, from now on.
  void observe(FlowObserver& observer);

  /// Once an interval: rates, idle flows, the table's bound. `now` monotonic.
  void tick(Nanos now);
  /// Wall clock minus monotonic, as of now (it moves when the clock is set).
  void set_wall_offset(Nanos offset);

  /// Copies of all live flows, by id.
  [[nodiscard]] std::vector<Flow> flows() const;
  /// While on, changed flows are remembered until the next take_changes().
  void track_changes(bool on);
  [[nodiscard]] std::vector<Flow> take_changes();

  /// From now on flows whose counters grow are remembered for take_points(),
  /// and the sink hears of those that end. It outlives the table.
  void watch_points(FlowPointsSink* sink);
  /// Hands them to the sink, each once.
  void take_points();
  /// Hands over the flow with this tuple, of either direction, if there is one.
  bool find_points(const FlowTuple& tuple);
  /// It is a change that readers of the stream want to see. False: not there.
  bool touch(const FlowTuple& tuple, std::uint64_t id);

  /// From now on the sink is told what flows gain: by take_growth(), and when
  /// one ends. What they have already is told first. Null: no more. It outlives
  /// the table. Each listener hears all, whatever the other was told. See
  /// docs/flows.md for what the sums are.
  void watch_growth(FlowGrowthSink* sink, GrowthListener listener = GrowthListener::kSums);
  /// Tells it of every flow that gained anything since it was told last, of at
  /// most so many in this call. True: there are more to tell, by the next call;
  /// of what it refuses it hears again once all have been told.
  bool take_growth(GrowthListener listener = GrowthListener::kSums, std::size_t most = kAll);

  [[nodiscard]] FlowTableStats stats() const;
  /// Wire packets attributed to flows so far at one point, outermost layer;
  /// for the exactness check.
  [[nodiscard]] std::uint64_t attributed(std::uint32_t ifindex, Direction direction) const;
  [[nodiscard]] std::uint64_t attributed_inner(std::uint32_t ifindex, Direction direction) const;
  /// Forgets the sums of an interface that is gone.
  void forget_interface(std::uint32_t ifindex);
  /// ICMP errors whose quoted flow is not in the table.
  [[nodiscard]] std::uint64_t unmatched_icmp_errors() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace netprobe
