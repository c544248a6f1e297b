// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "export/prometheus/text_writer.h"
#include "model/netfilter.h"

namespace netprobe {

/// Hook points, drops by chain, the connection table. Chains beyond a bound
/// are one row "~other". Numbers of parts that are not there have no series.
void write_netfilter(TextWriter& out, const NetfilterReport& report);

}  // namespace netprobe
