// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/kube_rows.h"

#include <map>
#include <string_view>

#include "export/prometheus/metric_table.h"

namespace netprobe {
namespace {

void write_status(MetricWriter& out, const KubeStatus& status) {
  out.family(describe(Metric::kKubeInfo));
  out.sample({{"state", to_string(status.state)}, {"server_version", status.server_version}},
             std::uint64_t{1});
  out.family(describe(Metric::kKubeUp));
  out.sample({}, std::uint64_t{status.state == KubeState::kSynced ? 1U : 0U});
  out.family(describe(Metric::kKubeLastContact));
  if (status.last_contact > 0) out.sample({}, static_cast<double>(status.last_contact) / 1e9);
  // The page must not have a series twice, whatever the list holds.
  std::map<std::string_view, const KubeResourceStatus*> resources;
  for (const auto& resource : status.resources) resources.try_emplace(resource.name, &resource);
  const auto each = [&](Metric metric, std::uint64_t KubeResourceStatus::* count) {
    out.family(describe(metric));
    for (const auto& [name, resource] : resources)
      out.sample({{"resource", name}}, resource->*count);
  };
  each(Metric::kKubeObjects, &KubeResourceStatus::objects);
  each(Metric::kKubeLists, &KubeResourceStatus::lists);
  each(Metric::kKubeWatches, &KubeResourceStatus::watches);
  each(Metric::kKubeWatchEvents, &KubeResourceStatus::events);
  each(Metric::kKubeSkippedObjects, &KubeResourceStatus::skipped);
  each(Metric::kKubeRequestFailures, &KubeResourceStatus::failures);
}

void write_identities(MetricWriter& out, const IdentityStats& stats) {
  const auto single = [&](Metric metric, std::uint64_t value) {
    out.family(describe(metric));
    out.sample({}, value);
  };
  single(Metric::kIdentityAddresses, stats.addresses);
  single(Metric::kIdentityClaims, stats.claims);
  single(Metric::kIdentityBytes, stats.bytes);
  single(Metric::kIdentityChanges, stats.changes);
  single(Metric::kIdentityConflicts, stats.conflicts);
  single(Metric::kIdentitySkipped, stats.skipped);
  single(Metric::kIdentityEvicted, stats.evicted);
}

}  // namespace

void write_kube(MetricWriter& out, const KubeView& kube) {
  if (kube.status.state == KubeState::kOff) return;
  write_status(out, kube.status);
  write_identities(out, kube.stats);
}

}  // namespace netprobe
