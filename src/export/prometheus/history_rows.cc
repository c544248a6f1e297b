// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/history_rows.h"

#include "export/prometheus/metric_table.h"

namespace netprobe {

void write_history(MetricWriter& out, const HistoryStatus* status, const FlowTableStats& table) {
  const auto single = [&](Metric metric, const auto& value_of) {
    out.family(describe(metric));
    if (status != nullptr) out.sample({}, value_of(*status));
  };
  using S = HistoryStatus;
  out.family(describe(Metric::kHistoryInfo));
  if (status != nullptr) out.sample({{"engine", status->engine}}, std::uint64_t{1});
  single(Metric::kHistoryWritable, [](const S& s) { return std::uint64_t{s.writable ? 1U : 0U}; });
  single(Metric::kHistoryRows, [](const S& s) { return s.rows_written; });
  single(Metric::kHistoryBatches, [](const S& s) { return s.batches_written; });
  single(Metric::kHistoryRowsWaiting, [](const S& s) { return s.rows_waiting; });
  out.family(describe(Metric::kHistoryRowsLost));
  std::uint64_t expired = 0;
  if (status != nullptr) {
    for (const auto& [cause, count] : status->lost) {
      if (cause == "retention")
        expired += count;
      else
        out.sample({{"cause", cause}}, count);
    }
  }
  single(Metric::kHistoryRowsExpired, [&](const S&) { return expired; });
  single(Metric::kHistoryDisk, [](const S& s) { return s.bytes_on_disk; });
  single(Metric::kHistorySpilled, [](const S& s) { return s.bytes_spilled; });
  single(Metric::kHistoryMemory, [](const S& s) { return s.memory_bytes; });
  single(Metric::kHistoryFiles, [](const S& s) { return s.files; });
  out.family(describe(Metric::kHistoryOldest));
  if (status != nullptr && status->oldest)
    out.sample({}, static_cast<double>(*status->oldest) / 1e6);
  single(Metric::kHistoryQueries, [](const S& s) { return s.queries; });
  single(Metric::kHistoryQueriesFailed, [](const S& s) { return s.queries_failed; });
  single(Metric::kHistoryFlowsTwice, [&](const S&) { return table.history_twice; });
  single(Metric::kHistoryExcessPackets, [&](const S&) { return table.history_over.packets; });
}

}  // namespace netprobe
