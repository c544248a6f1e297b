// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/history_store.h"
#include "query/sql.h"

namespace netprobe {

/// A question for records, not groups, of one table with their raw rows.
struct RecordPage {
  const Query& query;
  std::string_view from;  ///< the table
  Micros slot = 0;        ///< by which it is ordered first: intDiv(time, slot)
  Micros now = 0;         ///< wall; where the newest records are to be expected
  std::size_t rows = 0;   ///< as to_sql() has it
  std::optional<RecordCursor> after;
};

using ClickHouseRows = std::vector<std::vector<Value>>;
/// Asks the server: a SELECT without a format, its columns, and how many rows its
/// answer has at most.
using AskRows = std::function<std::expected<ClickHouseRows, QueryFailure>(
    const std::string& sql, const std::vector<Column>& columns, std::size_t most)>;

/// The rows of a page, and the statement that they are the answer of, for
/// finish_answer().
struct RecordRows {
  SqlStatement statement;
  ClickHouseRows rows;
};

/// Whether read_page() is for it: a page is so long that it is as well read at once.
[[nodiscard]] bool is_short_page(const RecordPage& page);

/// Finds the records' times first, with the columns of the filter and the order
/// alone, and reads all columns only where such a time is: of 62 columns a few are
/// read in full. Newest first, the times are looked for in the newest five minutes,
/// then in what is missing of the hour before, and so on.
[[nodiscard]] std::expected<RecordRows, QueryFailure> read_page(const RecordPage& page,
                                                                const AskRows& ask);

}  // namespace netprobe
