// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace netprobe::bench {

/// One measured number: goes into the table and into the file beside it.
struct Row {
  std::string what;
  std::string variant;
  double value = 0;  ///< median of interleaved runs
  std::string unit;
  std::string ratio;   ///< against what, as text; empty without
  std::string budget;  ///< empty without
  bool met = true;
};

[[nodiscard]] double median(std::vector<double> values);

/// Prints rows as a table on stdout and appends them, one JSON object a line,
/// to the file that NETPROBE_BENCH_JSON names, if it names one.
void report(const std::string& title, const std::vector<Row>& rows);

}  // namespace netprobe::bench
