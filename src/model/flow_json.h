// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/json_writer.h"
#include "model/flow.h"

namespace netprobe {

/// Appends a flow as one JSON object, on one line, with the names of the API.
/// The one place that spells them for the API, the stream and replay.
void append_json(std::string& out, const Flow& flow);

/// TCP flags as letters in the order of the header: "FSRPAUEC", those seen.
[[nodiscard]] std::string tcp_flags_text(std::uint8_t flags);

}  // namespace netprobe
