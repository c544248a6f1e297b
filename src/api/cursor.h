// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/flow.h"

namespace netprobe {

/// By what a list of flows is sorted: by id, oldest first, or most first. With
/// kId pages neither repeat nor miss a flow however much changes between them.
enum class FlowOrder : std::uint8_t { kId, kBytes, kPackets, kRate, kLastSeen };

[[nodiscard]] std::optional<FlowOrder> parse_flow_order(std::string_view name);

/// Where a page ended: the last flow's place in the order. What comes next is
/// what stands after this place, whether or not that flow still exists.
struct FlowCursor {
  FlowOrder order = FlowOrder::kId;
  std::uint64_t weight = 0;  ///< sort_weight() of it when the page was made
  std::uint64_t id = 0;
  bool operator==(const FlowCursor&) const = default;
};

/// More is earlier; 0 for all with kId.
[[nodiscard]] std::uint64_t sort_weight(const Flow& flow, FlowOrder order);

/// Opaque to users, safe in a URL as it is.
[[nodiscard]] std::string format_cursor(const FlowCursor& cursor);
[[nodiscard]] std::optional<FlowCursor> parse_cursor(std::string_view text);

}  // namespace netprobe
