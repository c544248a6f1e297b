// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "export/prometheus/metric_writer.h"
#include "model/netfilter.h"

namespace netprobe {

/// Hook points, drops by chain, the connection table. Chains beyond a bound
/// are one row "~other". Numbers of parts that are not there have no series.
void write_netfilter(MetricWriter& out, const NetfilterReport& report);

}  // namespace netprobe
