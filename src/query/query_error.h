// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "query/query.h"

namespace netprobe {

/// "at column 1: unknown field 'scr.ip'; did you mean 'src.ip'?": one line.
[[nodiscard]] std::string query_error_line(std::string_view text, const QueryError& error);

/// For terminals: that line, below it the text around the place, and a mark under
/// what is wrong. Three lines without an end of line, whatever the text holds.
[[nodiscard]] std::string format_query_error(std::string_view text, const QueryError& error);

}  // namespace netprobe
