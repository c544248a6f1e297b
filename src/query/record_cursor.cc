// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "query/sql.h"

namespace netprobe {

std::string format_record_cursor(const RecordCursor& cursor) {
  return std::to_string(cursor.time) + "." + std::to_string(cursor.skip);
}

std::optional<RecordCursor> parse_record_cursor(std::string_view text) {
  RecordCursor cursor;
  const char* const last = text.data() + text.size();
  const auto time = std::from_chars(text.data(), last, cursor.time);
  if (time.ec != std::errc{} || time.ptr == last || *time.ptr != '.') return std::nullopt;
  const auto skip = std::from_chars(time.ptr + 1, last, cursor.skip);
  if (skip.ec != std::errc{} || skip.ptr != last) return std::nullopt;
  if (cursor.skip > kMaxCursorSkip) return std::nullopt;
  return format_record_cursor(cursor) == text ? std::optional(cursor) : std::nullopt;
}

std::expected<std::optional<RecordCursor>, QueryFailure> read_record_cursor(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (const auto cursor = parse_record_cursor(text)) return cursor;
  return std::unexpected(QueryFailure{
      QueryFailure::Kind::kBadQuery,
      "the cursor is not one that a page ended with; ask without it for the first page"});
}

}  // namespace netprobe
