// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/loss_rows.h"

#include "export/prometheus/metric_table.h"

namespace netprobe {

void write_packet_losses(MetricWriter& out, const Snapshot& snapshot) {
  out.family(describe(Metric::kLossPackets));
  for (const LossTotal& total : snapshot.loss.totals)
    out.sample({{"from", to_string(total.from)},
                {"to", total.to_known ? to_string(total.to) : std::string_view("unknown")}},
               total.packets);
  out.family(describe(Metric::kLossFlowsFollowed));
  out.sample({}, snapshot.loss.followed);
}

}  // namespace netprobe
