// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip_address.h"
#include "query/column.h"
#include "query/sql.h"

namespace netprobe {

/// Pieces of SQL, and where the two dialects part. What is a text of the user's
/// goes through sql_literal() and nothing else; all other parts are numbers and
/// words of this program.

/// An address as the engine keeps it: 16 bytes, as a literal.
[[nodiscard]] std::string sql_address(SqlDialect dialect, const IpAddress& address);

/// A number of a field of this class; of signed ones it is biased (lower.h).
[[nodiscard]] std::string sql_number(ValueClass value, std::uint64_t number);

/// "a AND b"; empty parts are left out. "1 = 1" of nothing.
[[nodiscard]] std::string sql_and(std::initializer_list<std::string_view> parts);

/// Whole numbers, rounded down.
[[nodiscard]] std::string sql_divide(SqlDialect dialect, std::string_view a, std::uint64_t b);

/// The start of the bucket that a time is in.
[[nodiscard]] std::string sql_bucket(SqlDialect dialect, std::string_view time, Micros bucket);

/// An aggregate over rows for which `condition` holds; empty: all.
[[nodiscard]] std::string sql_aggregate(SqlDialect dialect, std::string_view function,
                                        std::string_view value, std::string_view condition);

/// A column of the result: of the type that stores read (see SqlStatement), NULL
/// where `none` holds; empty: never.
[[nodiscard]] std::string sql_result(SqlDialect dialect, const Column& column,
                                     std::string_view value, std::string_view none);

/// The value of a field, for a row of the kind's table; what stands for none is
/// as it is kept. Every tier has what it can answer by the same names.
[[nodiscard]] std::string sql_value(SqlDialect dialect, const FieldRef& ref, RecordKind kind);
/// That a value of the field stands for none; empty: it never does.
[[nodiscard]] std::string sql_is_none(SqlDialect dialect, FieldId id, std::string_view value);
/// The opposite.
[[nodiscard]] std::string sql_is_known(SqlDialect dialect, FieldId id, std::string_view value);

/// The filter as a condition on a row of the kind's table.
[[nodiscard]] std::string sql_condition(SqlDialect dialect, const ExprPtr& filter, RecordKind kind);

}  // namespace netprobe
