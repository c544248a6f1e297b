// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "export/prometheus/metric_writer.h"
#include "model/snapshot.h"

namespace netprobe {

/// The families of tunnels, of MTUs that are too small, and of XDP.
void write_tunnels(MetricWriter& out, const Snapshot& snapshot);
void write_xdp(MetricWriter& out, const Snapshot& snapshot);

}  // namespace netprobe
