// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/drop_rows.h"

#include "export/prometheus/metric_table.h"

namespace netprobe {

void write_drops(MetricWriter& out, const DropReport& drops) {
  out.family(describe(Metric::kDrops));
  for (const auto& [name, count] : drops.totals)
    out.sample({{"reason", name.first}, {"hook", name.second}}, count);
}

}  // namespace netprobe
