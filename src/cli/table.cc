// SPDX-License-Identifier: Apache-2.0
#include "cli/table.h"

#include <algorithm>
#include <array>
#include <utility>

namespace netprobe {
namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
  bool valid = false;
};

CodePoint decode(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {lead, 1, true};
  const std::size_t bytes = lead >= 0xc2 && lead < 0xe0   ? 2
                            : lead >= 0xe0 && lead < 0xf0 ? 3
                            : lead >= 0xf0 && lead < 0xf5 ? 4
                                                          : 0;
  if (bytes == 0 || bytes > text.size()) return {};
  char32_t value = lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((at(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (at(i) & 0x3fU);
  }
  static constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value < 0xe000;
  if (value < kLeast[bytes] || surrogate || value > 0x10ffff) return {};
  return {value, bytes, true};
}

using Range = std::pair<char32_t, char32_t>;

// The blocks of Unicode's EastAsianWidth W and F and of combining marks that
// names can be expected to contain; sorted.
constexpr std::array<Range, 12> kWide{{{0x1100, 0x115f},
                                       {0x2e80, 0x303e},
                                       {0x3041, 0xa4cf},
                                       {0xa960, 0xa97f},
                                       {0xac00, 0xd7a3},
                                       {0xf900, 0xfaff},
                                       {0xfe30, 0xfe6f},
                                       {0xff00, 0xff60},
                                       {0xffe0, 0xffe6},
                                       {0x1f300, 0x1f64f},
                                       {0x1f900, 0x1f9ff},
                                       {0x20000, 0x3fffd}}};
constexpr std::array<Range, 6> kZero{{{0x0300, 0x036f},
                                      {0x1ab0, 0x1aff},
                                      {0x1dc0, 0x1dff},
                                      {0x200b, 0x200f},
                                      {0x20d0, 0x20ff},
                                      {0xfe00, 0xfe0f}}};

template <std::size_t N>
bool within(char32_t c, const std::array<Range, N>& ranges) {
  return std::ranges::any_of(ranges, [c](const Range& r) { return c >= r.first && c <= r.second; });
}

/// C0, DEL, C1, and the marks that turn the writing direction.
bool steers_terminal(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069);
}

constexpr std::string_view kReset = "\x1b[0m";

std::string_view escape_of(Style style) {
  static constexpr std::array<std::string_view, 6> kEscapes{"",         "\x1b[1m",  "\x1b[2m",
                                                            "\x1b[32m", "\x1b[33m", "\x1b[31m"};
  return kEscapes[static_cast<std::size_t>(style)];
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto c = decode(text);
    width += !c.valid ? 1 : within(c.value, kZero) ? 0 : within(c.value, kWide) ? 2 : 1;
    text.remove_prefix(c.bytes);
  }
  return width;
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto c = decode(text);
    if (c.valid && !steers_terminal(c.value)) {
      out += text.substr(0, c.bytes);
    } else {
      out += '?';
    }
    text.remove_prefix(c.bytes);
  }
  return out;
}

std::string cut_to_width(std::string_view line, std::size_t width) {
  std::string out;
  std::size_t used = 0;
  while (!line.empty()) {
    if (line.starts_with("\x1b[")) {
      const auto size = line.find('m') + 1;
      if (size == 0) break;
      out += line.substr(0, size);
      line.remove_prefix(size);
      continue;
    }
    const auto c = decode(line);
    const auto text = line.substr(0, c.bytes);
    used += display_width(text);
    if (used <= width) out += text;
    line.remove_prefix(c.bytes);
  }
  return out;
}

std::string styled(std::string_view text, Style style, bool colour) {
  if (!colour || style == Style::kPlain || text.empty()) return std::string(text);
  std::string out(escape_of(style));
  out += text;
  out += kReset;
  return out;
}

Table::Table(std::vector<TextColumn> columns, bool colour)
    : columns_(std::move(columns)), colour_(colour) {
  for (auto& column : columns_) column.width = std::max(column.width, display_width(column.title));
}

void Table::fit(const Row& row) {
  for (std::size_t i = 0; i < std::min(row.size(), columns_.size()); ++i)
    columns_[i].width = std::max(columns_[i].width, display_width(row[i].text));
}

void Table::append_header(std::string& out) const {
  for (std::size_t i = 0; i < columns_.size(); ++i)
    append_cell(out, i, columns_[i].title, Style::kBold, i + 1 == columns_.size());
}

void Table::append_row(std::string& out, const Row& row) {
  fit(row);
  static const Cell kEmpty("");
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const Cell& cell = i < row.size() ? row[i] : kEmpty;
    append_cell(out, i, cell.text, cell.style, i + 1 == columns_.size());
  }
}

void Table::append_cell(std::string& out, std::size_t column, std::string_view text, Style style,
                        bool last) const {
  const std::string shown = printable(text);
  const std::size_t width = display_width(shown);
  const std::size_t space = columns_[column].width > width ? columns_[column].width - width : 0;
  const bool right = columns_[column].align == Align::kRight;
  if (right) out.append(space, ' ');
  out += styled(shown, style, colour_);
  // Nothing is after the last column, so nothing pads it.
  if (last) {
    while (out.ends_with(' ')) out.pop_back();
    out += '\n';
    return;
  }
  out.append((right ? 0 : space) + 2, ' ');
}

}  // namespace netprobe
