// SPDX-License-Identifier: Apache-2.0
#include "cli/query_answer.h"

#include <algorithm>
#include <array>

#include "base/csv.h"
#include "cli/json_read.h"
#include "cli/units.h"

namespace netprobe {
namespace {

using Element = simdjson::dom::element;

/// "2026-01-02T03:04:05Z", or with microseconds, all six, so that columns align.
std::string short_time(std::string text) {
  const auto dot = text.find('.');
  if (dot == std::string::npos || !text.ends_with('Z')) return text;
  constexpr std::size_t kDigits = 6;
  std::string digits = text.substr(dot + 1, std::min(kDigits, text.size() - dot - 2));
  digits.resize(kDigits, '0');
  const bool whole = digits.find_first_not_of('0') == std::string::npos;
  return text.substr(0, dot) + (whole ? "" : "." + digits) + "Z";
}

}  // namespace

bool AnswerColumn::is_number() const {
  return type == "count" || type == "number" || type == "real" || type == "duration";
}

bool AnswerColumn::is_bytes() const { return is_number() && name.contains("bytes"); }

Result<QueryAnswerView> QueryAnswerView::parse(std::string_view body) {
  const auto bad = [] { return fail("the agent's answer is not one to a query"); };
  QueryAnswerView view;
  view.parser_ = std::make_unique<simdjson::dom::parser>();
  simdjson::dom::array columns;
  if (view.parser_->parse(body.data(), body.size()).get(view.root_) != simdjson::SUCCESS ||
      view.root_["columns"].get(columns) != simdjson::SUCCESS ||
      view.root_["rows"].get(view.rows_) != simdjson::SUCCESS)
    return bad();
  for (const Element column : columns)
    view.columns_.push_back(
        {json_text(column, "name"), json_text(column, "type"), json_text(column, "unit")});
  return view;
}

std::size_t QueryAnswerView::column(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::find(columns_, name, &AnswerColumn::name) -
                                  columns_.begin());
}

std::string QueryAnswerView::next_cursor() const { return json_text(root_, "next_cursor"); }

bool QueryAnswerView::truncated() const { return json_flag(root_, "truncated", false); }

std::vector<std::string> QueryAnswerView::warnings() const {
  std::vector<std::string> texts;
  simdjson::dom::array list;
  if (root_["warnings"].get(list) != simdjson::SUCCESS) return texts;
  for (const Element each : list)
    if (std::string_view text; each.get(text) == simdjson::SUCCESS) texts.emplace_back(text);
  return texts;
}

std::string exact_text(Element value) {
  if (value.is_null()) return {};
  if (std::string_view text; value.get(text) == simdjson::SUCCESS) return std::string(text);
  return simdjson::minify(value);
}

std::string human_text(const AnswerColumn& column, Element value) {
  if (value.is_null()) return "-";
  double number = 0;
  if (column.type == "time") return short_time(exact_text(value));
  if (!column.is_number() || column.type == "number" || value.get(number) != simdjson::SUCCESS)
    return exact_text(value);
  if (column.type == "duration") return human_duration(static_cast<Nanos>(number * 1e6));
  if (column.is_bytes()) return column.is_rate() ? human_byte_rate(number) : human_bytes(number);
  return human_count(number) + (column.is_rate() ? "/s" : "");
}

std::vector<TextColumn> answer_table_columns(const std::vector<AnswerColumn>& columns) {
  std::vector<TextColumn> titles;
  for (const auto& column : columns) {
    std::string title = column.name;
    std::ranges::transform(title, title.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    titles.push_back({std::move(title), column.is_number() ? Align::kRight : Align::kLeft});
  }
  return titles;
}

Row answer_table_row(const std::vector<AnswerColumn>& columns, simdjson::dom::array row,
                     bool exact) {
  Row cells;
  for (const Element value : row) {
    if (cells.size() == columns.size()) break;
    const AnswerColumn& column = columns[cells.size()];
    cells.emplace_back(exact ? exact_text(value) : human_text(column, value));
  }
  return cells;
}

void append_csv_header(std::string& out, const std::vector<AnswerColumn>& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += ',';
    append_csv_text(out, columns[i].name);
  }
  out += "\r\n";
}

void append_csv_row(std::string& out, const std::vector<AnswerColumn>& columns,
                    simdjson::dom::array row) {
  std::size_t i = 0;
  for (const Element value : row) {
    if (i == columns.size()) break;
    if (i > 0) out += ',';
    if (columns[i].type == "text")
      append_csv_text(out, exact_text(value));
    else
      append_csv_field(out, exact_text(value));
    ++i;
  }
  out += "\r\n";
}

std::string explanation_of(const QueryAnswerView& answer) {
  const Element root = answer.root();
  std::string out;
  const auto line = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    out += name;
    out.append(name.size() < 12 ? 12 - name.size() : 1, ' ');
    (out += printable(value)) += '\n';
  };
  line("query", json_text(root, "query"));
  line("kind", json_text(root, "kind"));
  line("source", json_text(root, "source"));
  line("tier", json_text(root, "tier"));
  const double resolution = json_real(root, "resolution_seconds");
  line("resolution",
       resolution > 0 ? human_duration(static_cast<Nanos>(resolution * 1e9)) : "exact");
  line("since", short_time(json_text(root, "since")));
  line("until", short_time(json_text(root, "until")));
  line("kept since", short_time(json_text(root, "kept_since")));
  line("exact", json_flag(root, "exact", true) ? "yes" : "no");
  line("rows", std::to_string(json_count(root, "total")) +
                   (answer.truncated() ? ", and there are more" : ""));
  if (const auto read = json_count(root, "rows_read"); read > 0)
    line("rows read", std::to_string(read));
  line("took", human_duration(static_cast<Nanos>(json_real(root, "took_ms") * 1e6)));
  Element sources;
  if (root["sources"].get(sources) == simdjson::SUCCESS)
    line("nodes", std::to_string(json_count(sources, "answered")) + " of " +
                      std::to_string(json_count(sources, "agents")) +
                      (json_flag(root, "partial", false) ? ", so the answer is partial" : ""));
  Element completeness;
  if (root["completeness"].get(completeness) == simdjson::SUCCESS) {
    line("complete", json_flag(completeness, "complete", false) ? "yes" : "no");
    simdjson::dom::object lost;
    if (completeness["lost"].get(lost) == simdjson::SUCCESS)
      for (const auto each : lost)
        line("  lost", std::string(each.key) + " " + exact_text(each.value));
  }
  return out;
}

std::string query_problem(std::string_view body, std::string_view query) {
  simdjson::dom::parser parser;
  Element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return {};
  std::string out = json_text(root, "detail");
  const std::uint64_t column = json_count(root, "column");
  if (column == 0 || column > query.size() + 1 || json_text(root, "parameter") != "q") return out;

  // The line that it is in: a query from a file may have several.
  const std::size_t at = column - 1;
  const auto before = at == 0 ? std::string_view::npos : query.rfind('\n', at - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const std::string_view line = query.substr(begin, query.find('\n', at) - begin);
  const std::size_t length =
      std::min<std::size_t>(json_count(root, "length"), line.size() - (at - begin));
  out += "\n  " + printable(line) + "\n  ";
  out.append(display_width(printable(line.substr(0, at - begin))), ' ');
  out += '^';
  const std::size_t width = display_width(printable(line.substr(at - begin, length)));
  if (width > 1) out.append(width - 1, '~');
  return out;
}

}  // namespace netprobe
