// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/gather.h"
#include "cluster/page_parts.h"

namespace netprobe {

/// Pages of lists are no longer; what is behind it is asked for by its cursor.
inline constexpr std::size_t kMaxMergedBytes = 64UL * 1024 * 1024;

/// One page out of those of all agents, which stand by node: their lists behind each
/// other with "node" on each row, their totals added up, what else each says of itself
/// in "nodes", and "completeness". A page that is no JSON object, or whose lists are
/// none, is a failure of its agent alone.
/// `list`: the list that pages are of ("connections"); `limit`: its rows at most;
/// `place`: where the page before ended, of the first agent here.
[[nodiscard]] std::string merge_lists(std::vector<AgentPage> pages, const Roster& roster,
                                      std::string_view list, std::size_t limit,
                                      const std::optional<PagePlace>& place);

/// /api/stats of all agents: numbers added up, by name inside objects as well; what is
/// one node's own in "nodes". A cell of node_traffic_matrix is what the node that sent
/// it tells, or the one that it came to where the sender has no agent that answers.
[[nodiscard]] std::string merge_stats(std::vector<AgentPage> pages, const Roster& roster);

}  // namespace netprobe
