// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <vector>

#include "cli/table.h"

namespace netprobe {

/// Where blocks and limits stand in a table.
[[nodiscard]] std::vector<TextColumn> block_columns();
/// Of one object of /api/blocks, of either list.
[[nodiscard]] Row block_row(simdjson::dom::element block);
/// "response: enforce, 3 blocks, 1 limit, 120 packets dropped", of all of /api/blocks.
[[nodiscard]] std::string response_line(simdjson::dom::element answer, bool colour);

}  // namespace netprobe
