// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "api/asker.h"
#include "api/query.h"
#include "model/flow.h"

namespace netprobe {

/// The question that gives flows back from their records in history: what each
/// gained in the query's range, with what its page needs. `asked.query`: which
/// records; its own limit and order are not looked at.
[[nodiscard]] Ask kept_flows_ask(const FlowsQuery& asked);

/// Flows as history has them; what it does not keep is as in a flow that nobody
/// saw: no points of observation. One whose names or verdict changed
/// is still one.
[[nodiscard]] std::vector<Flow> flows_of(const QueryAnswer& answer);

/// The answer of /api/flows from history.
[[nodiscard]] std::string kept_flows_page(const Found& found, const FlowsQuery& asked);

/// True where what is live does not have all that the query asks for: it goes
/// back beyond the agent's start, or flows ended since.
[[nodiscard]] bool reaches_beyond(const Snapshot& snapshot, const FlowsQuery& asked);

}  // namespace netprobe
