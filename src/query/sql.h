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

/// Where the page before ended. Opaque to users.
struct RecordCursor {
  Micros time = 0;
  std::uint64_t skip = 0;  ///< records of exactly this time that were on pages before
};
[[nodiscard]] std::string format_record_cursor(const RecordCursor& cursor);
[[nodiscard]] std::optional<RecordCursor> parse_record_cursor(std::string_view text);

struct SqlStatement {
  std::string text;
  std::vector<Column> columns;  ///< of its result, in order
};

/// One SELECT. `from` stands behind FROM and has the columns of the kind's table
/// (of the roll-up, for such a tier); every literal is escaped in the text. The
/// time range is in it, with whole buckets of the tier. At most `rows` rows, one
/// more to show that there are more.
[[nodiscard]] std::expected<SqlStatement, QueryFailure> to_sql(
    const Query& query, SqlDialect dialect, Tier tier, std::string_view from, std::size_t rows,
    const std::optional<RecordCursor>& after);

/// Groups rows of flows, or of the finer roll-up, to rows of rollup_columns():
/// a SELECT over `from`. `bucket` in Micros.
[[nodiscard]] std::string rollup_sql(SqlDialect dialect, std::string_view from, bool from_rollup,
                                     Micros bucket);

/// A text as a literal of the dialect, quotes and all.
[[nodiscard]] std::string sql_literal(SqlDialect dialect, std::string_view text);

}  // namespace netprobe
