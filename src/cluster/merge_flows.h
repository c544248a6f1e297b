// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cluster/gather.h"
#include "cluster/halves.h"
#include "cluster/page_parts.h"

namespace netprobe {

/// The orders in which flows of all nodes are listed: most, or newest, first.
enum class FlowsOrder : std::uint8_t { kLastSeen, kBytes, kPackets };
[[nodiscard]] std::optional<FlowsOrder> parse_flows_order(std::string_view name);
[[nodiscard]] std::string_view to_string(FlowsOrder order);

/// Where a page of flows ended.
struct FlowsPlace {
  FlowsOrder order = FlowsOrder::kLastSeen;
  std::uint64_t weight = 0;
  std::uint64_t id = 0;
  std::string node;
  std::string address;
};
[[nodiscard]] std::string format_flows_place(const FlowsPlace& place);
[[nodiscard]] std::optional<FlowsPlace> parse_flows_place(std::string_view text);
/// The cursor of one agent's own list that stands at the same place: what comes behind
/// it comes behind the cluster's. As src/api/cursor.h writes them.
[[nodiscard]] std::string agent_cursor(const FlowsPlace& place, const AgentState& agent);

/// A page of flows of all agents, most first.
struct MergedFlows {
  struct Flow {
    std::string node;
    std::string json;  ///< as the agent told it, with "node"
    FlowHalf half;
  };
  std::vector<Flow> flows;
  std::uint64_t total = 0;
  bool more = false;
  FlowsPlace last;  ///< of the last flow, where there is more
  PageCompleteness completeness;
};
[[nodiscard]] MergedFlows merge_flows(std::vector<AgentPage> pages, const Roster& roster,
                                      FlowsOrder order, std::size_t limit);
/// Adds an agent's flows, of any page of /api/flows, to an index; those that are none
/// are passed over.
void index_flows(const AgentPage& page, HalfIndex& index);

}  // namespace netprobe
