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
  std::uint64_t flow_id = 0;
  FlowTuple tuple;  ///< in the direction of the packets that were lost
  std::string from_interface;
  Role from_role = Role::kHost;
  Direction from_direction = Direction::kIngress;
  std::string to_interface;
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
  Role to = Role::kHost;
  std::uint64_t packets = 0;
};

struct LossReport {
  std::vector<Loss> losses;  ///< most first
  std::vector<LossTotal> totals;
};

}  // namespace netprobe
