// SPDX-License-Identifier: Apache-2.0
#include "link/table_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "link/proto/netprobe.pb.h"
#include "link/table_limits.h"
#include "model/flow.h"

namespace netprobe {
namespace {

const std::string kNoText;  // NOLINT: what is not known

std::uint64_t most(ColumnType type) {
  switch (type) {
    case ColumnType::kU8:
      return UINT8_MAX;
    case ColumnType::kU16:
      return UINT16_MAX;
    case ColumnType::kU32:
      return UINT32_MAX;
    default:
      return UINT64_MAX;
  }
}

std::unexpected<Error> short_of(const v1::Column& column, std::size_t have, std::size_t rows) {
  return fail(fmt::format("column '{}' has {} values for {} rows", column.name(), have, rows));
}

}  // namespace

Status TableReader::fill(Source& source, const void* from, ColumnType type, std::size_t rows) {
  const auto& column = *static_cast<const v1::Column*>(from);
  const auto size = [](const auto& field) { return static_cast<std::size_t>(field.size()); };
  switch (type) {
    case ColumnType::kU8:
    case ColumnType::kU16:
    case ColumnType::kU32:
    case ColumnType::kU64: {
      if (size(column.numbers()) != rows) return short_of(column, size(column.numbers()), rows);
      std::uint64_t all = 0;
      for (const std::uint64_t number : column.numbers()) all |= number;
      if (all > most(type))
        return fail(fmt::format("column '{}' has a number that is too large", column.name()));
      source.numbers = column.numbers().data();
      return {};
    }
    case ColumnType::kI64:
      if (size(column.integers()) != rows) return short_of(column, size(column.integers()), rows);
      source.integers = column.integers().data();
      return {};
    case ColumnType::kAddress:
      if (column.addresses().size() != rows * 16)
        return short_of(column, column.addresses().size() / 16, rows);
      source.addresses = reinterpret_cast<const std::uint8_t*>(column.addresses().data());
      return {};
    case ColumnType::kText:
    case ColumnType::kWord: {
      if (size(column.words()) != rows) return short_of(column, size(column.words()), rows);
      std::uint32_t largest = 0;
      for (const std::uint32_t word : column.words()) largest = std::max(largest, word);
      if (rows > 0 && largest >= size(column.texts()))
        return fail(fmt::format("column '{}' names text {} of {}", column.name(), largest,
                                column.texts_size()));
      source.words = column.words().data();
      source.texts = column.texts().data();
      source.text_count = size(column.texts());
      return {};
    }
  }
  return fail("a column of no type");
}

Result<TableReader> TableReader::make(const v1::Table& table, std::span<const TableColumn> columns,
                                      std::string_view name, LeftOut& left_out) {
  if (table.rows() > kMaxTableRows)
    return fail(fmt::format("a table of {} rows; {} are taken", table.rows(), kMaxTableRows));
  if (static_cast<std::size_t>(table.columns_size()) > kMaxTableColumns)
    return fail(
        fmt::format("a table of {} columns; {} are taken", table.columns_size(), kMaxTableColumns));
  TableReader reader;
  reader.rows_ = table.rows();
  reader.sources_.resize(columns.size());
  std::size_t expected = 0;  // they come in the schema's order
  for (const v1::Column& column : table.columns()) {
    const auto named = [&](const TableColumn& known) { return known.name == column.name(); };
    auto found =
        std::find_if(columns.begin() + static_cast<std::ptrdiff_t>(expected), columns.end(), named);
    if (found == columns.end()) found = std::ranges::find_if(columns, named);
    if (found == columns.end()) {
      left_out.add("column", column.name(), name);
      continue;
    }
    const auto at = static_cast<std::size_t>(found - columns.begin());
    expected = at;
    if (auto filled = fill(reader.sources_[at], &column, found->type, reader.rows_); !filled)
      return std::unexpected(filled.error());
  }
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i].name == "vlan") reader.sources_[i].none = kNoVlan;
  return reader;
}

const std::string& TableReader::text_at(std::size_t column, std::uint32_t position) const {
  const Source& from = sources_[column];
  return from.texts == nullptr ? kNoText : *from.texts[position];
}

std::size_t TableReader::texts(std::size_t column) const {
  return std::max<std::size_t>(1, sources_[column].text_count);
}

}  // namespace netprobe
