// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "export/prometheus/metric_writer.h"
#include "model/link_counts.h"

namespace netprobe {

/// How the agent's link to the cluster's servers stands; null: it has none.
void write_link(MetricWriter& out, const LinkCounts* link);

}  // namespace netprobe
