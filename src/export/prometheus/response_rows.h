// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "export/prometheus/metric_writer.h"
#include "model/response.h"

namespace netprobe {

/// Blocks and limits: how many, what they dropped or would have, what was refused.
void write_response(MetricWriter& out, const ResponseReport& response);

}  // namespace netprobe
