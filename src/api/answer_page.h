// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "model/snapshot.h"
#include "query/answer.h"
#include "query/history_store.h"
#include "query/query.h"

namespace netprobe {

/// How an answer is written.
enum class AnswerFormat : std::uint8_t { kJson, kJsonLines, kCsv, kTable, kParquet };
[[nodiscard]] std::optional<AnswerFormat> parse_answer_format(std::string_view text);
/// Its media type.
[[nodiscard]] std::string_view media_type(AnswerFormat format);

/// An answer, and what it is told of. Refers to all of it.
struct AnswerPage {
  const Query& query;  ///< as it was asked, with what parameters added
  const QueryAnswer& answer;
  const Snapshot& snapshot;
  const HistoryStatus* history = nullptr;  ///< null: answered from what is live
  bool objects = false;                    ///< rows by name, rather than by place
};

/// The answer of /api/query. Pure, as the others.
[[nodiscard]] std::string answer_json(const AnswerPage& page);
/// One object a line.
[[nodiscard]] std::string answer_json_lines(const QueryAnswer& answer);
/// RFC 4180 with a header. See append_csv_text() for text from outside.
[[nodiscard]] std::string answer_csv(const QueryAnswer& answer);
/// Columns lined up, for people with curl.
[[nodiscard]] std::string answer_table(const QueryAnswer& answer);

/// Appends what every answer from a query tells of itself: `source`, `tier`,
/// `resolution_seconds`, `exact`, `since`, `until`, `kept_since`, `warnings`; of several
/// nodes `partial` and `sources`.
void append_origin(JsonObject& json, std::string& out, const QueryAnswer& answer, bool live);
/// The same where it was not a query of history that found it.
void append_live_origin(JsonObject& json);
/// Appends `completeness`.
void append_answer_completeness(JsonObject& json, std::string& out, const AnswerPage& page);

}  // namespace netprobe
