// SPDX-License-Identifier: Apache-2.0
#include "intel/csv_rows.h"

#include <array>

#include "intel/entry_text.h"

namespace netprobe::intel {

void CsvRows::clear() {
  fields_.clear();
  field_.clear();
  size_ = 0;
  quoted_ = after_quote_ = comment_ = too_long_ = false;
}

void CsvRows::end_field() {
  if (fields_.size() < kMostFields) fields_.emplace_back(trimmed(field_));
  field_.clear();
}

bool CsvRows::end_row() {
  end_field();
  for (const std::string& field : fields_)
    if (!field.empty()) return true;
  clear();
  return false;
}

bool CsvRows::take_char(char c) {
  if (c == '\n' && (!quoted_ || after_quote_ || too_long_)) return end_row();
  if (++size_ > most_) too_long_ = true;
  if (too_long_) return false;
  if (comment_) {
    field_ += c;
    return false;
  }
  if (after_quote_) {
    after_quote_ = false;
    if (c == '"') {
      field_ += c;
      return false;
    }
    quoted_ = false;
  }
  if (quoted_) {
    if (c == '"')
      after_quote_ = true;
    else
      field_ += c;
    return false;
  }
  if (c == '"' && trimmed(field_).empty()) {
    field_.clear();
    quoted_ = true;
  } else if (c == '#' && fields_.empty() && trimmed(field_).empty()) {
    comment_ = true;
    field_ += c;
  } else if (c == separator_) {
    end_field();
  } else {
    field_ += c;
  }
  return false;
}

char guess_separator(std::string_view line) {
  constexpr std::string_view kSeparators = ",;\t|";
  std::array<std::size_t, kSeparators.size()> counts{};
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    const auto which = kSeparators.find(c);
    if (!quoted && which != std::string_view::npos) ++counts[which];
  }
  std::size_t best = 0;
  for (std::size_t i = 1; i < counts.size(); ++i)
    if (counts[i] > counts[best]) best = i;
  return kSeparators[best];
}

CsvRow split_csv_line(std::string_view line, char separator) {
  CsvRow fields;
  CsvRows rows(separator, line.size() + 1);
  const auto keep = [&](const CsvRow& row, bool) {
    if (fields.empty()) fields = row;
  };
  rows.take(line, keep);
  rows.finish(keep);
  return fields;
}

}  // namespace netprobe::intel
