// SPDX-License-Identifier: Apache-2.0
#include "cli/block_view.h"

#include <string>

#include "cli/json_read.h"
#include "cli/units.h"

namespace netprobe {
namespace {

using Element = simdjson::dom::element;

std::uint64_t packets_of(Element answer, std::string_view list) {
  simdjson::dom::array causes;
  std::uint64_t sum = 0;
  if (answer[list].get(causes) == simdjson::SUCCESS)
    for (const auto cause : causes) sum += json_count(cause, "packets");
  return sum;
}

std::size_t size_of(Element answer, std::string_view list) {
  simdjson::dom::array items;
  return answer[list].get(items) == simdjson::SUCCESS ? items.size() : 0;
}

}  // namespace

std::vector<TextColumn> block_columns() {
  using enum Align;
  return {{"WHAT", kLeft, 18},  {"KIND", kLeft, 8},   {"MODE", kLeft, 8}, {"PACKETS", kRight, 8},
          {"BYTES", kRight, 9}, {"UNTIL", kLeft, 20}, {"WHO", kLeft, 10}, {"REASON", kLeft, 20}};
}

Row block_row(Element block) {
  std::string what = json_text(block, "what");
  if (const auto port = json_count(block, "port"); port > 0)
    what += " port " + std::to_string(port);
  if (const auto rate = json_count(block, "rate"); rate > 0)
    what += " " + human_count(static_cast<double>(rate)) +
            (json_text(block, "unit") == "bytes" ? "B/s" : "/s");
  const std::string mode = json_text(block, "mode");
  std::string until = json_text(block, "until");
  if (const auto dot = until.find('.'); dot != std::string::npos)
    until = until.substr(0, dot) + "Z";
  Row row;
  row.emplace_back(what);
  row.emplace_back(json_text(block, "kind"));
  row.push_back({mode, mode == "enforce" ? Style::kRed : Style::kYellow});
  row.emplace_back(human_count(json_real(block, "packets")));
  row.emplace_back(human_bytes(json_real(block, "bytes")));
  row.emplace_back(until);
  row.emplace_back(json_text(block, "who"));
  row.emplace_back(json_text(block, "reason"));
  return row;
}

std::string response_line(Element answer, bool colour) {
  Element response;
  if (answer["response"].get(response) != simdjson::SUCCESS) return {};
  const std::string mode = json_text(response, "mode");
  if (mode == "off") return "response: off\n";
  std::string line = "response: ";
  line += styled(printable(mode), mode == "enforce" ? Style::kRed : Style::kYellow, colour);
  const std::size_t places = size_of(response, "interfaces");
  line += " at " + counted(places, "interface");
  line += ", " + std::to_string(json_count(answer, "total")) + " blocks and limits";
  Element list;
  if (answer["list"].get(list) == simdjson::SUCCESS && !list.is_null())
    line += ", list " + printable(json_text(list, "name")) + " with " +
            std::to_string(json_count(list, "entries"));
  line += ", " + counted(packets_of(answer, "dropped"), "packet") + " dropped, " +
          std::to_string(packets_of(answer, "would_drop")) + " would have been\n";
  return line;
}

}  // namespace netprobe
