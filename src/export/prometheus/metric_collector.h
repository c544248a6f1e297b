// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "export/prometheus/metric_writer.h"
#include "model/metric_set.h"

namespace netprobe {

/// Gathers what the metrics page would say into a MetricSet.
class MetricCollector final : public MetricWriter {
 public:
  explicit MetricCollector(MetricSet& out) : out_(out) {}
  void family(const MetricDescription& metric) override;
  void sample(const LabelText& labels, std::uint64_t value) override { add(labels, value); }
  void sample(const LabelText& labels, std::int64_t value) override { add(labels, value); }
  void sample(const LabelText& labels, double value) override { add(labels, value); }
  void latencies(const LabelText& labels, const Histogram& histogram,
                 std::span<const Nanos> bounds) override;

 private:
  void add(const LabelText& labels, MetricValue value);
  [[nodiscard]] std::uint32_t keep(const LabelText& labels);
  MetricSet& out_;
};

}  // namespace netprobe
