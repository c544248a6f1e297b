// SPDX-License-Identifier: Apache-2.0
#include "cli/report/parts.h"

#include <algorithm>
#include <map>

#include "base/clock.h"
#include "base/duration.h"
#include "cli/report/words.h"
#include "cli/units.h"

namespace netprobe::report {
namespace {

std::string pair_text(const std::string& from, const std::string& to) { return from + " → " + to; }

/// "shop/web" of two cells.
std::string scoped(const std::string& scope, const std::string& name) {
  return scope.empty() ? name : scope + "/" + name;
}

/// "50us", "2.5ms": bounds are round, and ".0" says nothing of them.
std::string bound_text(double millis) {
  std::string text = human_duration(static_cast<Nanos>(millis * 1e6));
  const auto at = text.find(".0");
  if (at != std::string::npos && text.find_first_of("0123456789", at + 2) == std::string::npos)
    text.erase(at, 2);
  return text;
}

std::string label_of(Part part, simdjson::dom::array row, Language language) {
  const auto text = [&](std::size_t column) {
    std::string cell = text_of(row, column);
    return cell.empty() ? std::string(words_of(language).unknown) : cell;
  };
  switch (part) {
    case Part::kWorkloads:
      return pair_text(scoped(text_of(row, 0), text(1)), scoped(text_of(row, 2), text(3)));
    case Part::kAddresses:
      return pair_text(text(0), text(1));
    case Part::kServices: {
      const std::string port = text_of(row, 1);
      return port.empty() || port == "0" ? text(0) : text(0) + " " + port;
    }
    case Part::kRtt: {
      // Of a histogram: the bucket's upper end, in milliseconds.
      double millis = 0;
      simdjson::dom::element value;
      if (row.at(0).get(value) != simdjson::SUCCESS || value.get(millis) != simdjson::SUCCESS)
        return text(0) == "+Inf" ? ">10s" : text(0);
      return bound_text(millis);
    }
    default:
      return text(0);
  }
}

}  // namespace

Unit unit_of(Part part) {
  switch (part) {
    case Part::kTraffic:
      return Unit::kByteRate;
    case Part::kWorkloads:
    case Part::kAddresses:
    case Part::kServices:
    case Part::kNamespaces:
      return Unit::kBytes;
    default:
      return Unit::kCount;
  }
}

std::vector<Bar> bars_of(const PartAnswer& part, Language language) {
  std::vector<Bar> bars;
  const std::size_t last = part.answer ? part.answer->columns().size() - 1 : 0;
  for_rows(part, [&](simdjson::dom::array row) {
    bars.push_back({label_of(part.part, row, language), number_of(row, last)});
  });
  return bars;
}

std::vector<Point> points_of(const PartAnswer& part, Nanos step) {
  std::vector<Point> points;
  const bool is_rate = unit_of(part.part) == Unit::kByteRate;
  for_rows(part, [&](simdjson::dom::array row) {
    const auto time = parse_time(text_of(row, 0), 0);
    if (!time) return;
    const double value = number_of(row, 1);
    points.push_back({*time, is_rate ? value * 1e9 / static_cast<double>(step) : value});
  });
  std::ranges::sort(points, {}, &Point::time);
  return points;
}

Matrix matrix_of(const PartAnswer& part, std::size_t most) {
  std::map<std::pair<std::string, std::string>, double> sums;
  std::map<std::string, double> from;
  std::map<std::string, double> to;
  for_rows(part, [&](simdjson::dom::array row) {
    const double value = number_of(row, 2);
    sums[{text_of(row, 0), text_of(row, 1)}] += value;
    from[text_of(row, 0)] += value;
    to[text_of(row, 1)] += value;
  });
  const auto first_of = [most](const std::map<std::string, double>& all) {
    std::vector<std::pair<double, std::string>> order;
    for (const auto& [name, value] : all) order.emplace_back(-value, name);
    std::ranges::sort(order);
    std::vector<std::string> names;
    for (const auto& [value, name] : order)
      if (names.size() < most) names.push_back(name);
    return names;
  };
  Matrix matrix{.label = {}, .rows = first_of(from), .columns = first_of(to), .values = {}};
  for (const auto& row : matrix.rows) {
    for (const auto& column : matrix.columns) {
      const auto found = sums.find({row, column});
      matrix.values.push_back(found == sums.end() ? 0 : found->second);
    }
  }
  return matrix;
}

bool has_rows(const PartAnswer& part) { return part.answer && part.answer->rows().size() > 0; }

}  // namespace netprobe::report
