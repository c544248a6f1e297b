// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"
#include "link/table_limits.h"
#include "query/answer.h"
#include "query/history_store.h"

namespace netprobe::v1 {
class QueryEnd;
class QueryFailed;
class Table;
}  // namespace netprobe::v1

namespace netprobe {

/// How many rows from `from` on fit into one message of a good size; at least 1
/// where there is one.
[[nodiscard]] std::size_t rows_that_fit(const QueryAnswer& answer, std::size_t from);
/// Rows of an answer, `count` from `from` on, with its columns.
void encode_rows(const QueryAnswer& answer, std::size_t from, std::size_t count, v1::Table& to);
/// Adds the rows of a table, which may be anything, to an answer. The first sets the
/// answer's columns; those behind must have the same. `budget` is for all of them.
[[nodiscard]] Status decode_rows(const v1::Table& from, TextBudget& budget, QueryAnswer& answer);

/// All of an answer but its rows and columns.
void encode_end(const QueryAnswer& answer, v1::QueryEnd& to);
/// What is unknown in it stays as a default answer has it.
void decode_end(const v1::QueryEnd& from, QueryAnswer& answer);

void encode_failure(const QueryFailure& failure, v1::QueryFailed& to);
[[nodiscard]] QueryFailure decode_failure(const v1::QueryFailed& from);

}  // namespace netprobe
