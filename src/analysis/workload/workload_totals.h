// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "analysis/workload/bounded_rows.h"
#include "base/clock.h"
#include "model/drop.h"
#include "model/drop_growth.h"
#include "model/workload.h"
#include "model/workload_name.h"

namespace netprobe {

struct WorkloadOptions {
  WorkloadBy by = WorkloadBy::kWorkload;
  std::size_t max_pairs = 2000;  ///< and as many workloads
  /// How long a flow waits to be counted, from its first packet, while more may
  /// be learned of its ends.
  Nanos hold = 10 * kSecond;
  /// A pair without growth for so long is gone, and so is a workload without
  /// a pair and without a new flow.
  Nanos forget = 15 * 60 * kSecond;
  std::string node_name;  ///< who loopback addresses are; empty: nobody
};

/// Names a flow: its identities, service and direction.
using FlowNaming = std::function<void(Flow&)>;

/// Sums up flows by pairs of workloads, and counts each once. Both are bounded:
/// what finds no room is in pairs and a workload "~other" and stays there, so
/// that nothing is counted on both sides. A pair that is gone takes its sums
/// with it. One thread.
class WorkloadTotals final : public FlowGrowthSink {
 public:
  WorkloadTotals(WorkloadOptions options, FlowNaming naming, const Clock& clock);
  bool on_growth(const FlowGrowth& growth) override;
  /// Takes the newest state of all records of dropped packets.
  void add_drops(const DropReport& drops);
  [[nodiscard]] WorkloadReport report() const;
  /// Flows whose pair is remembered: those of the table that were counted.
  [[nodiscard]] std::size_t remembered_flows() const { return counted_.size(); }

 private:
  static constexpr std::size_t kDirections = 4;
  struct PairKey {
    WorkloadName src;
    WorkloadName dst;
    std::uint8_t direction = 0;
    bool operator==(const PairKey&) const = default;
  };
  struct PairHash {
    std::size_t operator()(const PairKey& key) const;
  };
  using Pairs = BoundedRows<PairKey, WorkloadPair, PairHash>;
  using Workloads = BoundedRows<WorkloadName, WorkloadFlows, WorkloadNameHash>;
  /// Who a flow is between.
  struct Ends {
    WorkloadEnd src;
    WorkloadEnd dst;
    std::uint8_t direction = 0;
    bool elsewhere = false;  ///< src is on another node
  };
  /// Where a flow is counted.
  struct Counted {
    Pairs::Place pair;
    std::uint32_t tuple = 0;  ///< hash of what it was named by
    std::uint8_t direction = 0;
    bool other = false;    ///< found no room: stays in ~other
    bool settled = false;  ///< no more can be learned of its ends
    bool folded = false;   ///< counted as such
    bool vxlan = false;    ///< counted as such
    bool elsewhere = false;
  };
  /// This flow turned out to be another, which was counted as far as it was.
  void merge(std::uint64_t from, std::uint64_t into);
  [[nodiscard]] Ends ends_of(const Flow& flow) const;
  [[nodiscard]] bool may_wait(const Flow& flow, const Ends& ends) const;
  /// Names the flow and finds its pair. False: it is to wait.
  bool find_place(const FlowGrowth& growth, Counted& at, bool known, Nanos now);
  void count(const Flow& flow, const Ends& ends, Nanos now);
  WorkloadFlows& workload(const WorkloadName& name, Nanos now);
  /// The pair of these ends, begun if there is room; else in ~other.
  void add_pair(const Ends& ends, Counted& at, Nanos now);
  /// Of any direction; null where there is none.
  WorkloadPair* find_pair(const Ends& ends, Nanos now);
  WorkloadPair& pair_at(const Counted& at, Nanos now);
  void add_drop(const DropRecord& record, std::uint64_t packets, Nanos now);
  void forget_old(Nanos now);

  const WorkloadOptions options_;
  const FlowNaming naming_;
  const Clock& clock_;
  Pairs pairs_;
  Workloads workloads_;
  std::array<WorkloadPair, kDirections> other_pairs_;
  WorkloadFlows other_workload_;
  FlowKinds kinds_;
  std::uint64_t folded_ = 0;
  boost::unordered_flat_map<std::uint64_t, Counted> counted_;  ///< by id of the flow
  DropGrowth drops_;
  Nanos looked_ = 0;  ///< for what is to be forgotten
};

}  // namespace netprobe
