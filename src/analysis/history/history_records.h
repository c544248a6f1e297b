// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/clock.h"
#include "model/connection.h"
#include "model/drop.h"
#include "model/history.h"
#include "model/workload.h"

namespace netprobe {

/// The record of what a flow gained. `flow` is growth.flow with its names,
/// processes and verdict; it is left without them. `time`: when it began.
[[nodiscard]] FlowRecord record_of(Flow& flow, const FlowGrowth& growth, Nanos time,
                                   std::string_view interface);

/// A connection that ended, with the client as src; nobody is named yet.
[[nodiscard]] ConnectionEvent record_of(const Connection& connection, Nanos now);

/// A flow that is named as the record's ends are: with its addresses, times and
/// processes, and the direction that it has by its path. Of connections and
/// drops no path is known; a direction that only names can tell is empty.
[[nodiscard]] Flow flow_to_name(const FlowRecord& record, std::string_view by_path);
[[nodiscard]] Flow flow_to_name(const ConnectionEvent& record, std::string_view by_path);
[[nodiscard]] Flow flow_to_name(const DropEvent& record, std::string_view by_path);
[[nodiscard]] std::string_view direction_by_path(const ConnectionEvent& record);

/// No more can be learned of who the ends are.
[[nodiscard]] bool is_named(const Flow& flow);

}  // namespace netprobe
