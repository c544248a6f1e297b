// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/row_binary.h"

namespace netprobe::row_binary {

std::size_t width_of(ColumnType type) {
  switch (type) {
    case ColumnType::kU8:
      return 1;
    case ColumnType::kU16:
      return 2;
    case ColumnType::kU32:
      return 4;
    case ColumnType::kU64:
    case ColumnType::kI64:
      return 8;
    case ColumnType::kAddress:
      return 16;
    case ColumnType::kText:
    case ColumnType::kWord:
      return 0;
  }
  return 0;
}

std::vector<std::string> empty_row(std::span<const TableColumn> columns, Micros time) {
  std::vector<std::string> row;
  append_number(row.emplace_back(), time);
  // A text's length takes one byte.
  for (const auto& column : columns.subspan(1))
    row.emplace_back(std::max<std::size_t>(width_of(column.type), 1), '\0');
  return row;
}

}  // namespace netprobe::row_binary
