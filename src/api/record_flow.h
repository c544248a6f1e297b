// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "model/flow.h"
#include "model/history.h"

namespace netprobe {

/// A flow as its record has it: without points of observation, and with counters that are
/// the record's: all so far on a live stream, what it gained in history.
[[nodiscard]] Flow flow_of(const FlowRecord& record);

/// Appends one JSON object with the fields of a flow (model/flow_json.h), and `observer`:
/// the node that tells of it; `late`: what is newer was told before. Without an end of line.
void append_record_json(std::string& out, const FlowRecord& record, std::string_view observer,
                        bool late);

}  // namespace netprobe
