// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cluster/agent_peer.h"

namespace netprobe {

/// /api/agents: each agent, how the link to it stands and what it lost, and nodes of
/// the cluster that have none. By node, then by address. JSON.
[[nodiscard]] std::string agents_page(const AgentDirectory& directory);

}  // namespace netprobe
