// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "agent_lab.h"

namespace netprobe::bench {

/// Milliseconds from the send of a new flow's first packet to the arrival of
/// its line at a client of /api/stream, one a sample; fewer where the stream
/// broke or a line did not come within a second.
[[nodiscard]] std::vector<double> stream_latencies(const AgentLab& lab, int samples);

}  // namespace netprobe::bench
