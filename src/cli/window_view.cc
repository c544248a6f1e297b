// SPDX-License-Identifier: Apache-2.0
#include "cli/window_view.h"

#include "cli/json_read.h"
#include "cli/units.h"

namespace netprobe {
namespace {

std::string remark_of(simdjson::dom::element root) {
  std::string text;
  simdjson::dom::element left;
  if (root["left_out"].get(left) == simdjson::SUCCESS)
    if (const auto bytes = json_count(left, "bytes"); json_count(left, "records") > 0)
      text =
          "there are more groups than the agent keeps: " + human_bytes(static_cast<double>(bytes)) +
          " of this step are in none of them";
  simdjson::dom::element sources;
  if (root["sources"].get(sources) == simdjson::SUCCESS)
    if (const auto all = json_count(sources, "agents"); json_count(sources, "answered") < all)
      text += (text.empty() ? "" : "; ") + std::to_string(json_count(sources, "answered")) +
              " of " + std::to_string(all) + " nodes are in this step: 'netprobe cluster' says why";
  if (const auto missing = json_count(root, "missing"); missing > 0)
    text += (text.empty() ? "" : "; ") + std::to_string(missing) +
            " changes of flows are in no step: the agent had no time or room for them";
  return text;
}

}  // namespace

Status WindowPrinter::append(std::string& out, std::string_view data) {
  const auto step = QueryAnswerView::parse(data);
  if (!step) return std::unexpected(step.error());
  remark_ = remark_of(step->root());
  if (format_ == Format::kJson) {
    (out += data) += '\n';
    return {};
  }
  const auto& columns = step->columns();
  if (format_ == Format::kCsv) {
    if (!begun_) append_csv_header(out, columns);
    for (const auto row : step->rows())
      if (simdjson::dom::array values; row.get(values) == simdjson::SUCCESS)
        append_csv_row(out, columns, values);
  } else {
    Table table(answer_table_columns(columns), colour_);
    std::vector<Row> rows;
    for (const auto row : step->rows())
      if (simdjson::dom::array values; row.get(values) == simdjson::SUCCESS)
        rows.push_back(answer_table_row(columns, values, exact_));
    for (const Row& row : rows) table.fit(row);
    if (!begun_) table.append_header(out);
    for (const Row& row : rows) table.append_row(out, row);
  }
  begun_ = true;
  return {};
}

}  // namespace netprobe
