// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "export/prometheus/interface_rows.h"
#include "export/prometheus/metric_writer.h"
#include "model/quality.h"

namespace netprobe {

/// The families of connection quality as packets show it.
void write_quality(MetricWriter& out, const QualityReport& quality);
/// The families of links' use: speed, utilisation, peaks, microbursts.
void write_bandwidth(MetricWriter& out, const std::vector<InterfaceRow>& rows);

}  // namespace netprobe
