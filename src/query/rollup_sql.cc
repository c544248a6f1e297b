// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "query/schema.h"
#include "query/sql_text.h"

namespace netprobe {
namespace {

/// What a column of a roll-up that is no key is made of.
struct Summing {
  enum class How : std::uint8_t {
    kRows,   ///< how many there are
    kCount,  ///< of those where the field is known
    kMax,
    kSum,
  };
  How how{};
  std::string field;  ///< column of flows
};

Summing summing(const TableColumn& column) {
  using How = Summing::How;
  const std::string_view name = column.name;
  if (name == "records") return {How::kRows, {}};
  constexpr std::array<std::pair<std::string_view, How>, 3> kEnds{
      {{"_count", How::kCount}, {"_max", How::kMax}, {"_sum", How::kSum}}};
  for (const auto& [end, how] : kEnds)
    if (name.ends_with(end)) return {how, std::string(name.substr(0, name.size() - end.size()))};
  return {How::kSum, std::string(name)};
}

/// From rows of flows or of the finer roll-up: both know sums, but only flows
/// know single times.
std::string summed(SqlDialect dialect, const TableColumn& column, bool from_rollup) {
  const auto [how, field] = summing(column);
  const auto aggregate = [&](std::string_view function, std::string_view value,
                             const std::string& condition = {}) {
    return sql_aggregate(dialect, function, std::string(value), condition);
  };
  if (how == Summing::How::kMax) return aggregate("max", from_rollup ? column.name : field);
  if (from_rollup) return aggregate("sum", column.name);
  const std::string_view all = dialect == SqlDialect::kDuckDb ? "*" : "";
  if (how == Summing::How::kRows) return aggregate("count", all);
  if (how == Summing::How::kCount) return aggregate("count", all, field + " <> 0");
  return aggregate("sum", field);
}

/// The same of a single row of flows.
std::string of_row(const TableColumn& column) {
  const auto [how, field] = summing(column);
  if (how == Summing::How::kRows) return "1";
  if (how == Summing::How::kCount) return "CASE WHEN " + field + " <> 0 THEN 1 ELSE 0 END";
  return field;
}

}  // namespace

std::string rollup_rows_sql(SqlDialect dialect, std::string_view from, Micros bucket) {
  const auto columns = rollup_columns();
  const bool duckdb = dialect == SqlDialect::kDuckDb;
  std::string text = "SELECT ";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const TableColumn& column = columns[i];
    const std::string name(column.name);
    if (i > 0) text += ", ";
    if (name == "time") {
      text += sql_bucket(dialect, "time", bucket) + " AS time";
    } else if (i < rollup_keys()) {
      text += name;
    } else {
      const bool is_signed = column.type == ColumnType::kI64;
      const std::string_view type =
          duckdb ? (is_signed ? "BIGINT" : "UBIGINT") : (is_signed ? "Int64" : "UInt64");
      text.append("CAST(").append(of_row(column)).append(" AS ").append(type).append(") AS ");
      text += name;
    }
  }
  return text + " FROM " + std::string(from);
}

std::string rollup_sql(SqlDialect dialect, std::string_view from, bool from_rollup, Micros bucket) {
  const bool duckdb = dialect == SqlDialect::kDuckDb;
  const auto columns = rollup_columns();
  std::string text = "SELECT ";
  std::string keys;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const TableColumn& column = columns[i];
    const std::string name(column.name);
    if (i > 0) text += ", ";
    if (i < rollup_keys()) {
      text += (column.name == "time" ? sql_bucket(dialect, "time", bucket) + " AS time" : name);
      // By a column's name DuckDB means the table's, ClickHouse the result's.
      if (i > 0) keys += ", ";
      keys += duckdb ? std::to_string(i + 1) : name;
      continue;
    }
    const std::string value = summed(dialect, column, from_rollup);
    const bool is_signed = column.type == ColumnType::kI64;
    // Sums of 64 bits have 128 in DuckDB.
    text += duckdb ? "CAST(" + value + (is_signed ? " AS BIGINT)" : " AS UBIGINT)") : value;
    text += " AS " + name;
  }
  return text + " FROM " + std::string(from) + " GROUP BY " + keys;
}

}  // namespace netprobe
