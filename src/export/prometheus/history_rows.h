// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "export/prometheus/metric_writer.h"
#include "model/snapshot.h"
#include "query/history_store.h"

namespace netprobe {

/// How history stands, and what its records have too much. Null: there is none.
void write_history(MetricWriter& out, const HistoryStatus* status, const FlowTableStats& table);

}  // namespace netprobe
