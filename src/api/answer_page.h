// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// An answer in parts, so that nobody needs all of its text at once: what stands in
// front of the rows, rows, what stands behind them. JSON, JSON lines and CSV.
void append_answer_head(std::string& out, AnswerFormat format, const AnswerPage& page);
/// One row of the answer; `first`: of all its rows.
void append_answer_row(std::string& out, AnswerFormat format, const AnswerPage& page,
                       const std::vector<Value>& row, bool first);
/// `total`: rows that there were.
void append_answer_tail(std::string& out, AnswerFormat format, const AnswerPage& page,
                        std::size_t total);

/// All of it. Pure, as the others.
[[nodiscard]] std::string answer_text(AnswerFormat format, const AnswerPage& page);
/// Columns lined up, for people with curl.
[[nodiscard]] std::string answer_table(const QueryAnswer& answer);

/// Appends `columns`, and the values of one row; `columns` and `rows`.
void append_columns(JsonObject& json, std::string& out, const QueryAnswer& answer);
void append_values(std::string& out, const QueryAnswer& answer, const std::vector<Value>& row);
void append_rows(JsonObject& json, std::string& out, const QueryAnswer& answer);

/// Appends what every answer from a query tells of itself: `source`, `tier`,
/// `resolution_seconds`, `exact`, `since`, `until`, `kept_since`, `warnings`; of several
/// nodes `partial` and `sources`.
void append_origin(JsonObject& json, std::string& out, const QueryAnswer& answer, bool live);
/// `sources` alone: who was asked, who is missing, what was lost.
void append_sources(JsonObject& json, std::string& out, const QuerySources& sources);
/// The same where it was not a query of history that found it.
void append_live_origin(JsonObject& json);
/// What `completeness` tells as lost, by "stage.cause".
[[nodiscard]] std::map<std::string, std::uint64_t> answer_losses(const AnswerPage& page);
/// Appends `completeness`.
void append_answer_completeness(JsonObject& json, std::string& out, const AnswerPage& page);

}  // namespace netprobe
