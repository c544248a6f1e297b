// SPDX-License-Identifier: Apache-2.0
#include "cli/report/svg.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/duration.h"
#include "cli/table.h"
#include "cli/units.h"

namespace netprobe::report {
namespace {

// Of all charts; in units of their view boxes, which are CSS pixels at full width.
constexpr double kWidth = 720;
constexpr double kTimeHeight = 200;
constexpr double kLeft = 70;  ///< for numbers of the axis
constexpr double kBottom = 24;
constexpr double kTop = 10;
constexpr double kBarStep = 26;
constexpr double kBarLabels = 290;
constexpr double kBarValues = 80;
constexpr std::size_t kBarLabelCells = 42;
constexpr std::size_t kMatrixLabelCells = 18;

std::string number(double value) {
  char text[32];
  const int size = std::snprintf(text, sizeof(text), "%.1f", std::isfinite(value) ? value : 0.0);
  return {text, static_cast<std::size_t>(size)};
}

std::string attribute(std::string_view name, double value) {
  return " " + std::string(name) + "=\"" + number(value) + "\"";
}

std::string open_svg(std::string_view label, double height) {
  return "<svg viewBox=\"0 0 " + number(kWidth) + " " + number(height) +
         R"(" role="img" aria-label=")" + escaped(label) + "\">";
}

std::string text_at(double x, double y, std::string_view classes, std::string_view text) {
  return "<text" + attribute("x", x) + attribute("y", y) + " class=\"" + std::string(classes) +
         "\">" + escaped(text) + "</text>";
}

std::string rectangle(double x, double y, double width, double height, std::string_view classes,
                      std::string_view title) {
  return "<rect" + attribute("x", x) + attribute("y", y) +
         attribute("width", std::max(width, 0.0)) + attribute("height", std::max(height, 0.0)) +
         " class=\"" + std::string(classes) + "\"><title>" + escaped(title) + "</title></rect>";
}

/// "03:15" within a day, else "01-02 03:15".
std::string clock_text(Nanos time, Nanos span) {
  const std::string text = format_rfc3339(time);
  const std::string clock = text.substr(11, 5);
  return span <= 26 * 3600 * kSecond ? clock : text.substr(5, 5) + " " + clock;
}

/// Lines across at quarters of the axis, with their numbers.
void append_grid(std::string& out, double end, double height, Unit unit) {
  for (int i = 0; i <= 4; ++i) {
    const double y = kTop + (height - kTop - kBottom) * (1 - i / 4.0);
    out += "<line class=\"grid\"" + attribute("x1", kLeft) + attribute("x2", kWidth) +
           attribute("y1", y) + attribute("y2", y) + "/>";
    out += text_at(kLeft - 8, y + 4, "axis end", with_unit(end * i / 4, unit));
  }
}

void append_times(std::string& out, const TimeChart& chart) {
  const Nanos span = chart.until - chart.since;
  for (int i = 0; i <= 6; ++i) {
    const double x = kLeft + (kWidth - kLeft) * i / 6.0;
    const char* anchor = i == 0 ? "axis" : i == 6 ? "axis end" : "axis middle";
    out += text_at(x, kTimeHeight - 6, anchor, clock_text(chart.since + span / 6 * i, span));
  }
}

double most_of(const std::vector<Bar>& bars) {
  double most = 0;
  for (const Bar& bar : bars) most = std::max(most, bar.value);
  return most;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t cells) {
  if (display_width(text) <= cells) return std::string(text);
  return cut_to_width(printable(text), cells - 1) + "…";
}

std::string with_unit(double value, Unit unit) {
  switch (unit) {
    case Unit::kBytes:
      return human_bytes(value);
    case Unit::kByteRate:
      return human_byte_rate(value);
    case Unit::kCount:
      break;
  }
  return human_count(value);
}

double axis_end(double most) {
  if (!std::isfinite(most) || most <= 0) return 1;
  const double power = std::pow(10.0, std::floor(std::log10(most)));
  for (const double step : {1.0, 2.0, 5.0})
    if (step * power >= most) return step * power;
  return 10 * power;
}

std::string time_chart(const TimeChart& chart) {
  double most = 0;
  for (const Point& point : chart.points) most = std::max(most, point.value);
  const double end = axis_end(most);
  const double height = kTimeHeight - kTop - kBottom;
  const double span = static_cast<double>(std::max<Nanos>(chart.until - chart.since, 1));
  const auto x_of = [&](Nanos time) {
    const double share = static_cast<double>(time - chart.since) / span;
    return kLeft + (kWidth - kLeft) * std::clamp(share, 0.0, 1.0);
  };
  const auto y_of = [&](double value) {
    return kTop + height * (1 - std::clamp(value / end, 0.0, 1.0));
  };
  std::string out = open_svg(chart.label, kTimeHeight);
  append_grid(out, end, kTimeHeight, chart.unit);
  std::string path = "M" + number(x_of(chart.since)) + " " + number(y_of(0));
  const auto line_to = [&](double x, double y) { path += " L" + number(x) + " " + number(y); };
  std::string marks;
  Nanos drawn = chart.since;  // up to here
  for (const Point& point : chart.points) {
    const double from = x_of(point.time);
    const double to = x_of(point.time + chart.step);
    if (point.time > drawn) {
      line_to(x_of(drawn), y_of(0));
      line_to(from, y_of(0));
    }
    line_to(from, y_of(point.value));
    line_to(to, y_of(point.value));
    drawn = point.time + chart.step;
    marks += rectangle(
        from, kTop, to - from, height, "hover",
        format_rfc3339(point.time).substr(0, 16) + "Z  " + with_unit(point.value, chart.unit));
  }
  line_to(x_of(drawn), y_of(0));
  line_to(kWidth, y_of(0));
  out += "<path class=\"area\" d=\"" + path + " Z\"/>" + marks;
  append_times(out, chart);
  return out + "</svg>";
}

std::string bar_chart(std::string_view label, const std::vector<Bar>& bars, Unit unit) {
  const double most = most_of(bars);
  std::string out = open_svg(label, kBarStep * static_cast<double>(bars.size()) + 4);
  double y = 2;
  for (const Bar& bar : bars) {
    const double room = kWidth - kBarLabels - kBarValues;
    const double width = most > 0 ? std::max(room * bar.value / most, 1.0) : 0;
    const std::string value = with_unit(bar.value, unit);
    out += text_at(kBarLabels - 10, y + 15, "label end", shortened(bar.label, kBarLabelCells));
    out += rectangle(kBarLabels, y + 2, width, kBarStep - 8, "bar", bar.label + "  " + value);
    out += text_at(kBarLabels + width + 6, y + 15, "value", value);
    y += kBarStep;
  }
  return out + "</svg>";
}

std::string column_chart(std::string_view label, const std::vector<Bar>& bars, Unit unit) {
  const double end = axis_end(most_of(bars));
  const double height = kTimeHeight - kTop - kBottom;
  const double step = (kWidth - kLeft) / static_cast<double>(std::max<std::size_t>(bars.size(), 1));
  std::string out = open_svg(label, kTimeHeight);
  append_grid(out, end, kTimeHeight, unit);
  double x = kLeft;
  for (const Bar& bar : bars) {
    const double tall = height * std::clamp(bar.value / end, 0.0, 1.0);
    out += rectangle(x + 1, kTop + height - tall, std::min(step - 2, 64.0), tall, "bar",
                     bar.label + "  " + with_unit(bar.value, unit));
    out += text_at(x + std::min(step, 64.0) / 2, kTimeHeight - 6, "axis middle", bar.label);
    x += step;
  }
  return out + "</svg>";
}

std::string heat_map(const Matrix& matrix) {
  constexpr double kLabels = 140;
  constexpr double kHead = 26;
  const auto columns = static_cast<double>(std::max<std::size_t>(matrix.columns.size(), 1));
  const double wide = std::min((kWidth - kLabels) / columns, 110.0);
  const double tall = 30;
  double most = 0;
  for (const double value : matrix.values) most = std::max(most, value);
  std::string out =
      open_svg(matrix.label, kHead + tall * static_cast<double>(matrix.rows.size()) + 4);
  for (std::size_t c = 0; c < matrix.columns.size(); ++c)
    out += text_at(kLabels + wide * (static_cast<double>(c) + 0.5), 16, "label middle",
                   shortened(matrix.columns[c], static_cast<std::size_t>(wide / 7.5)));
  for (std::size_t r = 0; r < matrix.rows.size(); ++r) {
    const double y = kHead + tall * static_cast<double>(r);
    out += text_at(kLabels - 8, y + 19, "label end", shortened(matrix.rows[r], kMatrixLabelCells));
    for (std::size_t c = 0; c < matrix.columns.size(); ++c) {
      const double value = matrix.values[r * matrix.columns.size() + c];
      // By the square root: pairs differ by powers of ten.
      const int heat =
          value > 0 && most > 0 ? 1 + static_cast<int>(std::sqrt(value / most) * 3.99) : 0;
      const std::string shade = "cell heat" + std::to_string(heat);
      const double x = kLabels + wide * static_cast<double>(c);
      out += rectangle(
          x + 1, y + 1, wide - 2, tall - 2, shade,
          matrix.rows[r] + " → " + matrix.columns[c] + "  " + with_unit(value, matrix.unit));
      if (heat > 0 && wide > 50)
        out += text_at(x + wide / 2, y + 19,
                       "in-cell middle" + std::string(heat > 2 ? " on-dark" : ""),
                       with_unit(value, matrix.unit));
    }
  }
  return out + "</svg>";
}

}  // namespace netprobe::report
