// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace netprobe::bench {

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

void report(const std::string& title, const std::vector<Row>& rows) {
  fmt::print("\n{}\n{:<34} {:<24} {:>12} {:<8} {:<28} {}\n", title, "what", "variant", "median",
             "unit", "ratio", "budget");
  for (const Row& row : rows) {
    const std::string verdict =
        row.budget.empty() ? "" : row.budget + (row.met ? "  met" : "  MISSED");
    fmt::print("{:<34} {:<24} {:>12.2f} {:<8} {:<28} {}\n", row.what, row.variant, row.value,
               row.unit, row.ratio, verdict);
  }
  const char* path = std::getenv("NETPROBE_BENCH_JSON");
  if (path == nullptr) return;
  std::ofstream out(path, std::ios::app);
  for (const Row& row : rows) {
    out << fmt::format(
               R"({{"title":"{}","what":"{}","variant":"{}","median":{},"unit":"{}","ratio":"{}","budget":"{}","met":{}}})",
               title, row.what, row.variant, row.value, row.unit, row.ratio, row.budget,
               row.met ? "true" : "false")
        << '\n';
  }
}

}  // namespace netprobe::bench
