// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cluster/agent_peer.h"
#include "export/prometheus/text_writer.h"
#include "io/http_server.h"
#include "model/snapshot.h"
#include "query/history_store.h"

namespace netprobe {

/// What the server says of itself and of the cluster, at one moment.
struct ServerMetrics {
  const Snapshot& snapshot;  ///< of the cluster's objects, with sums by workload
  const AgentDirectory& agents;
  HttpServerStats http;
  HistoryStatus questions;
};

/// The server's metrics page: sums of all nodes by pair of workloads, what the
/// cluster's API tells, agents by state, and the server's own health.
[[nodiscard]] std::string render_server_metrics(const ServerMetrics& metrics, TextFormat format);

}  // namespace netprobe
