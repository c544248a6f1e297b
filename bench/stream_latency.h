// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "agent_lab.h"

namespace netprobe::bench {

/// Milliseconds from the send of a new flow's first packet to the arrival of
/// its line at a client of /api/stream, one a sample; fewer where the stream
/// broke or a line did not come within a second. `query`: a filter that they pass,
/// of the query language; empty: all flows.
[[nodiscard]] std::vector<double> stream_latencies(const AgentLab& lab, int samples,
                                                   const std::string& query);

}  // namespace netprobe::bench
