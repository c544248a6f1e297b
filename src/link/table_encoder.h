// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "model/identity.h"
#include "query/schema.h"

namespace netprobe::v1 {
class Table;
}

namespace netprobe {

/// The different texts of one column, in the order in which they came; the first is
/// the empty one. Refers to the texts it was given until clear().
class WordList {
 public:
  WordList() { clear(); }
  void clear();
  /// The text's position.
  [[nodiscard]] std::uint32_t position(std::string_view text) {
    if (text.empty()) return 0;
    // Records share their names: most texts are told again by the same address.
    const auto address = reinterpret_cast<std::uintptr_t>(text.data());
    Recent& recent = recent_[(address * 0x9e3779b97f4a7c15U) >> (64U - kRecentBits)];
    if (recent.round == round_ && recent.data == text.data() && recent.size == text.size())
      return recent.position;
    recent = {text.data(), text.size(), find(text), round_};
    return recent.position;
  }
  [[nodiscard]] std::span<const std::string_view> texts() const { return texts_; }

 private:
  static constexpr unsigned kRecentBits = 9;
  struct Recent {
    const char* data = nullptr;
    std::size_t size = 0;
    std::uint32_t position = 0;
    std::uint32_t round = 0;  ///< of clear(): what is older is void
  };
  [[nodiscard]] std::uint32_t find(std::string_view text);

  std::array<Recent, 1U << kRecentBits> recent_{};
  std::uint32_t round_ = 0;
  boost::unordered_flat_map<std::string_view, std::uint32_t, std::hash<std::string_view>>
      positions_;
  std::vector<std::string_view> texts_;
};

/// Takes rows (a RowWriter of query/record.h) and makes columns of them. Columns in
/// which nothing is known are left out. Keeps its memory from one table to the next.
class TableEncoder {
 public:
  /// `skipped`: the name of a column that is told otherwise.
  TableEncoder(std::span<const TableColumn> columns, std::string_view skipped);

  /// Begins a table of `rows` rows: so many follow, each begun by next_row(). What
  /// they refer to must last until finish().
  void begin(std::size_t rows);
  void next_row() {
    ++row_;
    column_ = 0;
  }
  void unsigned_(std::uint64_t value) { put(value); }
  void signed_(std::int64_t value) { put(static_cast<std::uint64_t>(value)); }
  void text(std::string_view value) {
    put(columns_[column_].skipped ? 0 : columns_[column_].words.position(value));
  }
  void address(const IpAddress& value);
  void labels(const Identity* identity);
  /// Adds the columns to an empty table.
  void finish(v1::Table& table);

 private:
  struct Filled {
    TableColumn column;
    bool skipped = false;
    std::uint64_t none = 0;     ///< what is left out where all rows have it
    std::uint64_t differs = 0;  ///< bits in which any row's value is not `none`
    std::vector<std::uint64_t> cells;
    std::vector<std::uint8_t> bytes;  ///< of addresses
    WordList words;
  };
  void put(std::uint64_t value) {
    Filled& to = columns_[column_++];
    to.cells[row_] = value;
    to.differs |= value ^ to.none;
  }

  std::vector<Filled> columns_;
  std::size_t rows_ = 0;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  /// Texts of labels that rows of this table have, by who has them.
  boost::unordered_flat_map<const Identity*, const std::string*> labels_;
  std::deque<std::string> label_texts_;
};

}  // namespace netprobe
