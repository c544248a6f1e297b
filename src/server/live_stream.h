// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "cluster/agent_peer.h"
#include "cluster/scheduler.h"
#include "io/http_server.h"

namespace netprobe {

/// /api/stream of the cluster, as server-sent events: `flow` (as /api/query's JSON
/// lines have records), `window` (of live sums), `lost` (records that should stand here
/// are missing, and whose), `agent` (one tells from now on, or no more). Takes what an
/// agent's takes: `q` and the conditions of /api/flows. All
/// outlive the server's stop().
void add_live_route(HttpServer& server, AgentDirectory& agents, Scheduler& scheduler,
                    const Clock& clock);

}  // namespace netprobe
