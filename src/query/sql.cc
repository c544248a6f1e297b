// SPDX-License-Identifier: Apache-2.0
#include "query/sql.h"

#include <algorithm>

#include "query/group_sql.h"
#include "query/sql_text.h"
#include "query/tier.h"

namespace netprobe {
namespace {

std::unexpected<QueryFailure> refuse(std::string message) {
  return std::unexpected(QueryFailure{QueryFailure::Kind::kBadQuery, std::move(message)});
}

struct Ordered {
  std::string expression;
  bool descending = false;
};

/// What records are sorted by, besides what a query asks for.
std::vector<Ordered> record_order(RecordKind kind) {
  std::vector<Ordered> order{{"time", true}, {"node"},     {"src_ip"},  {"dst_ip"},
                             {"src_port"},   {"dst_port"}, {"protocol"}};
  switch (kind) {
    case RecordKind::kFlow:
      order.push_back({"flow_id"});
      break;
    case RecordKind::kDrop:
      order.push_back({"drop_reason"});
      order.push_back({"drop_location"});
      break;
    case RecordKind::kConnection:
      order.push_back({"connection_id"});
      break;
    case RecordKind::kAlert:
      order.push_back({"alert_id"});
      break;
  }
  return order;
}

std::string limit_text(SqlDialect dialect, std::size_t rows, std::uint64_t skip) {
  const std::string count = std::to_string(rows);
  if (skip == 0) return " LIMIT " + count;
  // OFFSET is younger than the servers that this must do for.
  return dialect == SqlDialect::kDuckDb ? " LIMIT " + count + " OFFSET " + std::to_string(skip)
                                        : " LIMIT " + std::to_string(skip) + ", " + count;
}

/// Two steps: sort and cut with what the table has, then write what is left in
/// the types of the result, so that only a page's rows are converted.
SqlStatement records_sql(const Query& query, SqlDialect dialect, std::string_view from,
                         const std::string& where, std::size_t rows,
                         const std::optional<RecordCursor>& after) {
  SqlStatement statement{.columns = answer_columns(query)};
  const auto shown = query.select.empty() ? usual_fields(query.kind) : std::span(query.select);
  std::string inner;
  std::string outer;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const std::string name = "f" + std::to_string(i);
    inner += sql_value(dialect, shown[i], query.kind) + " AS " + name + ", ";
    outer +=
        sql_result(dialect, statement.columns[i], name, sql_is_none(dialect, shown[i].id, name)) +
        " AS c" + std::to_string(i) + ", ";
  }
  std::string order;
  for (const OrderBy& by : query.order) {
    const auto at = std::ranges::find(statement.columns, by.column, &Column::name);
    order += "f" + std::to_string(at - statement.columns.begin());
    order += by.descending ? " DESC, " : ", ";
  }
  const auto usual = record_order(query.kind);
  for (std::size_t i = 0; i < usual.size(); ++i) {
    const std::string name = "o" + std::to_string(i);
    inner += usual[i].expression + " AS " + name;
    order += name + (usual[i].descending ? " DESC" : "");
    if (i + 1 == usual.size()) break;
    inner += ", ";
    order += ", ";
  }
  // For the next page's cursor, whatever fields are shown.
  const Column time{.name = "time", .type = FieldType::kTime};
  statement.hidden = 1;
  statement.columns.push_back(time);
  outer += sql_result(dialect, time, "o0", {}) + " AS page_time";
  statement.text = "SELECT " + outer + " FROM (SELECT " + inner + " FROM " + std::string(from) +
                   " WHERE " + where + " ORDER BY " + order +
                   limit_text(dialect, row_bound(query, rows) + 1, after ? after->skip : 0) +
                   ") AS page ORDER BY " + order;
  return statement;
}

}  // namespace

std::expected<SqlStatement, QueryFailure> to_sql(const Query& query, SqlDialect dialect, Tier tier,
                                                 std::string_view from, std::size_t rows,
                                                 const std::optional<RecordCursor>& after) {
  if (!can_answer(query, tier))
    return refuse("sums by " + std::string(to_string(tier)) +
                  " do not have what this query asks for; it needs the records themselves");
  const Query range = in_whole_buckets(query, bucket_of(tier));
  if (auto checked = check_answerable(range); !checked) return std::unexpected(checked.error());
  if (after) {
    if (query.is_aggregate() || !query.order.empty())
      return refuse(
          "a cursor goes on with records that come newest first; this query has another"
          " order: ask with a limit instead");
  }
  const auto bound = [](std::string_view sign, const std::optional<Micros>& time) {
    return time ? "time " + std::string(sign) + " " + std::to_string(*time) : std::string();
  };
  const std::string where = sql_and({bound(">=", range.since), bound("<", range.until),
                                     bound("<=", after ? std::optional(after->time) : std::nullopt),
                                     sql_condition(dialect, query.filter, query.kind)});
  if (query.is_aggregate()) return groups_sql(range, dialect, tier, from, where, rows);
  return records_sql(query, dialect, from, where, rows, after);
}

void finish_answer(const Query& query, const SqlStatement& statement, std::size_t rows,
                   const std::optional<RecordCursor>& after, QueryAnswer& answer) {
  const std::size_t bound = row_bound(query, rows);
  answer.columns.assign(statement.columns.begin(),
                        statement.columns.end() - static_cast<std::ptrdiff_t>(statement.hidden));
  answer.truncated = answer.rows.size() > bound;
  if (answer.truncated) answer.rows.resize(bound);
  answer.cursor.clear();
  const bool pages = !query.is_aggregate() && query.order.empty();
  if (pages && answer.truncated && bound > 0 && statement.hidden > 0) {
    const std::size_t at = answer.columns.size();
    const auto time_of = [&](const std::vector<Value>& row) {
      const auto* time = std::get_if<Micros>(&row.at(at));
      return time != nullptr ? *time : 0;
    };
    RecordCursor next{.time = time_of(answer.rows.back())};
    for (auto row = answer.rows.rbegin(); row != answer.rows.rend(); ++row) {
      if (time_of(*row) != next.time) break;
      ++next.skip;
    }
    // A page of one moment only: those before it count as well.
    if (after && after->time == next.time) next.skip += after->skip;
    answer.cursor = format_record_cursor(next);
  }
  for (auto& row : answer.rows) {
    if (row.size() > answer.columns.size()) row.resize(answer.columns.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto* number = std::get_if<std::uint64_t>(&row[i]);
      if (number != nullptr && answer.columns[i].type == FieldType::kBool) row[i] = *number != 0;
    }
  }
}

}  // namespace netprobe
