// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/table.h"

namespace netprobe {

/// A page of /api/drops.
struct DropsPage {
  std::vector<std::string> drops;  ///< the JSON of each row, as the agent wrote it
  std::string next_cursor;         ///< empty on the last page
  std::string missing;             ///< "unattributed 12, …" where the list is not complete
};
[[nodiscard]] Result<DropsPage> read_drops_page(const std::string& body);

/// Columns for rows that are summed `by` (record, reason, location, interface,
/// flow); `wide` has all there is.
[[nodiscard]] std::vector<TextColumn> drop_columns(std::string_view by, bool wide);
/// One row, from its JSON.
[[nodiscard]] Result<Row> drop_row(std::string_view json, std::string_view by, bool wide);
/// The frames of its call stack, one an indented line; empty without.
[[nodiscard]] std::string drop_stack(std::string_view json);

}  // namespace netprobe
