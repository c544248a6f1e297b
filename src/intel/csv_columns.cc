// SPDX-License-Identifier: Apache-2.0
#include "intel/csv_columns.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "intel/entry_text.h"

namespace netprobe::intel {
namespace {

/// Of several that a header has the first in this order counts.
constexpr std::array<std::string_view, 25> kEntryNames{
    "ioc_value",  "indicator", "ioc",     "observable", "dst_ip", "src_ip", "ip",
    "ip_address", "ipaddress", "ip_addr", "address",    "addr",   "ipv4",   "ipv6",
    "cidr",       "network",   "prefix",  "netblock",   "subnet", "domain", "domain_name",
    "hostname",   "host",      "fqdn",    "value"};
constexpr std::array<std::string_view, 12> kReasonNames{
    "reason",      "description", "malware_printable", "malware", "threat",
    "threat_type", "comment",     "category",          "tags",    "type",
    "note",        "label"};

std::string lower(std::string_view text) {
  std::string out(trimmed(text));
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == ' ' || c == '-') c = '_';
  }
  return out;
}

std::size_t column_of(const CsvRow& header, std::string_view name) {
  for (std::size_t i = 0; i < header.size(); ++i)
    if (lower(header[i]) == name) return i;
  return kNoColumn;
}

template <typename Names>
std::size_t column_of_any(const CsvRow& header, const Names& names) {
  for (const std::string_view name : names)
    if (const std::size_t i = column_of(header, name); i != kNoColumn) return i;
  return kNoColumn;
}

/// How sure it is that this is an entry: words without a dot may be anything.
int weight(std::string_view field) {
  const auto entry = parse_entry(field);
  if (!entry) return 0;
  const auto* name = std::get_if<NameEntry>(&*entry);
  if (name == nullptr) return 3;
  return name->name.find('.') == std::string::npos ? 0 : 1;
}

std::string_view field_of(const CsvRow& row, std::size_t column) {
  return column < row.size() ? std::string_view(row[column]) : std::string_view();
}

/// The column with most entries, if half of the rows have one there.
std::size_t column_by_rows(const std::vector<CsvRow>& rows) {
  std::size_t width = 0;
  for (const CsvRow& row : rows) width = std::max(width, row.size());
  std::size_t best = kNoColumn;
  int most = 0;
  for (std::size_t i = 0; i < width; ++i) {
    int sum = 0;
    std::size_t have = 0;
    for (const CsvRow& row : rows) {
      const int found = weight(field_of(row, i));
      sum += found;
      have += found > 0 ? 1 : 0;
    }
    if (sum > most && have * 2 >= rows.size()) {
      most = sum;
      best = i;
    }
  }
  return best;
}

std::string names_of(const CsvRow& header) {
  std::string names;
  for (const std::string& name : header) {
    if (names.size() > 200) return names + ", …";
    if (!names.empty()) names += ", ";
    names += clean_reason(name);
  }
  return names;
}

/// A column that the settings name, by a number from 1 or by a header.
Result<std::size_t> said_column(const std::string& said, const CsvRow& header) {
  std::size_t number = 0;
  const char* end = said.data() + said.size();
  const auto read = std::from_chars(said.data(), end, number);
  if (read.ec == std::errc{} && read.ptr == end && number > 0 && number <= CsvRows::kMostFields)
    return number - 1;
  const std::size_t column = column_of(header, lower(said));
  if (column == kNoColumn) return fail("it has no column '" + said + "': " + names_of(header));
  return column;
}

}  // namespace

Result<CsvColumns> find_columns(const FeedSyntax& syntax, const CsvRow& comment,
                                const std::vector<CsvRow>& rows) {
  if (rows.empty()) return CsvColumns{};
  const CsvRow& first = rows.front();
  // A header has names and no entry.
  const bool plain_header =
      std::ranges::none_of(first, [](const std::string& field) { return weight(field) > 0; });
  const bool comment_header = !plain_header && comment.size() == first.size();
  const CsvRow none;
  const CsvRow& header = plain_header ? first : comment_header ? comment : none;
  CsvColumns columns{.entry = kNoColumn, .reason = kNoColumn, .first_is_header = plain_header};
  if (!syntax.column.empty()) {
    auto column = said_column(syntax.column, header);
    if (!column) return std::unexpected(column.error());
    columns.entry = *column;
  } else {
    columns.entry = column_of_any(header, kEntryNames);
    // A name may mislead: "host" may be who told it.
    if (columns.entry == kNoColumn || std::ranges::none_of(rows, [&](const CsvRow& row) {
          return weight(field_of(row, columns.entry)) > 0;
        }))
      columns.entry = column_by_rows(rows);
  }
  if (columns.entry == kNoColumn)
    return fail("no column of addresses or domains is found: name it with column=");
  if (!syntax.reason.empty()) {
    auto column = said_column(syntax.reason, header);
    if (!column) return std::unexpected(column.error());
    columns.reason = *column;
  } else {
    columns.reason = column_of_any(header, kReasonNames);
  }
  if (columns.reason == columns.entry) columns.reason = kNoColumn;
  return columns;
}

}  // namespace netprobe::intel
