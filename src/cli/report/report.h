// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/query_answer.h"

namespace netprobe::report {

/// What a report tells, in this order.
enum class Part : std::uint8_t {
  kTraffic,
  kWorkloads,
  kAddresses,
  kServices,
  kNamespaces,
  kDrops,
  kRtt,
  kRetransmits,
  kVerdicts,
  kCount,
};
inline constexpr std::size_t kParts = static_cast<std::size_t>(Part::kCount);

/// "traffic", "workloads", …: as the JSON has them.
[[nodiscard]] std::string_view part_name(Part part);
/// The query that a part is made of. `step`: of what is over time.
[[nodiscard]] std::string part_query(Part part, Nanos step);
/// The step that gives a chart of `span` a hundred points or fewer.
[[nodiscard]] Nanos step_of(Nanos span);

struct PartAnswer {
  Part part{};
  std::string query;
  std::optional<QueryAnswerView> answer;
  std::string problem;  ///< why there is no answer
};

struct Report {
  std::string agent;  ///< URL
  std::string node;   ///< empty: not known
  std::string version;
  Nanos since = 0;  ///< wall
  Nanos until = 0;
  Nanos step = 0;
  std::vector<PartAnswer> parts;
};

/// Cells of a row as text and number; empty and 0 where they are not there.
[[nodiscard]] std::string text_of(simdjson::dom::array row, std::size_t column);
[[nodiscard]] double number_of(simdjson::dom::array row, std::size_t column);
/// Calls `row` with every row of the part's answer.
void for_rows(const PartAnswer& part, const std::function<void(simdjson::dom::array)>& row);

enum class Language : std::uint8_t { kEnglish, kChinese };

[[nodiscard]] std::string report_text(const Report& report, bool colour, Language language);
[[nodiscard]] std::string report_json(const Report& report);
/// One file that needs nothing else: no script, nothing from another host.
[[nodiscard]] std::string report_html(const Report& report, Language language);

}  // namespace netprobe::report
