// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "api/query.h"

namespace netprobe {

/// GET /api/query/validate: is a text a query, without asking it.
[[nodiscard]] QueryResult<std::string> parse_validate_query(const QueryParams& params);
/// `now`: wall, what relative times are before.
[[nodiscard]] std::string validate_page(std::string_view text, Nanos now);

/// GET /api/query/complete: what may stand at a place of a text.
struct CompleteQuery {
  std::string text;
  std::size_t at = 0;  ///< bytes before the cursor
};
[[nodiscard]] QueryResult<CompleteQuery> parse_complete_query(const QueryParams& params);
[[nodiscard]] std::string complete_page(const CompleteQuery& query);

/// GET /api/query/fields: every field of every kind of record.
[[nodiscard]] std::string fields_page();

}  // namespace netprobe
