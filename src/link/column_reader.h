// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/result.h"
#include "query/query.h"

namespace netprobe::v1 {
class Column;
}

namespace netprobe {

/// Reads the values of one column of an answer that anybody may have sent. Refers to
/// the column.
class ColumnReader {
 public:
  /// Looks at all of it, so that value() need not.
  [[nodiscard]] static Result<ColumnReader> make(const v1::Column& column, std::size_t rows);
  [[nodiscard]] Value value(std::size_t row) const;

 private:
  enum class Kind : std::uint8_t { kNone, kFlag, kInteger, kNumber, kReal, kText, kAddress };
  explicit ColumnReader(const v1::Column& column) : column_(&column) {}

  const v1::Column* column_;
  Kind kind_ = Kind::kNone;
};

}  // namespace netprobe
