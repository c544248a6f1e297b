// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "export/prometheus/metric_writer.h"
#include "outbox/outbox.h"

namespace netprobe {

/// How each exporter stands.
void write_exporters(MetricWriter& out, std::span<const OutboxStatus> exporters);

}  // namespace netprobe
