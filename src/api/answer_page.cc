// SPDX-License-Identifier: Apache-2.0
#include "api/answer_page.h"

#include <algorithm>
#include <array>
#include <utility>

#include "api/answer_value.h"
#include "api/completeness.h"
#include "api/kube_json.h"
#include "base/csv.h"

namespace netprobe {
namespace {

struct FormatName {
  AnswerFormat format;
  std::string_view name;
  std::string_view media_type;
};
constexpr std::array kFormats{
    FormatName{AnswerFormat::kJson, "json", "application/json"},
    FormatName{AnswerFormat::kJsonLines, "jsonl", "application/x-ndjson"},
    FormatName{AnswerFormat::kCsv, "csv", "text/csv; charset=utf-8; header=present"},
    FormatName{AnswerFormat::kTable, "table", "text/plain; charset=utf-8"},
    FormatName{AnswerFormat::kParquet, "parquet", "application/vnd.apache.parquet"},
};

/// Cells of a table are no wider.
constexpr std::size_t kMaxCell = 60;

const Value& value_at(const std::vector<Value>& row, std::size_t column) {
  static const Value kNone;
  return column < row.size() ? row[column] : kNone;
}

void append_object(std::string& out, const QueryAnswer& answer, const std::vector<Value>& row) {
  JsonObject json(out);
  for (std::size_t i = 0; i < answer.columns.size(); ++i) {
    json.foreign_key(answer.columns[i].name);  // a label's key is from outside
    append_json_value(out, answer.columns[i], value_at(row, i));
  }
  json.close();
}

void append_csv_head(std::string& out, const QueryAnswer& answer) {
  for (std::size_t i = 0; i < answer.columns.size(); ++i) {
    if (i > 0) out += ',';
    append_csv_text(out, answer.columns[i].name);
  }
  out += "\r\n";
}

void append_csv_line(std::string& out, const QueryAnswer& answer, const std::vector<Value>& row) {
  for (std::size_t i = 0; i < answer.columns.size(); ++i) {
    if (i > 0) out += ',';
    const std::string text = plain_value(answer.columns[i], value_at(row, i));
    if (is_foreign_text(answer.columns[i]))
      append_csv_text(out, text);
    else
      append_csv_field(out, text);
  }
  out += "\r\n";
}

void time_or_null(JsonObject& json, std::string_view name, const std::optional<Micros>& when) {
  // What no clock of nanoseconds can hold is no bound.
  if (when && *when >= 0 && *when <= INT64_MAX / kMicrosecond)
    json.time(name, *when * kMicrosecond);
  else
    json.null(name);
}

/// Who answered, where several nodes were asked.
std::optional<Nanos> nanos(const std::optional<Micros>& when) {
  if (!when || *when < 0 || *when > INT64_MAX / kMicrosecond) return std::nullopt;
  return *when * kMicrosecond;
}

/// Characters, as far as a plain table needs to know their width.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string cell_text(const Column& column, const Value& value) {
  std::string text = plain_value(column, value);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  if (width_of(text) <= kMaxCell) return text;
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end)
    if ((static_cast<unsigned char>(text[end]) & 0xc0) != 0x80 && ++seen == kMaxCell) break;
  return text.substr(0, end) + "…";
}

bool is_right_aligned(const Column& column) {
  const auto type = type_name(column);
  return type == "count" || type == "number" || type == "real" || type == "duration";
}

std::initializer_list<std::string_view> probes_of(RecordKind kind) {
  static constexpr std::initializer_list<std::string_view> kFlowProbes{"flow"};
  static constexpr std::initializer_list<std::string_view> kDropProbes{"drop"};
  static constexpr std::initializer_list<std::string_view> kSocketProbes{"socket"};
  if (kind == RecordKind::kDrop) return kDropProbes;
  return kind == RecordKind::kConnection ? kSocketProbes : kFlowProbes;
}

}  // namespace

std::optional<AnswerFormat> parse_answer_format(std::string_view text) {
  const auto found = std::ranges::find(kFormats, text, &FormatName::name);
  return found == kFormats.end() ? std::nullopt : std::optional(found->format);
}

std::string_view media_type(AnswerFormat format) {
  return std::ranges::find(kFormats, format, &FormatName::format)->media_type;
}

void append_columns(JsonObject& json, std::string& out, const QueryAnswer& answer) {
  json.key("columns");
  JsonArray list(out);
  for (const Column& column : answer.columns) {
    list.next();
    JsonObject one(out);
    one.text("name", column.name);
    one.text("type", type_name(column));
    if (const auto unit = unit_name(column); !unit.empty()) one.text("unit", unit);
    one.close();
  }
  list.close();
}

void append_values(std::string& out, const QueryAnswer& answer, const std::vector<Value>& row) {
  JsonArray values(out);
  for (std::size_t i = 0; i < answer.columns.size(); ++i) {
    values.next();
    append_json_value(out, answer.columns[i], value_at(row, i));
  }
  values.close();
}

void append_rows(JsonObject& json, std::string& out, const QueryAnswer& answer) {
  append_columns(json, out, answer);
  json.key("rows");
  JsonArray rows(out);
  for (const auto& row : answer.rows) {
    rows.next();
    append_values(out, answer, row);
  }
  rows.close();
}

void append_sources(JsonObject& json, std::string& out, const QuerySources& sources) {
  json.key("sources");
  JsonObject inner(out);
  inner.number("agents", sources.asked);
  inner.number("answered", sources.answered);
  inner.key("missing");
  JsonArray missing(out);
  for (const auto& each : sources.missing) {
    missing.next();
    JsonObject one(out);
    one.text("node", each.node);
    one.text("address", each.address);
    one.text("problem", each.problem);
    one.close();
  }
  missing.close();
  inner.key("lost");
  JsonObject lost(out);
  for (const auto& [name, count] : sources.lost) {
    lost.foreign_key(name);
    out += std::to_string(count);
  }
  lost.close();
  inner.close();
}

void append_origin(JsonObject& json, std::string& out, const QueryAnswer& answer, bool live) {
  json.text("source", live ? "live" : "history");
  json.text("tier", to_string(answer.tier));
  json.ratio("resolution_seconds", static_cast<double>(answer.resolution) / 1e6);
  json.flag("exact", answer.exact);
  time_or_null(json, "since", answer.since);
  time_or_null(json, "until", answer.until);
  time_or_null(json, "kept_since", answer.kept_since);
  json.key("warnings");
  JsonArray list(out);
  for (const auto& warning : answer.warnings) list.text(warning);
  list.close();
  if (!answer.sources) return;
  json.flag("partial", answer.sources->partial());
  append_sources(json, out, *answer.sources);
}

void append_live_origin(JsonObject& json) {
  json.text("source", "live");
  json.text("tier", to_string(Tier::kLive));
}

std::map<std::string, std::uint64_t> answer_losses(const AnswerPage& page) {
  const auto probes = probes_of(page.query.kind);
  if (page.history != nullptr) return history_losses(page.snapshot, page.history->lost, probes);
  return live_losses(page.snapshot, {nanos(page.query.since), nanos(page.query.until)}, probes);
}

void append_answer_completeness(JsonObject& json, std::string& out, const AnswerPage& page) {
  const QueryAnswer& answer = page.answer;
  const auto probes = probes_of(page.query.kind);
  if (page.history == nullptr) {
    append_completeness(json, out, page.snapshot,
                        {nanos(page.query.since), nanos(page.query.until)}, probes);
    return;
  }
  CoveredRange covered{.since = nanos(answer.since), .until = nanos(answer.until)};
  const auto kept = nanos(answer.kept_since);
  if (kept && (!covered.since || *covered.since < *kept)) covered.since = kept;
  const bool forgotten = page.query.since && kept && *page.query.since < *answer.kept_since;
  const bool partial = answer.sources && answer.sources->partial();
  covered.whole = answer.warnings.empty() && !forgotten && !partial;
  append_history_completeness(json, out, page.snapshot, covered, page.history->lost, probes);
}

void append_answer_head(std::string& out, AnswerFormat format, const AnswerPage& page) {
  if (format == AnswerFormat::kCsv) append_csv_head(out, page.answer);
  if (format != AnswerFormat::kJson) return;
  JsonObject json(out);
  json.text("query", canonical(page.query));
  json.text("kind", to_string(page.query.kind));
  append_columns(json, out, page.answer);
  json.key("rows");
  out += '[';
}

void append_answer_row(std::string& out, AnswerFormat format, const AnswerPage& page,
                       const std::vector<Value>& row, bool first) {
  switch (format) {
    case AnswerFormat::kCsv:
      append_csv_line(out, page.answer, row);
      return;
    case AnswerFormat::kJson:
      if (!first) out += ',';
      if (page.objects)
        append_object(out, page.answer, row);
      else
        append_values(out, page.answer, row);
      return;
    default:
      append_object(out, page.answer, row);
      out += '\n';
      return;
  }
}

void append_answer_tail(std::string& out, AnswerFormat format, const AnswerPage& page,
                        std::size_t total) {
  if (format != AnswerFormat::kJson) return;
  const QueryAnswer& answer = page.answer;
  std::string rest;
  JsonObject json(rest);
  json.number("total", total);
  json.flag("truncated", answer.truncated);
  if (answer.cursor.empty())
    json.null("next_cursor");
  else
    json.text("next_cursor", answer.cursor);
  append_origin(json, rest, answer, page.history == nullptr);
  if (answer.rows_read > 0) json.number("rows_read", answer.rows_read);
  json.real("took_ms", static_cast<double>(answer.took) / 1e3);
  append_kubernetes(json, rest, page.snapshot.kube->status);
  append_answer_completeness(json, rest, page);
  json.close();
  // It goes on with the object that the head began.
  (out += "],").append(rest, 1);
}

std::string answer_text(AnswerFormat format, const AnswerPage& page) {
  std::string out;
  append_answer_head(out, format, page);
  bool first = true;
  for (const auto& row : page.answer.rows)
    append_answer_row(out, format, page, row, std::exchange(first, false));
  append_answer_tail(out, format, page, page.answer.rows.size());
  return out;
}

std::string answer_table(const QueryAnswer& answer) {
  const std::size_t columns = answer.columns.size();
  std::vector<std::vector<std::string>> lines(1);
  std::vector<std::size_t> widths;
  for (const Column& column : answer.columns) {
    const auto unit = unit_name(column);
    lines[0].push_back(
        cell_text({}, column.name + (unit.empty() ? "" : " (" + std::string(unit) + ")")));
    widths.push_back(width_of(lines[0].back()));
  }
  for (const auto& row : answer.rows) {
    auto& line = lines.emplace_back();
    for (std::size_t i = 0; i < columns; ++i) {
      line.push_back(cell_text(answer.columns[i], value_at(row, i)));
      widths[i] = std::max(widths[i], width_of(line.back()));
    }
  }
  std::string out;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < columns; ++i) {
      const std::size_t space = widths[i] - width_of(line[i]);
      const bool right = is_right_aligned(answer.columns[i]);
      if (right) out.append(space, ' ');
      out += line[i];
      if (i + 1 < columns) out.append((right ? 0 : space) + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

}  // namespace netprobe
