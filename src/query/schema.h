// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/history.h"
#include "query/answer.h"

namespace netprobe {

/// How a column is kept. Each engine has one type for each of these, and no
/// column is ever NULL: what is not known is 0, "" or "::".
enum class ColumnType : std::uint8_t {
  kU8,
  kU16,
  kU32,
  kU64,
  kI64,
  kAddress,  ///< 16 bytes in network order, ordered as such
  kText,     ///< any
  kWord,     ///< text with few different values in a file
};

struct TableColumn {
  std::string_view name;
  ColumnType type{};
};

/// Version of everything in this file. A file of a newer one is left alone.
inline constexpr int kHistorySchema = 1;

/// The columns of a table, in the order in which rows are written. The same on
/// every engine; an engine may add its own behind them (a batch's id).
[[nodiscard]] std::span<const TableColumn> table_columns(RecordKind kind);
/// Of flows_1m and flows_1h. `time` is the bucket's start; what has the name of a
/// column of flows is its sum over the bucket.
[[nodiscard]] std::span<const TableColumn> rollup_columns();
/// What rows of a roll-up are grouped by: the first so many of rollup_columns().
[[nodiscard]] std::size_t rollup_keys();

/// "flows", "flows_1m", "flows_1h", "drops", "connections", "alerts".
[[nodiscard]] std::string_view table_name(RecordKind kind, Tier tier);

}  // namespace netprobe
