// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "detect/exhaustion/exhaustion_options.h"
#include "detect/exhaustion/slow_connection.h"
#include "detect/exhaustion/slow_group.h"
#include "model/detector.h"
#include "sketch/idle_map.h"

namespace netprobe {

/// Services that are worn out with few packets: many connections that drip, are read in
/// drips, or do nothing. Follows connections whose handshake it saw and that were open at
/// the end of a record: short ones cost a comparison. docs/detectors.md.
class ExhaustionDetector final : public Detector {
 public:
  explicit ExhaustionDetector(ExhaustionOptions options = {});

  [[nodiscard]] std::string_view name() const override { return "exhaustion"; }
  void on_flow(const FlowRecord& record) override;
  /// Looks at every connection that is open.
  void tick(Micros now, const FindingSink& found) override;
  [[nodiscard]] std::size_t bytes() const override;
  /// Open connections, and groups of slow ones, that had to go for others.
  [[nodiscard]] std::uint64_t not_followed() const override {
    return connections_.evicted() + groups_.evicted();
  }
  [[nodiscard]] std::size_t connections() const { return connections_.size(); }

 private:
  struct IdHash {
    std::size_t operator()(std::uint64_t id) const { return keyed_hash(id); }
  };
  void add_to_groups(std::uint64_t flow_id, const SlowConnection& connection, SlowKind kind);
  [[nodiscard]] std::uint32_t threshold_of(const SlowGroupKey& key) const;
  [[nodiscard]] bool is_spread(const SlowGroup& service) const;
  [[nodiscard]] bool is_told_of_service(const SlowGroupKey& key);
  [[nodiscard]] Finding finding(const SlowGroupKey& key, const SlowGroup& group, Micros now);

  const ExhaustionOptions options_;
  IdleMap<std::uint64_t, SlowConnection, IdHash> connections_;  ///< by FlowRecord::flow_id
  IdleMap<SlowGroupKey, SlowGroup, SlowGroupKeyHash> groups_;
  std::uint64_t looks_ = 0;
  Micros ticked_ = 0;
};

}  // namespace netprobe
