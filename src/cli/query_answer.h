// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/table.h"

namespace netprobe {

/// A column of an answer of /api/query.
struct AnswerColumn {
  std::string name;
  std::string type;  ///< "time", "count", …: docs/api-query.md
  std::string unit;
  [[nodiscard]] bool is_number() const;
  /// What it counts are bytes.
  [[nodiscard]] bool is_bytes() const;
  /// It is per second.
  [[nodiscard]] bool is_rate() const { return name.starts_with("rate_"); }
};

/// An answer of /api/query as JSON, with rows as arrays.
class QueryAnswerView {
 public:
  [[nodiscard]] static Result<QueryAnswerView> parse(std::string_view body);

  [[nodiscard]] const std::vector<AnswerColumn>& columns() const { return columns_; }
  [[nodiscard]] simdjson::dom::array rows() const { return rows_; }
  [[nodiscard]] simdjson::dom::element root() const { return root_; }
  /// Place of a column; columns().size() where there is none of that name.
  [[nodiscard]] std::size_t column(std::string_view name) const;
  [[nodiscard]] std::string next_cursor() const;
  [[nodiscard]] bool truncated() const;
  [[nodiscard]] std::vector<std::string> warnings() const;

 private:
  std::unique_ptr<simdjson::dom::parser> parser_;  ///< owns what the rest refers to
  simdjson::dom::element root_;
  simdjson::dom::array rows_;
  std::vector<AnswerColumn> columns_;
};

/// A value as text: exact, or as people read it (1.2 MB, 3.4ms).
[[nodiscard]] std::string exact_text(simdjson::dom::element value);
[[nodiscard]] std::string human_text(const AnswerColumn& column, simdjson::dom::element value);

[[nodiscard]] std::vector<TextColumn> answer_table_columns(
    const std::vector<AnswerColumn>& columns);
[[nodiscard]] Row answer_table_row(const std::vector<AnswerColumn>& columns,
                                   simdjson::dom::array row, bool exact);

/// Appends the header and a row of CSV.
void append_csv_header(std::string& out, const std::vector<AnswerColumn>& columns);
void append_csv_row(std::string& out, const std::vector<AnswerColumn>& columns,
                    simdjson::dom::array row);

/// How it was answered, for --explain: one "name  value" a line.
[[nodiscard]] std::string explanation_of(const QueryAnswerView& answer);

/// A sentence and where in `query` it is wrong, if `body` is a problem document
/// that says so:
///
///   unknown field 'scr.ip'; did you mean 'src.ip'?
///     scr.ip=10.0.0.1
///     ^~~~~~
[[nodiscard]] std::string query_problem(std::string_view body, std::string_view query);

}  // namespace netprobe
