// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace netprobe {

/// Removes programs of NetProbe that a killed agent left at clsact hooks of
/// this network namespace; one line for each. (TCX links leave nothing.) The
/// caller makes sure that no agent runs here.
[[nodiscard]] Result<std::vector<std::string>> remove_stale_attachments();

}  // namespace netprobe
