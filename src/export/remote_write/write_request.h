// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "model/metric_set.h"
#include "outbox/metric_push.h"

namespace netprobe {

/// Labels that all series get, sorted by name: those of the target, and `job` and
/// `instance` (the node) where it does not name them, as a scrape would add them. A
/// series' own label of the same name stays.
using ExternalLabels = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] ExternalLabels external_labels(ExternalLabels given, const std::string& node);

/// Writes a set as requests of Prometheus' remote write 1.0 (prompb/remote.proto), not yet
/// compressed, of about `most` bytes at most: each series as the metrics page has it, a
/// histogram as its buckets, sum and count. Series of `before` that are gone get a stale
/// marker. Null: there was none before. The first one has the families' metadata.
[[nodiscard]] std::vector<MetricBody> encode_write_requests(const MetricSet& set,
                                                            const MetricSet* before,
                                                            const ExternalLabels& labels,
                                                            std::size_t most);

}  // namespace netprobe
