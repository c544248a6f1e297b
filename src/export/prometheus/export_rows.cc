// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/export_rows.h"

#include "export/prometheus/metric_table.h"

namespace netprobe {

void write_exporters(MetricWriter& out, std::span<const OutboxStatus> exporters) {
  using S = OutboxStatus;
  const auto family = [&](Metric metric, const auto& value_of) {
    out.family(describe(metric));
    for (const S& s : exporters) out.sample({{"exporter", s.name}}, value_of(s));
  };
  out.family(describe(Metric::kExportInfo));
  for (const S& s : exporters)
    out.sample({{"exporter", s.name}, {"where", s.where}}, std::uint64_t{1});
  family(Metric::kExportConnected, [](const S& s) { return std::uint64_t{s.connected ? 1U : 0U}; });
  family(Metric::kExportSeen, [](const S& s) { return s.seen; });
  out.family(describe(Metric::kExportRecords));
  for (const S& s : exporters) {
    out.sample({{"exporter", s.name}, {"outcome", "sent"}}, s.sent);
    out.sample({{"exporter", s.name}, {"outcome", "passed_over"}}, s.passed_over);
    out.sample({{"exporter", s.name}, {"outcome", "folded"}}, s.folded);
  }
  out.family(describe(Metric::kExportLost));
  for (const S& s : exporters)
    for (const auto& [cause, count] : s.lost)
      out.sample({{"exporter", s.name}, {"cause", cause}}, count);
  family(Metric::kExportWaiting, [](const S& s) { return s.waiting; });
  family(Metric::kExportSums, [](const S& s) { return s.sums; });
  out.family(describe(Metric::kExportFoldRatio));
  for (const S& s : exporters)
    if (s.sums > 0)
      out.sample({{"exporter", s.name}},
                 static_cast<double>(s.folded) / static_cast<double>(s.sums));
  family(Metric::kExportBatches, [](const S& s) { return s.batches; });
  family(Metric::kExportBytes, [](const S& s) { return s.bytes; });
  family(Metric::kExportRetries, [](const S& s) { return s.retries; });
  out.family(describe(Metric::kExportLastSent));
  for (const S& s : exporters)
    if (s.last_sent > 0)
      out.sample({{"exporter", s.name}}, static_cast<double>(s.last_sent) / kSecond);
  family(Metric::kExportCpu, [](const S& s) { return s.cpu_seconds; });
}

}  // namespace netprobe
