// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace netprobe {

enum class Align : std::uint8_t { kLeft, kRight };
enum class Style : std::uint8_t { kPlain, kBold, kDim, kGreen, kYellow, kRed };

struct TextColumn {
  std::string title;
  Align align = Align::kLeft;
  std::size_t width = 0;  ///< at least, in terminal cells
};

struct Cell {
  Cell(std::string t, Style s = Style::kPlain) : text(std::move(t)), style(s) {}
  Cell(const char* t) : text(t) {}
  std::string text;
  Style style = Style::kPlain;
};
using Row = std::vector<Cell>;

/// Terminal cells that a UTF-8 text takes: none for combining marks, two for
/// wide characters, one for each byte that is no valid UTF-8.
[[nodiscard]] std::size_t display_width(std::string_view text);
/// What may go to a terminal: control characters and invalid UTF-8, which could
/// steer it, become '?'.
[[nodiscard]] std::string printable(std::string_view text);
/// The front of a line that fits so many cells. Escape sequences of styled()
/// take none, and are all kept, so that colours end.
[[nodiscard]] std::string cut_to_width(std::string_view line, std::size_t width);
/// `text` in that style; unchanged without colour or where it is plain.
[[nodiscard]] std::string styled(std::string_view text, Style style, bool colour);

/// Lines up cells. Columns only ever grow, so that rows can be printed as they
/// come.
class Table {
 public:
  Table(std::vector<TextColumn> columns, bool colour);
  /// Makes the columns wide enough for a row that is printed later.
  void fit(const Row& row);
  void append_header(std::string& out) const;
  /// Missing cells are empty, surplus ones are left out.
  void append_row(std::string& out, const Row& row);

 private:
  void append_cell(std::string& out, std::size_t column, std::string_view text, Style style,
                   bool last) const;
  std::vector<TextColumn> columns_;
  bool colour_;
};

}  // namespace netprobe
