// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "cluster/agent_peer.h"
#include "cluster/pages.h"
#include "cluster/scheduler.h"
#include "io/http_server.h"
#include "model/history.h"

namespace netprobe {

/// One alert as an agent tells it live, as /api/alerts has it, with its node. What stores have
/// as a part of the evidence alone is read from there, which may be anything.
void append_live_alert(std::string& out, const AlertEvent& event, std::string_view node);

/// /api/alerts/stream of the cluster, with the parameters of an agent's: `alert` for each that
/// is active, and then as agents tell them; `lost` and `agent` as in /api/stream. All outlive
/// the server.
void add_alert_stream_route(HttpServer& server, const ClusterPages& pages, AgentDirectory& agents,
                            Scheduler& scheduler, const Clock& clock);

}  // namespace netprobe
