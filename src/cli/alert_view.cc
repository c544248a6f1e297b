// SPDX-License-Identifier: Apache-2.0
#include "cli/alert_view.h"

#include <string>

#include "cli/json_read.h"

namespace netprobe {
namespace {

using Element = simdjson::dom::element;

std::string end_of(Element alert, std::string_view which) {
  Element end;
  if (alert[which].get(end) != simdjson::SUCCESS) return {};
  std::string text = json_text(end, "name");
  if (text.empty()) text = json_text(end, "text");
  if (text.empty()) text = json_text(end, "ip");
  if (const auto comm = json_text(end, "comm"); !comm.empty())
    text += (text.empty() ? "" : " ") + ("[" + comm + "]");
  return text.empty() ? "many" : text;
}

Style style_of(std::string_view severity, bool over) {
  if (over) return Style::kDim;
  if (severity == "high" || severity == "critical") return Style::kRed;
  return severity == "medium" ? Style::kYellow : Style::kPlain;
}

/// "08:47:40" of an RFC 3339 time.
std::string clock_time(const std::string& time) {
  const auto at = time.find('T');
  return at == std::string::npos ? time : time.substr(at + 1, 8);
}

}  // namespace

std::vector<TextColumn> alert_columns() {
  using enum Align;
  return {{"LAST SEEN", kLeft, 9}, {"SEVERITY", kLeft, 8},  {"STATE", kLeft, 8},
          {"KIND", kLeft, 16},     {"TECHNIQUE", kLeft, 9}, {"SOURCE", kLeft, 20},
          {"TARGET", kLeft, 20},   {"WHAT", kLeft, 30}};
}

Row alert_row(Element alert) {
  const std::string severity = json_text(alert, "severity");
  const std::string state = json_text(alert, "state");
  Row row;
  row.emplace_back(clock_time(json_text(alert, "last_seen")));
  row.push_back({severity, style_of(severity, state == "resolved")});
  row.emplace_back(state);
  row.emplace_back(json_text(alert, "kind"));
  row.emplace_back(json_text(alert, "technique"));
  row.emplace_back(end_of(alert, "source"));
  row.emplace_back(end_of(alert, "target"));
  row.emplace_back(json_text(alert, "summary"));
  return row;
}

}  // namespace netprobe
