// SPDX-License-Identifier: Apache-2.0
// How raw files keep records. Of a day's rows most of the work was to copy, check and
// compress the same names again and again: a raw file keeps a number instead, and each
// name once, in two tables of its own. `words` (id, word) has the words of all columns,
// `identities` all that is known of an end; 0 is "" and nobody. docs/adr/0007-history.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "query/schema.h"
#include "store/duckdb/names.h"

namespace netprobe::duck {

/// Version of a raw file. Of the first, tables were as table_columns() has them.
inline constexpr int kRawSchema = 2;

/// What becomes of a column of table_columns() in a raw file.
enum class Keeping : std::uint8_t {
  kPlain,     ///< it stands there
  kWord,      ///< a number of `words`
  kIdentity,  ///< of an end: labels, in whose place is a number of `identities`
  kNothing,   ///< of an end: the other names, which that has
};
[[nodiscard]] std::span<const Keeping> raw_keeping(RecordKind kind);
/// The columns of a raw file's table.
[[nodiscard]] std::span<const TableColumn> raw_columns(RecordKind kind);

inline constexpr std::string_view kWordsTable = "words";
inline constexpr std::string_view kIdentitiesTable = "identities";
[[nodiscard]] std::span<const TableColumn> word_columns();
[[nodiscard]] std::span<const TableColumn> identity_columns();

/// Those of the columns that a statement names, and the first. Whatever a statement
/// uses it names; that a text of the user's may as well costs a join.
[[nodiscard]] std::vector<TableColumn> named_columns(std::span<const TableColumn> columns,
                                                     std::string_view statement);

/// Where a raw file has a text of table_columns().
struct NamePlace {
  std::string_view number;  ///< the column of the kind's table that has its number
  std::size_t column = 0;   ///< of the dictionaries
  bool operator==(const NamePlace&) const = default;
};
/// Nothing of a column that stands there as it is, or is not there.
[[nodiscard]] std::optional<NamePlace> name_place(RecordKind kind, std::string_view column);

/// What of the dictionaries those of the columns need.
[[nodiscard]] NameColumns name_columns(std::span<const TableColumn> columns);

/// A raw file for a statement.
struct RawSource {
  std::string_view database;  ///< that it is attached as
  int schema = kRawSchema;
  std::uint64_t names = 0;  ///< Names::Use::number(); of the first schema nothing
  std::string_view where;   ///< a condition on the file's own columns; empty: none
};

/// A SELECT of rows of table_columns().
[[nodiscard]] std::string raw_rows_sql(RecordKind kind, const RawSource& source);

/// A SELECT of rows of rollup_columns(), of flows in a time range. Grouped by numbers
/// first, and what is left of them by names: pods have many rows of a minute, and numbers
/// take no memory to speak of.
[[nodiscard]] std::string raw_sums_sql(const RawSource& source, Micros bucket, Micros since,
                                       Micros until);

}  // namespace netprobe::duck
