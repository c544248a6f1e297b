// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "query/sql.h"

namespace netprobe {

/// The statement of a query that groups. Its range is in whole buckets already,
/// and in `where`.
[[nodiscard]] std::expected<SqlStatement, QueryFailure> groups_sql(const Query& query,
                                                                   SqlDialect dialect, Tier tier,
                                                                   std::string_view from,
                                                                   const std::string& where,
                                                                   std::size_t rows);

}  // namespace netprobe
