// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "api/query.h"
#include "base/json_writer.h"
#include "model/snapshot.h"

namespace netprobe {

/// The cluster's data is as of then: the newest change in it; without a
/// cluster, the snapshot's time. Wall.
[[nodiscard]] Nanos last_updated(const Snapshot& snapshot);

/// The answer of /api/cluster. All these answer without Kubernetes, too: lists
/// are empty, and `kubernetes` says that it is off. Pure.
[[nodiscard]] std::string cluster_page(const Snapshot& snapshot);

/// Which flows the graph of /api/topology is made of.
enum class GraphOf : std::uint8_t {
  kSinceStart,  ///< all since the start, summed by workload; also of what is gone
  kLive,        ///< those in the flow table
};
[[nodiscard]] QueryResult<GraphOf> parse_topology_query(const QueryParams& params);
/// The answer of /api/topology. For kLive the snapshot must have its flows.
[[nodiscard]] std::string topology_page(const Snapshot& snapshot, GraphOf of);

/// `"graph":{…}` of it: who talks to whom, by workload.
void append_graph(JsonObject& json, std::string& out, const Snapshot& snapshot, GraphOf of);

/// The answer of /api/report; the snapshot must have its flows.
[[nodiscard]] std::string report_page(const Snapshot& snapshot);

}  // namespace netprobe
