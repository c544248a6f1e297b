// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "export/prometheus/metric_writer.h"
#include "model/drop.h"

namespace netprobe {

/// Packets that the kernel dropped, by reason and hook: as many series as the
/// kernel has reasons at most, times the layers that use them.
void write_drops(MetricWriter& out, const DropReport& drops);

}  // namespace netprobe
