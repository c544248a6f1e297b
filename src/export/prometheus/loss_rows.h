// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "export/prometheus/metric_writer.h"
#include "model/snapshot.h"

namespace netprobe {

/// Packets lost between observation points, by their roles.
void write_packet_losses(MetricWriter& out, const Snapshot& snapshot);

}  // namespace netprobe
