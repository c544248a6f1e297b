// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/alert_rows.h"

#include <map>
#include <utility>

#include "export/prometheus/metric_table.h"

namespace netprobe {

namespace {

void write_watchlists(MetricWriter& out, const std::vector<WatchlistStatus>& lists) {
  const auto each = [&](Metric metric, auto value) {
    out.family(describe(metric));
    for (const WatchlistStatus& list : lists) out.sample({{"list", list.name}}, value(list));
  };
  out.family(describe(Metric::kIntelEntries));
  for (const WatchlistStatus& list : lists) {
    out.sample({{"list", list.name}, {"type", "address"}}, list.addresses);
    out.sample({{"list", list.name}, {"type", "network"}}, list.prefixes);
    out.sample({{"list", list.name}, {"type", "name"}}, list.names);
  }
  each(Metric::kIntelUp, [](const auto& l) { return std::uint64_t{l.error.empty() ? 1U : 0U}; });
  each(Metric::kIntelFetched, [](const auto& l) { return static_cast<double>(l.fetched) / 1e9; });
  out.family(describe(Metric::kIntelRefreshes));
  for (const WatchlistStatus& list : lists) {
    out.sample({{"list", list.name}, {"outcome", "new"}}, list.refreshed);
    out.sample({{"list", list.name}, {"outcome", "unchanged"}}, list.unchanged);
    out.sample({{"list", list.name}, {"outcome", "failed"}}, list.failed);
  }
  out.family(describe(Metric::kIntelRefused));
  for (const WatchlistStatus& list : lists)
    for (const auto& [cause, count] : list.refused)
      out.sample({{"list", list.name}, {"cause", cause}}, count);
  each(Metric::kIntelTrimmed, [](const auto& l) { return l.trimmed; });
  each(Metric::kIntelMatches, [](const auto& l) { return l.matches; });
}

}  // namespace

void write_alerts(MetricWriter& out, const AlertReport& report) {
  out.family(describe(Metric::kAlerts));
  for (const AlertTotal& total : report.totals)
    out.sample({{"kind", total.kind}, {"severity", to_string(total.severity)}}, total.count);
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> active;
  for (const AlertPtr& alert : report.alerts)
    if (alert->state == AlertState::kActive && !alert->muted)
      ++active[{alert->finding.kind, to_string(alert->finding.severity)}];
  out.family(describe(Metric::kAlertsActive));
  for (const auto& [what, count] : active)
    out.sample({{"kind", what.first}, {"severity", what.second}}, count);
  out.family(describe(Metric::kAlertsMuted));
  out.sample({}, report.muted);
  out.family(describe(Metric::kAlertsNotKept));
  out.sample({}, report.not_kept);
  const auto each = [&](Metric metric, auto value) {
    out.family(describe(metric));
    for (const DetectorStatus& detector : report.detectors)
      out.sample({{"detector", detector.name}}, value(detector));
  };
  each(Metric::kDetectorOn, [](const auto& d) { return std::uint64_t{d.on ? 1U : 0U}; });
  each(Metric::kDetectorRun, [](const auto& d) { return static_cast<double>(d.run_time) / 1e9; });
  each(Metric::kDetectorNotFollowed, [](const auto& d) { return d.not_followed; });
  each(Metric::kDetectorBytes, [](const auto& d) { return d.bytes; });
  write_watchlists(out, report.watchlists);
}

}  // namespace netprobe
