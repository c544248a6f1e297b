// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "model/flow.h"
#include "model/history.h"

namespace netprobe {

/// What flows gained, from states of theirs that tell all that they had so far: as a
/// record of history is. One thread.
class FlowGains {
 public:
  explicit FlowGains(std::size_t most_flows) : most_(most_flows) {}

  /// What these have is no gain: they were there before.
  void begin(const std::vector<Flow>& flows);
  /// The same where nobody can say which there were: those that were seen before `time`
  /// (wall) have gained nothing when they are told for the first time.
  void begin_at(Micros time);
  /// A newer state. False: it gained nothing. `time`: when that was learnt.
  [[nodiscard]] bool take(const Flow& flow, Micros time, FlowRecord& record);
  /// Changes of flows for which there was no room.
  [[nodiscard]] std::uint64_t not_followed() const { return not_followed_; }
  [[nodiscard]] std::size_t size() const { return known_.size(); }

 private:
  struct Known {
    Counters forward;
    Counters reverse;
    TcpTrouble client;
    TcpTrouble server;
    bool shook_hands = false;
  };
  static Known state_of(const Flow& flow);
  const std::size_t most_;
  std::unordered_map<std::uint64_t, Known> known_;  ///< by the flow's id
  std::uint64_t not_followed_ = 0;
  Micros began_ = 0;  ///< 0: all flows that are not known are new
};

}  // namespace netprobe
