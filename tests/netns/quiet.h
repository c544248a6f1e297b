// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "agent.h"

namespace netprobe::test {

/// Counters of one direction of a link.
struct LinkSide {
  std::int64_t packets = 0;
  std::int64_t bytes = 0;
  std::int64_t dropped = 0;
  bool operator==(const LinkSide&) const = default;
  LinkSide operator-(const LinkSide& other) const {
    return {packets - other.packets, bytes - other.bytes, dropped - other.dropped};
  }
};
struct Link {
  LinkSide rx;
  LinkSide tx;
  bool operator==(const Link&) const = default;
};
/// By name. What `ip -s link` says, and what the agent says (super-packets
/// counted once in both).
using Links = std::map<std::string, Link>;
[[nodiscard]] Links kernel_links(const NetNamespace& ns);
[[nodiscard]] Links agent_links(const Json& interfaces);

/// All that is known at a moment when no packet moves.
struct Sample {
  Json stats;
  Json interfaces;
  Json flows;
  Links kernel;
  Links agent;
};
/// Waits for such a moment; throws where none comes.
[[nodiscard]] Sample quiet_sample(const Agent& agent, const NetNamespace& ns);

/// Wire packets of flows, depth 0, by (ifindex, direction).
using PointSums = std::map<std::pair<std::uint64_t, std::string>, std::uint64_t>;
[[nodiscard]] PointSums point_sums(const std::map<std::uint64_t, std::string>& flows_by_id);

}  // namespace netprobe::test
