// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/answer.h"
#include "query/history_store.h"
#include "query/query.h"

namespace netprobe {

enum class SqlDialect : std::uint8_t { kDuckDb, kClickHouse };

/// What a tier of a store holds.
struct TierRange {
  Tier tier = Tier::kRaw;
  Micros bucket = 0;            ///< 0: exact
  std::optional<Micros> since;  ///< oldest record; none: it holds nothing
};

/// The tier that a query is answered from: the coarsest that has its fields and
/// sums, whose buckets its step is made of and its time range can do with (they
/// are its bounds, or a hundredth of it), and that reaches back as far as any.
[[nodiscard]] Tier choose_tier(const Query& query, Micros now, const std::vector<TierRange>& tiers);
/// Whether a tier has all that the query asks for, its time range aside.
[[nodiscard]] bool can_answer(const Query& query, Tier tier);
/// Writes into the answer from what tier it is, and what range that covered.
void describe_tier(const Query& query, const TierRange& tier, QueryAnswer& answer);

/// A rate over the whole range, which must then have both ends. Stores give it
/// what they have: from their oldest record until now.
[[nodiscard]] bool needs_range(const Query& query);
void give_range(Query& query, Micros oldest, Micros now);

/// Rows of an answer at most: the query's limit, or the smaller `rows`.
[[nodiscard]] std::size_t row_bound(const Query& query, std::size_t rows);

/// Records of one microsecond that can be paged over.
inline constexpr std::uint64_t kMaxCursorSkip = 1'000'000'000;

/// Where the page before ended. Opaque to users.
struct RecordCursor {
  Micros time = 0;
  std::uint64_t skip = 0;  ///< records of exactly this time that were on pages before
};
[[nodiscard]] std::string format_record_cursor(const RecordCursor& cursor);
[[nodiscard]] std::optional<RecordCursor> parse_record_cursor(std::string_view text);
/// Of a request: nothing where it is empty; else it must be one.
[[nodiscard]] std::expected<std::optional<RecordCursor>, QueryFailure> read_record_cursor(
    std::string_view text);

/// A column's SQL type follows from its Column, and each may be NULL, which is
/// none: is_real DOUBLE (Nullable(Float64)), times and durations BIGINT (Int64),
/// other numbers and booleans UBIGINT (UInt64), addresses BLOB (FixedString(16)),
/// the rest VARCHAR (String).
struct SqlStatement {
  std::string text;
  std::vector<Column> columns;  ///< of its result, in order
  std::size_t hidden = 0;       ///< of them at the end: for finish_answer() alone
};

/// One SELECT. `from` stands behind FROM and has the columns of the kind's table
/// (of the roll-up, for such a tier); every literal is escaped in the text. The
/// time range is in it, with whole buckets of the tier. At most row_bound() rows,
/// one more to show that there are more.
[[nodiscard]] std::expected<SqlStatement, QueryFailure> to_sql(
    const Query& query, SqlDialect dialect, Tier tier, std::string_view from, std::size_t rows,
    const std::optional<RecordCursor>& after);

/// Makes an answer of the statement's rows, which stand in `answer.rows` as they
/// came: cuts the one too many and hidden columns off, sets the columns, and the
/// cursor of the next page. Arguments as to_sql() had them.
void finish_answer(const Query& query, const SqlStatement& statement, std::size_t rows,
                   const std::optional<RecordCursor>& after, QueryAnswer& answer);

/// Groups rows of flows, or of the finer roll-up, to rows of rollup_columns():
/// a SELECT over `from`. `bucket` in Micros.
[[nodiscard]] std::string rollup_sql(SqlDialect dialect, std::string_view from, bool from_rollup,
                                     Micros bucket);

/// Rows of flows in the shape of rollup_columns(), one for each: for whoever groups
/// them anyway, which gives the same as of their sums.
[[nodiscard]] std::string rollup_rows_sql(SqlDialect dialect, std::string_view from, Micros bucket);

/// A text as a literal of the dialect, quotes and all.
[[nodiscard]] std::string sql_literal(SqlDialect dialect, std::string_view text);

}  // namespace netprobe
