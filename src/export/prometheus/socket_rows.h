// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "export/prometheus/metric_writer.h"
#include "model/connection.h"

namespace netprobe {

/// The socket probe's families: sums by protocol, role, event, errno and
/// verdict, whose numbers of values are fixed by the code.
void write_sockets(MetricWriter& out, const SocketReport& sockets);

}  // namespace netprobe
