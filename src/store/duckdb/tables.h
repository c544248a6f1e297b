// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/history.h"
#include "query/schema.h"
#include "store/duckdb/history_file.h"

namespace netprobe::duck {

/// Rows that are compressed together: few enough for the memory they take until
/// then, enough for dictionaries to pay. Measured: docs/adr/0007.
inline constexpr std::uint64_t kRowGroupRows = 30'720;
inline constexpr std::uint64_t kBlockBytes = 262'144;
/// Of one transaction at most: two row groups, which go to the file as they are full
/// and not through the log.
inline constexpr std::size_t kTransactionRows = 2 * kRowGroupRows;
/// Of DuckDB's files: the oldest whose compression of words is good.
inline constexpr std::string_view kStorageVersion = "v1.5.0";

/// A table of a kind of file.
struct FileTable {
  std::string_view name;
  RecordKind kind{};
  std::span<const TableColumn> columns;
};
/// Records only; all files have "netprobe" (schema), raw ones "batches" (id), the
/// others "sources" (source), and a last column "source" in each table.
[[nodiscard]] std::vector<FileTable> file_tables(FileKind kind);

/// Statements that make all of a file's tables.
[[nodiscard]] std::vector<std::string> make_table_sql(FileKind kind, std::string_view database);

/// "a, b, c" of a table's columns.
[[nodiscard]] std::string column_list(std::span<const TableColumn> columns);

}  // namespace netprobe::duck
