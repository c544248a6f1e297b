// SPDX-License-Identifier: Apache-2.0
#include "query/schema.h"
#include "query/sql_text.h"

namespace netprobe {
namespace {

/// A column of a roll-up that is no key, from rows of flows or of the finer
/// roll-up: both know sums, but only flows know single times.
std::string summed(SqlDialect dialect, const TableColumn& column, bool from_rollup) {
  const std::string name(column.name);
  const auto cut = [&](std::string_view end) {
    return name.ends_with(end) ? name.substr(0, name.size() - end.size()) : std::string();
  };
  const auto aggregate = [&](std::string_view function, const std::string& value,
                             const std::string& condition = {}) {
    return sql_aggregate(dialect, function, value, condition);
  };
  if (const std::string field = cut("_max"); !field.empty())
    return aggregate("max", from_rollup ? name : field);
  if (from_rollup) return aggregate("sum", name);
  const std::string all = dialect == SqlDialect::kDuckDb ? "*" : "";
  if (name == "records") return aggregate("count", all);
  if (const std::string field = cut("_count"); !field.empty())
    return aggregate("count", all, field + " <> 0");
  const std::string field = cut("_sum");
  return aggregate("sum", field.empty() ? name : field);
}

/// The same of a single row of flows.
std::string of_row(const TableColumn& column) {
  const std::string name(column.name);
  const auto cut = [&](std::string_view end) {
    return name.ends_with(end) ? name.substr(0, name.size() - end.size()) : std::string();
  };
  if (name == "records") return "1";
  if (const std::string field = cut("_count"); !field.empty())
    return "CASE WHEN " + field + " <> 0 THEN 1 ELSE 0 END";
  if (const std::string field = cut("_max"); !field.empty()) return field;
  const std::string field = cut("_sum");
  return field.empty() ? name : field;
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
