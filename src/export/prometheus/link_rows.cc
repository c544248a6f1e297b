// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/link_rows.h"

#include "export/prometheus/metric_table.h"

namespace netprobe {

void write_link(MetricWriter& out, const LinkCounts* link) {
  const auto by_kind = [&](Metric metric, const auto& value_of) {
    out.family(describe(metric));
    if (link == nullptr) return;
    for (const LinkCounts::Calls& calls : link->calls)
      out.sample({{"kind", calls.kind}}, std::uint64_t{value_of(calls)});
  };
  const auto single = [&](Metric metric, const auto& value_of) {
    out.family(describe(metric));
    if (link != nullptr) out.sample({}, std::uint64_t{value_of(*link)});
  };
  using C = LinkCounts::Calls;
  by_kind(Metric::kLinkCalls, [](const C& c) { return c.taken; });
  by_kind(Metric::kLinkActive, [](const C& c) { return c.now; });
  by_kind(Metric::kLinkRefused, [](const C& c) { return c.refused; });
  single(Metric::kLinkUnreadable, [](const LinkCounts& l) { return l.unreadable; });
  single(Metric::kLinkStalled, [](const LinkCounts& l) { return l.stalled; });
  single(Metric::kLinkLiveBytes, [](const LinkCounts& l) { return l.live_bytes; });
}

}  // namespace netprobe
