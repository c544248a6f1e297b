// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace netprobe::intel {

using CsvRow = std::vector<std::string>;

/// Cuts CSV (RFC 4180) that comes in pieces into rows. A row that is too long ends with its
/// line, whatever quotes it has open: one that nobody closed costs that row alone.
class CsvRows {
 public:
  static constexpr std::size_t kMostFields = 256;  ///< those beyond are left out

  CsvRows(char separator, std::size_t most) : separator_(separator), most_(most) {}

  /// Calls `row(fields, too_long)`; a line that begins with '#' outside of quotes is the one
  /// field of its row, with its '#'. Rows without text are left out.
  template <typename Row>
  void take(std::string_view piece, Row&& row) {
    for (const char c : piece)
      if (take_char(c)) flush(row);
  }
  template <typename Row>
  void finish(Row&& row) {
    if (end_row()) flush(row);
  }

 private:
  /// True: a row is over that has something in it.
  bool take_char(char c);
  bool end_row();
  void end_field();
  template <typename Row>
  void flush(Row&& row) {
    row(static_cast<const CsvRow&>(fields_), too_long_);
    clear();
  }
  void clear();

  const char separator_;
  const std::size_t most_;
  CsvRow fields_;
  std::string field_;
  std::size_t size_ = 0;  ///< of the row
  bool quoted_ = false;
  bool after_quote_ = false;  ///< a quote in quotes: the end, or the first of two
  bool comment_ = false;
  bool too_long_ = false;
};

/// What stands between fields: of the signs that may, the most frequent one outside of quotes.
[[nodiscard]] char guess_separator(std::string_view line);
/// The fields of one line.
[[nodiscard]] CsvRow split_csv_line(std::string_view line, char separator);

}  // namespace netprobe::intel
