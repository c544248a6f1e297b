// SPDX-License-Identifier: Apache-2.0
#include "query/query_error.h"

#include <algorithm>
#include <vector>

#include "base/utf8.h"

namespace netprobe {
namespace {

// Characters that are shown before and behind what is wrong.
constexpr std::size_t kBefore = 40;
constexpr std::size_t kBehind = 36;

/// The text in characters, each as a terminal shows it in one place.
std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> all;
  for (std::size_t i = 0; i < text.size();) {
    const auto length = utf8_length(text, i);
    const auto byte = static_cast<unsigned char>(text[i]);
    all.push_back(length == 0                   ? kReplacement
                  : byte < 0x20 || byte == 0x7f ? std::string_view(" ")
                                                : text.substr(i, length));
    i += std::max<std::size_t>(length, 1);
  }
  return all;
}

}  // namespace

std::string query_error_line(std::string_view text, const QueryError& error) {
  const auto column = characters(text.substr(0, std::min(error.column, text.size()))).size() + 1;
  return "at column " + std::to_string(column) + ": " + error.message;
}

std::string format_query_error(std::string_view text, const QueryError& error) {
  const std::size_t column = std::min(error.column, text.size());
  const auto before = characters(text.substr(0, column));
  const auto wrong = characters(text.substr(column, error.length));
  const auto behind = characters(text.substr(std::min(text.size(), column + error.length)));

  std::string shown = "  ";
  std::string mark = "  ";
  const auto first = before.size() > kBefore ? before.size() - kBefore : 0;
  if (first > 0) {
    shown += "…";
    mark += ' ';
  }
  for (auto i = first; i < before.size(); ++i) shown += before[i];
  mark.append(before.size() - first, ' ');
  const auto marked = std::min(wrong.size(), kBehind);
  for (std::size_t i = 0; i < marked; ++i) shown += wrong[i];
  mark += '^';
  if (marked > 1) mark.append(marked - 1, '~');
  const auto rest = marked < wrong.size() ? 0 : std::min(behind.size(), kBehind);
  for (std::size_t i = 0; i < rest; ++i) shown += behind[i];
  if (marked < wrong.size() || rest < behind.size()) shown += "…";
  return query_error_line(text, error) + '\n' + shown + '\n' + mark;
}

}  // namespace netprobe
