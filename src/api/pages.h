// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "api/query.h"
#include "model/snapshot.h"

namespace netprobe {

/// The answer of /api/flows: one page of the flows that match, how many match
/// in all, and where the next page begins. Pure.
[[nodiscard]] std::string flow_page(const Snapshot& snapshot, const FlowsQuery& query);

/// The answer of /api/top.
[[nodiscard]] std::string top_page(const Snapshot& snapshot, const TopQuery& query);

/// The answer of /api/stats.
[[nodiscard]] std::string stats_page(const Snapshot& snapshot);

/// The answers of /api/interfaces and /api/probes.
[[nodiscard]] std::string interfaces_page(const Snapshot& snapshot);
[[nodiscard]] std::string probes_page(const Snapshot& snapshot);

/// The answer of /api/netfilter.
[[nodiscard]] std::string netfilter_page(const Snapshot& snapshot);

}  // namespace netprobe
