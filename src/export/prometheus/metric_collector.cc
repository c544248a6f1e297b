// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/metric_collector.h"

#include <algorithm>

namespace netprobe {

void MetricCollector::family(const MetricDescription& metric) {
  const bool histograms = metric.type == MetricType::kHistogram;
  const std::size_t first = histograms ? out_.histograms.size() : out_.samples.size();
  out_.families.push_back({.name = metric.name,
                           .unit = metric.unit,
                           .help = metric.help,
                           .type = metric.type,
                           .first = static_cast<std::uint32_t>(first),
                           .bounds = {}});
}

std::uint32_t MetricCollector::keep(const LabelText& labels) {
  const auto at = static_cast<std::uint32_t>(out_.text.size());
  out_.text += labels.text();
  return at;
}

void MetricCollector::add(const LabelText& labels, MetricValue value) {
  ++out_.families.back().count;
  out_.samples.push_back({keep(labels), static_cast<std::uint32_t>(labels.text().size()), value});
}

void MetricCollector::latencies(const LabelText& labels, const Histogram& histogram,
                                std::span<const Nanos> bounds) {
  MetricFamily& family = out_.families.back();
  if (family.bounds.empty())
    for (const Nanos bound : bounds) family.bounds.push_back(static_cast<double>(bound) / kSecond);
  MetricHistogram kept{.labels_at = keep(labels),
                       .labels_size = static_cast<std::uint32_t>(labels.text().size()),
                       .buckets_at = static_cast<std::uint32_t>(out_.buckets.size()),
                       .sum = static_cast<double>(histogram.sum) / kSecond};
  std::uint64_t inside = 0;
  for (std::size_t i = 0; i < kLatencyBounds.size(); ++i) {
    if (i < histogram.counts.size()) {
      inside += histogram.counts[i];
      kept.count += histogram.counts[i];
    }
    if (std::ranges::find(bounds, kLatencyBounds.at(i)) == bounds.end()) continue;
    out_.buckets.push_back(inside);
    inside = 0;
  }
  for (std::size_t i = kLatencyBounds.size(); i < histogram.counts.size(); ++i) {
    inside += histogram.counts[i];
    kept.count += histogram.counts[i];
  }
  out_.buckets.push_back(inside);
  ++family.count;
  out_.histograms.push_back(kept);
}

}  // namespace netprobe
