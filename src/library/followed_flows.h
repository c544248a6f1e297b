// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netprobe/export.h>

#include <cstdint>
#include <unordered_map>

#include "flow/flow_table.h"
#include "model/flow.h"

namespace netprobe::v0 {

/// Turns a Manager's flows, which tell all that they have, into what they gained
/// since they were told last, for another flow table. One thread.
class FollowedFlows {
 public:
  /// `wall_offset`: wall minus monotonic.
  void feed(const netprobe::Flow& flow, netprobe::Nanos wall_offset, netprobe::FlowTable& to);
  /// Of another Manager, whose ids mean others.
  void clear() { told_.clear(); }
  [[nodiscard]] std::size_t size() const { return told_.size(); }

 private:
  struct Told {
    netprobe::Counters forward;
    netprobe::Counters reverse;
  };
  std::unordered_map<std::uint64_t, Told> told_;
};

}  // namespace netprobe::v0
