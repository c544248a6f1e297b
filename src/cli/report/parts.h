// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/report/report.h"
#include "cli/report/svg.h"

namespace netprobe::report {

/// What the column with a part's values counts.
[[nodiscard]] Unit unit_of(Part part);

/// Rows as bars: the last column is the value, those before it the label.
[[nodiscard]] std::vector<Bar> bars_of(const PartAnswer& part, Language language);
/// Sums by step as points; bytes as bytes per second.
[[nodiscard]] std::vector<Point> points_of(const PartAnswer& part, Nanos step);
/// Sums by two names; the names that have most first, at most so many.
[[nodiscard]] Matrix matrix_of(const PartAnswer& part, std::size_t most);
[[nodiscard]] bool has_rows(const PartAnswer& part);

}  // namespace netprobe::report
