// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/parquet_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <variant>

#include "base/utf8.h"
#include "model/flow.h"
#include "store/duckdb/database.h"
#include "store/duckdb/library.h"

namespace netprobe {
namespace {

/// Of one statement: what a parser takes in a few milliseconds.
constexpr std::size_t kRowsAtATime = 500;
constexpr std::uint64_t kMemory = 64U << 20;

std::string identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    if (c != '\0') quoted += c;
  }
  return quoted + '"';
}

std::string_view parquet_type(const Column& column) {
  if (column.is_real) return "DOUBLE";
  switch (column.type) {
    case FieldType::kTime:
      return "TIMESTAMP";
    case FieldType::kDuration:
      return "BIGINT";
    case FieldType::kCount:
    case FieldType::kNumber:
    case FieldType::kFlags:
      return "UBIGINT";
    case FieldType::kBool:
      return "BOOLEAN";
    case FieldType::kProtocol:
    case FieldType::kAddress:
    case FieldType::kText:
    case FieldType::kWord:
    case FieldType::kLabel:
      return "VARCHAR";
  }
  return "VARCHAR";
}

struct Literal {
  const Column& column;

  std::string operator()(std::monostate /*none*/) const { return "NULL"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const {
    // The least int64 has no literal of its own.
    const std::string number = fmt::format("CAST('{}' AS BIGINT)", value);
    return column.type == FieldType::kTime && !column.is_real
               ? fmt::format("make_timestamp({})", number)
               : number;
  }
  std::string operator()(std::uint64_t value) const {
    if (column.type == FieldType::kProtocol)
      return duck::quote_text(protocol_name(static_cast<std::uint8_t>(value)));
    return fmt::format("CAST('{}' AS UBIGINT)", value);
  }
  std::string operator()(double value) const { return fmt::format("CAST('{}' AS DOUBLE)", value); }
  /// A text of a foreign engine may be no UTF-8, which DuckDB refuses.
  std::string operator()(const std::string& value) const {
    return duck::quote_text(mended_utf8(value));
  }
  std::string operator()(const IpAddress& value) const {
    return duck::quote_text(value.to_string());
  }
};

std::string insert_sql(const QueryAnswer& answer, std::size_t from, std::size_t to) {
  std::string sql = "INSERT INTO answer VALUES ";
  for (std::size_t row = from; row < to; ++row) {
    sql += row == from ? "(" : ", (";
    for (std::size_t i = 0; i < answer.columns.size(); ++i) {
      if (i > 0) sql += ", ";
      sql += std::visit(Literal{answer.columns[i]}, answer.rows[row].at(i));
    }
    sql += ')';
  }
  return sql;
}

}  // namespace

Status write_parquet(const QueryAnswer& answer, const std::string& path) {
  if (answer.columns.empty()) return fail("an answer without columns is no table");
  auto library = duck::Library::load();
  if (!library) return std::unexpected(library.error());
  const auto instance = duck::Instance::open(*library, {.memory_limit = kMemory});
  if (!instance) return std::unexpected(instance.error());
  const auto session = duck::Session::open(**instance);
  if (!session) return std::unexpected(session.error());
  std::string create = "CREATE TABLE answer (";
  for (const Column& column : answer.columns) {
    if (&column != answer.columns.data()) create += ", ";
    create += identifier(column.name) + ' ' + std::string(parquet_type(column));
  }
  if (auto s = (*session)->run(create + ")"); !s) return s;
  for (std::size_t row = 0; row < answer.rows.size(); row += kRowsAtATime) {
    const std::size_t end = std::min(answer.rows.size(), row + kRowsAtATime);
    if (auto s = (*session)->run(insert_sql(answer, row, end)); !s) return s;
  }
  return (*session)->run(
      fmt::format("COPY answer TO {} (FORMAT parquet, COMPRESSION zstd)", duck::quote_text(path)));
}

}  // namespace netprobe
