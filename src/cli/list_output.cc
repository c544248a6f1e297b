// SPDX-License-Identifier: Apache-2.0
#include "cli/list_output.h"

#include <unistd.h>

#include "cli/output.h"

namespace netprobe {

void print_list(simdjson::dom::array list, const ListOutput& how) {
  Output out;
  if (how.json) {
    for (const auto each : list) out.text() += simdjson::minify(each) + "\n";
    (void)out.flush();
    return;
  }
  Table table(how.columns, wants_colour(STDOUT_FILENO, how.no_colour));
  std::vector<Row> rows;
  for (const auto each : list) rows.push_back(how.row(each));
  for (const Row& row : rows) table.fit(row);
  table.append_header(out.text());
  for (const Row& row : rows) table.append_row(out.text(), row);
  (void)out.flush();
}

}  // namespace netprobe
