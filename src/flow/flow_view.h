// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "flow/flow_entry.h"
#include "flow/flow_table.h"
#include "model/flow.h"

namespace netprobe {

/// The flow of an entry as readers get it, without its points and what comes
/// from them. `wall_offset`: wall clock minus monotonic.
[[nodiscard]] Flow flow_outline(const FlowEntry& entry, Nanos wall_offset);

/// Its direction, and what its points tell of tags and tunnels.
void add_path(const FlowEntry& entry, const PointNames& names, Flow& flow);

/// The same, and its points.
void add_points(const FlowEntry& entry, const PointNames& names, Flow& flow);

}  // namespace netprobe
