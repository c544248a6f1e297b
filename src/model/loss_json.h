// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/json_writer.h"
#include "model/loss.h"

namespace netprobe {

/// Appends a loss as one JSON object with the names of the API: in
/// /api/losses, and in a flow's `losses`.
void append_json(std::string& out, const Loss& loss,
                 const std::function<void(JsonObject& flow)>& more = {});

/// "flannel.1→eth0", as texts show where packets were lost.
[[nodiscard]] std::string place_of(const Loss& loss);

}  // namespace netprobe
