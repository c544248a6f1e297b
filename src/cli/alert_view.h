// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <vector>

#include "cli/table.h"

namespace netprobe {

/// Where alerts stand in a table.
[[nodiscard]] std::vector<TextColumn> alert_columns();
/// Of one object of /api/alerts.
[[nodiscard]] Row alert_row(simdjson::dom::element alert);

}  // namespace netprobe
