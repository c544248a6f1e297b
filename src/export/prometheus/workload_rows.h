// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "export/prometheus/metric_writer.h"
#include "model/snapshot.h"

namespace netprobe {

/// The families of workloads and of pairs of them.
void write_workloads(MetricWriter& out, const Snapshot& snapshot);

}  // namespace netprobe
