// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "query/answer.h"
#include "query/field.h"

namespace netprobe {

/// What a field's values are to a machine, in memory as in engines. Booleans are
/// the numbers 0 and 1.
enum class ValueClass : std::uint8_t { kSigned, kUnsigned, kAddress, kText };
[[nodiscard]] ValueClass class_of(FieldType type);

/// The one number that stands for "not known"; nothing where every number is a
/// value (counts, booleans). Of times and durations, too: 0.
[[nodiscard]] std::optional<std::uint64_t> none_number(FieldId id);

/// What roll-ups have of a field.
enum class RollupUse : std::uint8_t {
  kNothing,
  kKey,     ///< every value: its rows are grouped by it
  kSum,     ///< the sum over the bucket
  kSpread,  ///< sum, count and maximum of the rows that have it: NAME_sum …
};
[[nodiscard]] RollupUse rollup_use(FieldId id);

/// The table's column that a field is, or is made from.
[[nodiscard]] std::string_view column_of(FieldId id);

/// Fields of a record that are shown where a query does not say which.
[[nodiscard]] std::span<const FieldRef> usual_fields(RecordKind kind);

/// What answers say of a field: its type, its name.
[[nodiscard]] Column column_for(const FieldRef& ref);
[[nodiscard]] Column column_for(const Aggregate& aggregate);
/// Columns of a query's answer: of records their fields, of groups the keys (time,
/// le, by …) and then the aggregates.
[[nodiscard]] std::vector<Column> answer_columns(const Query& query);

/// The field that a column of records is, shown or not: they can be ordered by any
/// field of their kind. Nothing where it is none.
[[nodiscard]] std::optional<FieldRef> record_field(RecordKind kind, std::string_view column);

/// Bounds of `histogram` in Micros; what is above them all has none ("le" is none).
[[nodiscard]] std::span<const Micros> histogram_bounds();
/// How "le" is kept where a value is above every bound: it sorts behind them.
inline constexpr std::int64_t kAboveDurations = INT64_MAX;
inline constexpr std::uint64_t kAboveCounts = UINT64_MAX;

/// A share as a fraction of whole numbers, so that "the 0.07 of 100 values" is 7
/// in every engine. At most 15 digits.
struct Fraction {
  std::uint64_t part = 0;
  std::uint64_t whole = 1;  ///< a power of ten
};
[[nodiscard]] Fraction fraction_of(double share);

}  // namespace netprobe
