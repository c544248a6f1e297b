// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/response_rows.h"

#include "export/prometheus/metric_table.h"

namespace netprobe {
namespace {

void write_sums(MetricWriter& out, Metric metric, const PlaneCounters& counters,
                std::uint64_t PlaneSum::* what) {
  out.family(describe(metric));
  for (std::size_t i = 0; i < kBlockCauses.size(); ++i) {
    out.sample({{"cause", kBlockCauses[i]}, {"action", "dropped"}}, counters.dropped[i].*what);
    out.sample({{"cause", kBlockCauses[i]}, {"action", "would_drop"}},
               counters.would_drop[i].*what);
  }
}

void write_entries(MetricWriter& out, const BlockListStatus& status) {
  out.family(describe(Metric::kBlocks));
  for (const BlockMode mode : {BlockMode::kDryRun, BlockMode::kEnforce}) {
    const auto i = static_cast<std::size_t>(mode);
    const auto sample = [&](std::string_view kind, std::uint64_t count) {
      out.sample({{"kind", kind}, {"mode", to_string(mode)}}, count);
    };
    sample("block", status.blocks_by_mode[i]);
    sample("limit", status.limits_by_mode[i]);
    sample("list", !status.feed.empty() && status.feed_mode == mode ? status.feed_entries : 0);
  }
  out.family(describe(Metric::kBlockRoom));
  out.sample({{"kind", "block"}}, std::uint64_t{status.caps.entries});
  out.sample({{"kind", "limit"}}, std::uint64_t{status.caps.limits});
  out.sample({{"kind", "list"}}, std::uint64_t{status.room.feed_addresses});
}

}  // namespace

void write_response(MetricWriter& out, const ResponseReport& response) {
  out.family(describe(Metric::kResponseInfo));
  out.sample({{"mode", to_string(response.mode)}}, std::uint64_t{1});
  if (response.mode == ResponseMode::kOff) {
    using enum Metric;
    for (const Metric metric : {kBlocks, kBlockRoom, kBlockPackets, kBlockBytes, kBlockRefusals,
                                kBlockAuditErrors, kBlockAllowed})
      out.family(describe(metric));
    return;
  }
  const BlockListStatus& status = response.status;
  write_entries(out, status);
  write_sums(out, Metric::kBlockPackets, status.counters, &PlaneSum::packets);
  write_sums(out, Metric::kBlockBytes, status.counters, &PlaneSum::bytes);
  out.family(describe(Metric::kBlockRefusals));
  for (std::size_t i = 0; i < kRefusals.size(); ++i)
    out.sample({{"cause", kRefusals[i]}}, status.refused[i]);
  out.family(describe(Metric::kBlockAuditErrors));
  out.sample({}, status.audit_errors);
  out.family(describe(Metric::kBlockAllowed));
  out.sample({}, std::uint64_t{status.allowed});
}

}  // namespace netprobe
