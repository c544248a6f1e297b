// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace netprobe::report {

/// For HTML and SVG, as text and within quotes. Control characters, which XML
/// does not have, and invalid UTF-8 become '?'.
[[nodiscard]] std::string escaped(std::string_view text);
/// Not longer than so many cells, with an ellipsis where it was.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t cells);

/// How numbers of an axis are written.
enum class Unit : std::uint8_t { kCount, kBytes, kByteRate };
[[nodiscard]] std::string with_unit(double value, Unit unit);

/// The value at the top of an axis that shows `most`: 1, 2 or 5 times a power
/// of ten; 1 for nothing.
[[nodiscard]] double axis_end(double most);

struct Point {
  Nanos time = 0;  ///< wall
  double value = 0;
};
struct TimeChart {
  std::string label;  ///< said to who cannot see it
  Nanos since = 0;
  Nanos until = 0;
  Nanos step = 0;             ///< a point holds for so long
  std::vector<Point> points;  ///< by time; where there is none, there was nothing
  Unit unit = Unit::kCount;
};
/// An area over time, in UTC.
[[nodiscard]] std::string time_chart(const TimeChart& chart);

struct Bar {
  std::string label;
  double value = 0;
};
/// Bars that lie, with their labels in front and values behind.
[[nodiscard]] std::string bar_chart(std::string_view label, const std::vector<Bar>& bars,
                                    Unit unit);
/// Bars that stand, side by side: a histogram.
[[nodiscard]] std::string column_chart(std::string_view label, const std::vector<Bar>& bars,
                                       Unit unit);

struct Matrix {
  std::string label;
  std::vector<std::string> rows;
  std::vector<std::string> columns;
  std::vector<double> values;  ///< row by row
  Unit unit = Unit::kBytes;
};
/// A square for each pair, the darker the more.
[[nodiscard]] std::string heat_map(const Matrix& matrix);

}  // namespace netprobe::report
