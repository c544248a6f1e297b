// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/raw_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "query/sql.h"

namespace netprobe::duck {
namespace {

using enum ColumnType;

constexpr std::array kWordColumns{TableColumn{"id", kU32}, TableColumn{"word", kText}};
/// Behind `id` as record.h's EndNames; "src_workload" is the source's "workload".
constexpr std::array kIdentityColumns{
    TableColumn{"id", kU32},        TableColumn{"kind", kText},
    TableColumn{"name", kText},     TableColumn{"namespace", kText},
    TableColumn{"workload", kText}, TableColumn{"workload_kind", kText},
    TableColumn{"node", kText},     TableColumn{"zone", kText},
    TableColumn{"labels", kText}};

/// "src" of "src_workload", where that is one of an end's names.
std::string_view end_of(std::string_view column) {
  if (!column.starts_with("src_") && !column.starts_with("dst_")) return {};
  const std::string_view rest = column.substr(4);
  const bool is_name = std::ranges::any_of(
      kIdentityColumns, [&](const TableColumn& name) { return name.name == rest; });
  return is_name ? column.substr(0, 3) : std::string_view();
}

Keeping keeping(const TableColumn& column) {
  if (!end_of(column.name).empty())
    return column.name.ends_with("_labels") ? Keeping::kIdentity : Keeping::kNothing;
  return column.type == kWord ? Keeping::kWord : Keeping::kPlain;
}

struct Layout {
  std::vector<Keeping> keeping;
  std::vector<TableColumn> columns;
};

Layout layout_of(RecordKind kind) {
  Layout layout;
  for (const TableColumn& column : table_columns(kind)) {
    layout.keeping.push_back(keeping(column));
    switch (layout.keeping.back()) {
      case Keeping::kPlain:
        layout.columns.push_back(column);
        break;
      case Keeping::kWord:
        layout.columns.push_back({.name = column.name, .type = kU32});
        break;
      case Keeping::kIdentity:
        layout.columns.push_back({.name = end_of(column.name), .type = kU32});
        break;
      case Keeping::kNothing:
        break;
    }
  }
  return layout;
}

const Layout& layout(RecordKind kind) {
  static const std::array<Layout, kRecordKinds> kLayouts{
      layout_of(RecordKind::kFlow), layout_of(RecordKind::kDrop),
      layout_of(RecordKind::kConnection), layout_of(RecordKind::kAlert)};
  return kLayouts.at(static_cast<std::size_t>(kind));
}

bool is_word_part(char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool names(std::string_view statement, std::string_view column) {
  for (auto at = statement.find(column); at != std::string_view::npos;
       at = statement.find(column, at + 1)) {
    const auto end = at + column.size();
    if ((at == 0 || !is_word_part(statement[at - 1])) &&
        (end == statement.size() || !is_word_part(statement[end])))
      return true;
  }
  return false;
}

bool has(std::span<const TableColumn> columns, std::string_view name) {
  return std::ranges::find(columns, name, &TableColumn::name) != columns.end();
}

/// Of identity_columns(), by an end's column.
std::size_t name_column(std::string_view column) {
  const auto found = std::ranges::find(kIdentityColumns, column.substr(4), &TableColumn::name);
  return static_cast<std::size_t>(found - kIdentityColumns.begin());
}

// Columns of `from`, with words and names for their numbers. What is not used costs
// nothing: the optimizer drops it.
std::string with_names(std::span<const TableColumn> columns, std::uint64_t names,
                       std::string_view from) {
  std::string list;
  for (const TableColumn& column : columns) {
    if (!list.empty()) list += ", ";
    const std::string_view name = column.name;
    const std::string_view end = end_of(name);
    if (!end.empty()) {
      list += fmt::format("{}({}, {}) AS {}", name_function(name_column(name)), names, end, name);
    } else if (keeping(column) == Keeping::kWord) {
      list += fmt::format("{0}({1}, {2}) AS {2}", name_function(0), names, name);
    } else {
      list += name;
    }
  }
  return fmt::format("SELECT {} FROM {}", list, from);
}

}  // namespace

std::span<const Keeping> raw_keeping(RecordKind kind) { return layout(kind).keeping; }
std::span<const TableColumn> raw_columns(RecordKind kind) { return layout(kind).columns; }
std::span<const TableColumn> word_columns() { return kWordColumns; }
std::span<const TableColumn> identity_columns() { return kIdentityColumns; }

std::vector<TableColumn> named_columns(std::span<const TableColumn> columns,
                                       std::string_view statement) {
  std::vector<TableColumn> result;
  for (const TableColumn& column : columns)
    if (result.empty() || names(statement, column.name)) result.push_back(column);
  return result;
}

std::optional<NamePlace> name_place(RecordKind kind, std::string_view column) {
  const std::string_view end = end_of(column);
  if (!end.empty()) return NamePlace{.number = end, .column = name_column(column)};
  const auto columns = table_columns(kind);
  const auto found = std::ranges::find(columns, column, &TableColumn::name);
  if (found == columns.end() || keeping(*found) != Keeping::kWord) return std::nullopt;
  return NamePlace{.number = found->name, .column = 0};
}

NameColumns name_columns(std::span<const TableColumn> columns) {
  NameColumns result;
  for (const TableColumn& column : columns) {
    if (!end_of(column.name).empty()) {
      result.set(name_column(column.name));
    } else if (keeping(column) == Keeping::kWord) {
      result.set(0);
    }
  }
  return result;
}

std::string raw_rows_sql(RecordKind kind, const RawSource& source) {
  const std::string table =
      fmt::format("{}.main.{}", source.database, table_name(kind, Tier::kRaw));
  const std::string where = source.where.empty() ? "" : fmt::format(" WHERE {}", source.where);
  if (source.schema < kRawSchema) return "SELECT * FROM " + table + where;
  return with_names(table_columns(kind), source.names, table + where);
}

std::string raw_sums_sql(const RawSource& source, Micros bucket, Micros since, Micros until) {
  const std::string range = fmt::format(" WHERE time >= {} AND time < {}", since, until);
  const std::string table = fmt::format("{}.main.flows", source.database);
  if (source.schema < kRawSchema) {
    return rollup_sql(SqlDialect::kDuckDb,
                      fmt::format("(SELECT * FROM {}{}) AS part", table, range), false, bucket);
  }
  const auto keys = rollup_columns().first(rollup_keys());
  std::string list;
  for (const TableColumn& column : keys) {
    const std::string_view end = end_of(column.name);
    // One of an end's names has its number, and the others nothing.
    if (end.empty()) {
      list += fmt::format("{}, ", column.name);
    } else if (column.name.ends_with("_workload")) {
      list += fmt::format("{} AS {}, ", end, column.name);
    } else {
      list += fmt::format("0::UTINYINT AS {}, ", column.name);
    }
  }
  std::string_view separator;
  for (const TableColumn& column : table_columns(RecordKind::kFlow)) {
    if (keeping(column) != Keeping::kPlain || has(keys, column.name)) continue;
    list += fmt::format("{}{}", separator, column.name);
    separator = ", ";
  }
  const std::string by_number =
      rollup_sql(SqlDialect::kDuckDb,
                 fmt::format("(SELECT {} FROM {}{}) AS part", list, table, range), false, bucket);
  const std::string named = with_names(
      rollup_columns(), source.names,
      fmt::format("(SELECT *, src_workload AS src, dst_workload AS dst FROM ({}))", by_number));
  return rollup_sql(SqlDialect::kDuckDb, "(" + named + ") AS named", true, bucket);
}

}  // namespace netprobe::duck
