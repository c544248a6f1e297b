// SPDX-License-Identifier: Apache-2.0
#include "cli/report/report.h"

#include <array>

#include "base/duration.h"
#include "base/json_writer.h"

namespace netprobe::report {
namespace {

struct PartQuery {
  std::string_view name;
  std::string_view query;  ///< "{step}" stands for the step
};
constexpr std::array<PartQuery, kParts> kQueries{
    PartQuery{"traffic", "flows | sum total_bytes every {step}"},
    PartQuery{"workloads",
              "flows src.workload!=none dst.workload!=none | top 10 src.namespace, src.workload, "
              "dst.namespace, dst.workload by total_bytes"},
    PartQuery{"addresses", "flows | top 10 src.ip, dst.ip by total_bytes"},
    PartQuery{"services", "flows | top 10 protocol, dst.port by total_bytes"},
    PartQuery{"namespaces",
              "flows src.namespace!=none dst.namespace!=none | top 60 src.namespace, "
              "dst.namespace by total_bytes"},
    PartQuery{"drops", "drops | top 12 drop.reason by packets"},
    PartQuery{"rtt", "flows protocol=tcp | histogram rtt"},
    PartQuery{"retransmits", "flows protocol=tcp | sum retransmits every {step}"},
    PartQuery{"verdicts", "connections | count by verdict | order by count desc | limit 12"},
};

constexpr std::array kSteps{60 * kSecond,       2 * 60 * kSecond,    5 * 60 * kSecond,
                            10 * 60 * kSecond,  15 * 60 * kSecond,   30 * 60 * kSecond,
                            3600 * kSecond,     2 * 3600 * kSecond,  3 * 3600 * kSecond,
                            6 * 3600 * kSecond, 12 * 3600 * kSecond, 24 * 3600 * kSecond};
constexpr Nanos kPoints = 100;

std::string_view json_of(const QueryAnswerView& answer, std::string& text) {
  text = simdjson::minify(answer.root());
  return text;
}

}  // namespace

std::string_view part_name(Part part) { return kQueries[static_cast<std::size_t>(part)].name; }

std::string part_query(Part part, Nanos step) {
  std::string text(kQueries[static_cast<std::size_t>(part)].query);
  constexpr std::string_view kMark = "{step}";
  if (const auto at = text.find(kMark); at != std::string::npos)
    text.replace(at, kMark.size(), format_duration(step));
  return text;
}

Nanos step_of(Nanos span) {
  for (const Nanos step : kSteps)
    if (span / step <= kPoints) return step;
  // Whole days, so that buckets of an hour are its parts.
  constexpr Nanos kDay = 24 * 3600 * kSecond;
  return (span / kPoints / kDay + 1) * kDay;
}

std::string text_of(simdjson::dom::array row, std::size_t column) {
  simdjson::dom::element value;
  return row.at(column).get(value) == simdjson::SUCCESS ? exact_text(value) : std::string();
}

double number_of(simdjson::dom::array row, std::size_t column) {
  double number = 0;
  return row.at(column).get(number) == simdjson::SUCCESS ? number : 0;
}

void for_rows(const PartAnswer& part, const std::function<void(simdjson::dom::array)>& row) {
  if (!part.answer) return;
  for (const auto each : part.answer->rows())
    if (simdjson::dom::array values; each.get(values) == simdjson::SUCCESS) row(values);
}

std::string report_json(const Report& report) {
  std::string out;
  JsonObject json(out);
  json.text("agent", report.agent);
  json.text("node_name", report.node);
  json.text("version", report.version);
  json.time("since", report.since);
  json.time("until", report.until);
  json.real("step_seconds", static_cast<double>(report.step) / 1e9);
  json.key("parts");
  JsonArray parts(out);
  for (const PartAnswer& part : report.parts) {
    parts.next();
    JsonObject one(out);
    one.text("name", part_name(part.part));
    one.text("query", part.query);
    std::string text;
    if (part.answer) {
      one.key("answer");
      out += json_of(*part.answer, text);
    } else {
      one.text("problem", part.problem);
    }
    one.close();
  }
  parts.close();
  json.close();
  return out + "\n";
}

}  // namespace netprobe::report
