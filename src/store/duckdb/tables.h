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
/// Each column of each table that was appended to has two blocks in memory until the
/// next checkpoint: small ones, though larger ones compress better.
inline constexpr std::uint64_t kBlockBytes = 65'536;
/// Of one transaction, about, where so many wait: a full row group goes to the file at
/// once, and not through the log, which is several times as fast.
inline constexpr std::size_t kTransactionRows = kRowGroupRows;
/// Of DuckDB's files: the oldest whose compression of words is good.
inline constexpr std::string_view kStorageVersion = "v1.5.0";

/// Version of a kind of file as it is made now.
[[nodiscard]] int file_schema(FileKind kind);

/// A table of a kind of file, and the columns that its rows have for those who read
/// them; raw_layout.h has those in raw files.
struct FileTable {
  std::string_view name;
  RecordKind kind{};
  std::span<const TableColumn> columns;
};
/// Records only; all files have "netprobe" (schema), raw ones "batches" (id) and
/// dictionaries, the others "sources" (source), and a last column "source" in each table.
[[nodiscard]] std::vector<FileTable> file_tables(FileKind kind);

/// Statements that make all of a file's tables.
[[nodiscard]] std::vector<std::string> make_table_sql(FileKind kind, std::string_view database);

/// "a, b, c" of a table's columns.
[[nodiscard]] std::string column_list(std::span<const TableColumn> columns);

}  // namespace netprobe::duck
