// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "link/left_out.h"
#include "query/schema.h"

namespace netprobe::v1 {
class Table;
}

namespace netprobe {

/// Reads the rows of a table that anybody may have sent, in the order in which
/// query/record.h writes them. All counts, sizes and positions are looked at once,
/// before the first row. Columns that the table does not have read as not known.
/// Refers to the table.
class TableReader {
 public:
  /// `name`: of the table, for what is left out of it.
  [[nodiscard]] static Result<TableReader> make(const v1::Table& table,
                                                std::span<const TableColumn> columns,
                                                std::string_view name, LeftOut& left_out);

  [[nodiscard]] std::size_t rows() const { return rows_; }
  /// Goes to a row; the values are then asked for in order, each once.
  void go_to(std::size_t row) {
    row_ = row;
    column_ = 0;
  }
  [[nodiscard]] std::uint64_t unsigned_() {
    const Source& from = next();
    return from.numbers == nullptr ? from.none : from.numbers[row_];
  }
  [[nodiscard]] std::int64_t signed_() {
    const Source& from = next();
    return from.integers == nullptr ? 0 : from.integers[row_];
  }
  [[nodiscard]] IpAddress address() {
    const Source& from = next();
    if (from.addresses == nullptr) return {};
    return IpAddress(std::span<const std::uint8_t, 16>(from.addresses + row_ * 16, 16));
  }
  /// A text's position among the column's.
  [[nodiscard]] std::uint32_t word() {
    const Source& from = next();
    return from.words == nullptr ? 0 : from.words[row_];
  }
  /// The text itself, good as long as the table.
  [[nodiscard]] const std::string& text() {
    const std::size_t at = column_;
    return text_at(at, word());
  }
  /// `position`: as word() gave it.
  [[nodiscard]] const std::string& text_at(std::size_t column, std::uint32_t position) const;
  /// How many texts the column has, at least 1.
  [[nodiscard]] std::size_t texts(std::size_t column) const;
  /// Of the value that is asked for next.
  [[nodiscard]] std::size_t column() const { return column_; }

 private:
  struct Source {
    const std::uint64_t* numbers = nullptr;
    const std::int64_t* integers = nullptr;
    const std::uint8_t* addresses = nullptr;
    const std::uint32_t* words = nullptr;
    const std::string* const* texts = nullptr;
    std::size_t text_count = 0;
    std::uint64_t none = 0;
  };
  TableReader() = default;
  [[nodiscard]] const Source& next() { return sources_[column_++]; }
  static Status fill(Source& source, const void* column, ColumnType type, std::size_t rows);

  std::vector<Source> sources_;
  std::size_t rows_ = 0;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
};

}  // namespace netprobe
