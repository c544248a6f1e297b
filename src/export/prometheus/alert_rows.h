// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "export/prometheus/metric_writer.h"
#include "model/alert.h"

namespace netprobe {

void write_alerts(MetricWriter& out, const AlertReport& report);

}  // namespace netprobe
