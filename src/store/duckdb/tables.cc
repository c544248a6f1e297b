// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/tables.h"

#include <fmt/format.h>

#include "store/duckdb/appender.h"
#include "store/duckdb/raw_layout.h"

namespace netprobe::duck {

std::vector<FileTable> file_tables(FileKind kind) {
  const auto raw = [](RecordKind of) {
    return FileTable{.name = table_name(of, Tier::kRaw), .kind = of, .columns = table_columns(of)};
  };
  const auto rollup = [](Tier tier) {
    return FileTable{.name = table_name(RecordKind::kFlow, tier),
                     .kind = RecordKind::kFlow,
                     .columns = rollup_columns()};
  };
  switch (kind) {
    case FileKind::kRaw:
      return {raw(RecordKind::kFlow), raw(RecordKind::kDrop), raw(RecordKind::kConnection),
              raw(RecordKind::kAlert)};
    case FileKind::kMinute:
      return {rollup(Tier::kMinute)};
    case FileKind::kHour:
      return {rollup(Tier::kHour)};
    case FileKind::kEvents:
      return {raw(RecordKind::kDrop), raw(RecordKind::kConnection), raw(RecordKind::kAlert)};
  }
  return {};
}

int file_schema(FileKind kind) { return kind == FileKind::kRaw ? kRawSchema : kHistorySchema; }

std::vector<std::string> make_table_sql(FileKind kind, std::string_view database) {
  std::vector<std::string> statements;
  statements.push_back(
      fmt::format("CREATE TABLE {}.main.netprobe AS SELECT {}::BIGINT AS schema, '{}' AS kind",
                  database, file_schema(kind), to_string(kind)));
  const bool is_raw = kind == FileKind::kRaw;
  for (const FileTable& table : file_tables(kind)) {
    std::string sql = create_table_sql(fmt::format("{}.main.{}", database, table.name),
                                       is_raw ? raw_columns(table.kind) : table.columns);
    if (!is_raw) sql.replace(sql.size() - 1, 1, ", source UBIGINT NOT NULL)");
    statements.push_back(std::move(sql));
  }
  statements.push_back(
      is_raw ? fmt::format("CREATE TABLE {}.main.batches (id VARCHAR)", database)
             : fmt::format("CREATE TABLE {}.main.sources (source UBIGINT)", database));
  if (!is_raw) return statements;
  const auto dictionary = [&](std::string_view name, std::span<const TableColumn> columns) {
    const std::string table = fmt::format("{}.main.{}", database, name);
    statements.push_back(create_table_sql(table, columns));
    std::string nothing = "0";
    for (std::size_t i = 1; i < columns.size(); ++i) nothing += ", ''";
    statements.push_back(fmt::format("INSERT INTO {} VALUES ({})", table, nothing));
  };
  dictionary(kWordsTable, word_columns());
  dictionary(kIdentitiesTable, identity_columns());
  return statements;
}

std::string column_list(std::span<const TableColumn> columns) {
  std::string list;
  for (const TableColumn& column : columns) {
    if (!list.empty()) list += ", ";
    list += fmt::format("\"{}\"", column.name);
  }
  return list;
}

}  // namespace netprobe::duck
