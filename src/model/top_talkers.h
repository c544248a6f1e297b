// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "model/flow.h"
#include "model/flow_filter.h"

namespace netprobe {

/// What flows are ranked by: bytes per second over the last interval, or
/// bytes or packets in total; both directions together.
enum class TopBy { kRate, kBytes, kPackets };

/// "rate", "bytes" or "packets".
[[nodiscard]] std::string_view to_string(TopBy by);
[[nodiscard]] std::optional<TopBy> parse_top_by(std::string_view name);

/// Copies of the `n` flows that moved most among those that match `filter`,
/// most first; equals by id. `observed_by`: the node whose flows they are.
[[nodiscard]] std::vector<Flow> top_talkers(const std::vector<Flow>& flows, std::size_t n, TopBy by,
                                            const FlowFilter& filter = {},
                                            std::string_view observed_by = {});

}  // namespace netprobe
