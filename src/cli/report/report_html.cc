// SPDX-License-Identifier: Apache-2.0
#include "base/duration.h"
#include "cli/json_read.h"
#include "cli/report/parts.h"
#include "cli/report/words.h"

namespace netprobe::report {
namespace {

constexpr std::size_t kMatrixSize = 12;

// Colours of one hue, checked for contrast on their ground; both grounds have
// ink of 7:1 or more.
constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --ground: #ffffff; --ink: #16202c; --soft: #55626f; --line: #e3e8ed;
  --mark: #2a6fb5; --fill: #2a6fb53d; --heat1: #dbe9f6; --heat2: #a9cdea; --heat3: #4f94cd; --heat4: #1d5c99; --warn: #8a4b00; }
@media (prefers-color-scheme: dark) { :root { --ground: #12181f; --ink: #e6ebf0; --soft: #9dabb8; --line: #2a343f;
  --mark: #6fb1ee; --fill: #6fb1ee3d; --heat1: #1c3348; --heat2: #27547d; --heat3: #4e93cf; --heat4: #a8d3f7; --warn: #ffc069; } }
@media print { :root { color-scheme: light; --ground: #ffffff; --ink: #000000; --soft: #444444; --line: #cccccc;
  --mark: #2a6fb5; --fill: #2a6fb53d; --heat1: #dbe9f6; --heat2: #a9cdea; --heat3: #4f94cd; --heat4: #1d5c99; --warn: #8a4b00; }
  details { display: none; } section { break-inside: avoid; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 20px 48px; max-width: 800px; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
h1 { font-size: 26px; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 36px 0 2px; }
p { margin: 0 0 10px; color: var(--soft); }
.warn { color: var(--warn); }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font-size: 12px; fill: var(--ink); }
svg .axis { fill: var(--soft); font-size: 11px; }
svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
svg .value { fill: var(--soft); }
svg .grid { stroke: var(--line); }
svg .area { fill: var(--fill); stroke: var(--mark); stroke-width: 1.2; }
svg .bar { fill: var(--mark); }
svg .hover { fill: transparent; } svg .hover:hover { fill: var(--fill); }
svg .cell { fill: var(--line); fill-opacity: .45; }
svg .heat1 { fill: var(--heat1); fill-opacity: 1; } svg .heat2 { fill: var(--heat2); fill-opacity: 1; }
svg .heat3 { fill: var(--heat3); fill-opacity: 1; } svg .heat4 { fill: var(--heat4); fill-opacity: 1; }
svg .in-cell { font-size: 11px; } svg .on-dark { fill: #ffffff; }
@media (prefers-color-scheme: dark) { svg .on-dark { fill: #0b1016; } }
@media print { svg .on-dark { fill: #ffffff; } }
details { margin: 8px 0 0; color: var(--soft); font-size: 13px; }
summary { cursor: pointer; }
code { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin-top: 6px; font-size: 13px; color: var(--ink); }
th, td { padding: 2px 12px 2px 0; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
.right { text-align: right; font-variant-numeric: tabular-nums; }
footer { margin-top: 40px; color: var(--soft); font-size: 13px; }
)css";

std::string minute_of(Nanos time) {
  std::string text = format_rfc3339(time).substr(0, 16);
  text[10] = ' ';
  return text;
}

std::string tag(std::string_view name, std::string_view text, std::string_view classes = {}) {
  std::string out = "<" + std::string(name);
  if (!classes.empty()) out += " class=\"" + std::string(classes) + "\"";
  return out + ">" + escaped(text) + "</" + std::string(name) + ">";
}

std::string picture(const PartAnswer& part, const Report& report, Language language) {
  const std::string title(words_of(part.part, language).title);
  const Unit unit = unit_of(part.part);
  switch (part.part) {
    case Part::kTraffic:
    case Part::kRetransmits:
      return time_chart({.label = title,
                         .since = report.since,
                         .until = report.until,
                         .step = report.step,
                         .points = points_of(part, report.step),
                         .unit = unit});
    case Part::kNamespaces: {
      Matrix matrix = matrix_of(part, kMatrixSize);
      matrix.label = title;
      matrix.unit = unit;
      return heat_map(matrix);
    }
    case Part::kRtt:
      return column_chart(title, bars_of(part, language), unit);
    default:
      return bar_chart(title, bars_of(part, language), unit);
  }
}

/// The same numbers for who cannot see the picture, or wants them exactly.
void append_table(std::string& out, const QueryAnswerView& answer) {
  out += "<div class=\"scroll\"><table><tr>";
  for (const auto& column : answer.columns())
    out += tag("th", column.name + (column.unit.empty() ? "" : " (" + column.unit + ")"),
               column.is_number() ? "right" : "");
  out += "</tr>";
  for (const auto row : answer.rows()) {
    simdjson::dom::array values;
    if (row.get(values) != simdjson::SUCCESS) continue;
    out += "<tr>";
    for (std::size_t i = 0; i < answer.columns().size(); ++i)
      out += tag("td", text_of(values, i), answer.columns()[i].is_number() ? "right" : "");
    out += "</tr>";
  }
  out += "</table></div>";
}

void append_part(std::string& out, const PartAnswer& part, const Report& report,
                 Language language) {
  const PartWords& words = words_of(part.part, language);
  const Words& general = words_of(language);
  out += "<section>" + tag("h2", words.title) + tag("p", words.what);
  if (!part.answer) {
    out += tag("p", std::string(general.no_answer) + ": " + part.problem, "warn") + "</section>\n";
    return;
  }
  for (const auto& warning : part.answer->warnings())
    out += tag("p", std::string(general.warning) + ": " + warning, "warn");
  if (has_rows(part))
    out += picture(part, report, language);
  else
    out += tag("p", words.empty);
  const auto root = part.answer->root();
  out +=
      "<details><summary>" + escaped(general.query) + ", " + escaped(general.table) + "</summary>";
  out += "<div>" + tag("code", json_text(root, "query")) + "</div><div>" + escaped(general.tier) +
         " " + escaped(json_text(root, "source")) + " (" + escaped(json_text(root, "tier")) +
         "), " + std::to_string(json_count(root, "total")) + " " + escaped(general.rows) + "</div>";
  append_table(out, *part.answer);
  out += "</details></section>\n";
}

}  // namespace

std::string report_html(const Report& report, Language language) {
  const Words& words = words_of(language);
  std::string range(words.range);
  range.replace(range.find("{}"), 2, minute_of(report.since));
  range.replace(range.find("{}"), 2, minute_of(report.until));
  std::string title(words.title);
  if (!report.node.empty()) title += ", " + std::string(words.node) + " " + report.node;

  std::string out = "<!DOCTYPE html>\n<html lang=\"" + std::string(words.lang) +
                    "\">\n<head><meta charset=\"utf-8\">"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                    // Even if a name got by the escaping, nothing runs and nothing is fetched.
                    "<meta http-equiv=\"Content-Security-Policy\" "
                    "content=\"default-src 'none'; style-src 'unsafe-inline'\">" +
                    tag("title", title) + "<style>" + std::string(kStyle) +
                    "</style></head>\n<body>\n";
  out += "<header>" + tag("h1", title) + tag("p", range) + "</header>\n<main>\n";
  for (const PartAnswer& part : report.parts) append_part(out, part, report, language);
  out += "</main>\n<footer>" + escaped(words.made_by) + " " + escaped(report.version) + " · " +
         escaped(report.agent) + "</footer>\n</body></html>\n";
  return out;
}

}  // namespace netprobe::report
