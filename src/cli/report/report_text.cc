// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/duration.h"
#include "cli/report/parts.h"
#include "cli/report/words.h"
#include "cli/units.h"

namespace netprobe::report {
namespace {

constexpr std::size_t kBarCells = 30;
constexpr std::size_t kLabelCells = 60;

std::string minute_of(Nanos time) {
  std::string text = format_rfc3339(time).substr(0, 16);
  text[10] = ' ';
  return text;
}

std::string bar_of(double value, double most) {
  if (!(most > 0) || !(value > 0)) return {};
  const auto cells = static_cast<std::size_t>(value / most * kBarCells + 0.5);
  std::string bar;
  for (std::size_t i = 0; i < std::max<std::size_t>(cells, 1); ++i) bar += "█";
  return bar;
}

/// As many lines as a screen has, each of as many steps as it takes.
std::vector<Bar> line_of_time(const PartAnswer& part, const Report& report) {
  constexpr Nanos kLines = 24;
  const auto points = points_of(part, report.step);
  const Nanos steps = std::max<Nanos>((report.until - report.since) / report.step / kLines, 1);
  const Nanos wide = steps * report.step;
  const bool is_rate = unit_of(part.part) == Unit::kByteRate;
  std::vector<Bar> bars;
  for (Nanos begin = report.since / wide * wide; begin < report.until; begin += wide) {
    double sum = 0;
    for (const Point& point : points)
      if (point.time >= begin && point.time < begin + wide) sum += point.value;
    bars.push_back({minute_of(begin), is_rate ? sum / static_cast<double>(steps) : sum});
  }
  return bars;
}

void append_bars(std::string& out, const std::vector<Bar>& bars, Unit unit, bool colour) {
  Table table({{""}, {"", Align::kRight}, {""}}, colour);
  double most = 0;
  std::vector<Row> rows;
  for (const Bar& bar : bars) most = std::max(most, bar.value);
  for (const Bar& bar : bars)
    rows.push_back({"  " + shortened(bar.label, kLabelCells),
                    with_unit(bar.value, unit),
                    {bar_of(bar.value, most), Style::kGreen}});
  for (const Row& row : rows) table.fit(row);
  for (const Row& row : rows) table.append_row(out, row);
}

void append_part(std::string& out, const PartAnswer& part, const Report& report, bool colour,
                 Language language) {
  const PartWords& words = words_of(part.part, language);
  out += "\n" + styled(words.title, Style::kBold, colour) + "\n";
  if (!part.answer) {
    out += "  " + std::string(words_of(language).no_answer) + ": " + printable(part.problem) + "\n";
    return;
  }
  for (const auto& warning : part.answer->warnings())
    out += "  " + std::string(words_of(language).warning) + ": " + printable(warning) + "\n";
  const auto bars = [&] {
    if (part.part == Part::kTraffic || part.part == Part::kRetransmits)
      return has_rows(part) ? line_of_time(part, report) : std::vector<Bar>();
    if (part.part != Part::kNamespaces) return bars_of(part, language);
    std::vector<Bar> pairs;
    for_rows(part, [&](simdjson::dom::array row) {
      if (pairs.size() < 12)
        pairs.push_back({text_of(row, 0) + " → " + text_of(row, 1), number_of(row, 2)});
    });
    return pairs;
  }();
  if (bars.empty())
    out += "  " + std::string(words.empty) + "\n";
  else
    append_bars(out, bars, unit_of(part.part), colour);
}

}  // namespace

std::string report_text(const Report& report, bool colour, Language language) {
  const Words& words = words_of(language);
  std::string range(words.range);
  range.replace(range.find("{}"), 2, minute_of(report.since));
  range.replace(range.find("{}"), 2, minute_of(report.until));
  std::string out = styled(words.title, Style::kBold, colour);
  if (!report.node.empty()) out += ", " + std::string(words.node) + " " + printable(report.node);
  out += "\n" + range + "\n";
  for (const PartAnswer& part : report.parts) append_part(out, part, report, colour, language);
  return out;
}

}  // namespace netprobe::report
