// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "export/otlp/attributes.h"
#include "model/metric_set.h"
#include "outbox/metric_push.h"

namespace netprobe {

/// What a metric is called in OTLP: without the "_total" that Prometheus wants of
/// counters, and receivers that speak to Prometheus add again.
[[nodiscard]] std::string_view otlp_metric_name(const MetricFamily& family);
/// Units of UCUM: "By", "s", "1", "{packet}"; empty without.
[[nodiscard]] std::string_view otlp_unit(std::string_view unit);

/// Writes a set as requests of metrics/v1/metrics.proto of about `most` bytes at most:
/// counters as cumulative monotonic sums since the set's start, gauges, histograms.
/// Series of `before` that are gone get a last point that says so, without a value.
/// Null: there was none before.
[[nodiscard]] std::vector<MetricBody> encode_otlp_metrics(const MetricSet& set,
                                                          const MetricSet* before,
                                                          const OtlpPairs& resource,
                                                          std::size_t most);

}  // namespace netprobe
