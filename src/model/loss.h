// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/flow.h"

namespace netprobe {

/// Why packets were lost, as far as drops tell.
struct LossReason {
  std::string reason;
  std::string location;
  std::uint64_t packets = 0;
};

/// Packets of one flow that passed one observation point and not the next.
struct Loss {
  std::uint64_t id = 0;  ///< of this loss, unique while the agent runs
  std::uint64_t flow_id = 0;
  FlowTuple tuple;  ///< in the direction of the packets that were lost
  std::string from_interface;
  Role from_role = Role::kHost;
  Direction from_direction = Direction::kIngress;
  std::string to_interface;  ///< empty: no point behind `from` saw the flow
  Role to_role = Role::kHost;
  Direction to_direction = Direction::kIngress;
  std::uint64_t entered = 0;  ///< packets at `from`
  std::uint64_t left = 0;     ///< packets at `to`
  std::uint64_t packets = 0;  ///< lost between
  Nanos last_seen = 0;        ///< wall
  std::vector<LossReason> explained_by;
};

/// Sum since the start by pair of roles, also of flows that are gone.
struct LossTotal {
  Role from = Role::kHost;
  bool to_known = true;
  Role to = Role::kHost;
  std::uint64_t packets = 0;
};

/// docs/losses.md says when points are compared and what `compared` leaves out.
struct LossReport {
  std::vector<Loss> losses;  ///< most first
  std::vector<LossTotal> totals;
  std::uint64_t followed = 0;      ///< flows that are under watch right now
  std::uint64_t forgotten = 0;     ///< losses in `totals` that `losses` no longer holds
  std::uint64_t not_followed = 0;  ///< times that there was no room to look closer
  /// Interfaces that are up and not watched: packets may leave there unseen,
  /// so nothing is said of what was routed.
  std::uint64_t unwatched_interfaces = 0;
};

}  // namespace netprobe
