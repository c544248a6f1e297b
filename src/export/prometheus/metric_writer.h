// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "export/prometheus/label_text.h"
#include "export/prometheus/metric_table.h"
#include "model/connection.h"

namespace netprobe {

/// Takes families of samples, in whatever form they leave. All samples of a family
/// follow its family().
class MetricWriter {
 public:
  virtual ~MetricWriter() = default;
  virtual void family(const MetricDescription& metric) = 0;
  virtual void sample(const LabelText& labels, std::uint64_t value) = 0;
  virtual void sample(const LabelText& labels, std::int64_t value) = 0;
  virtual void sample(const LabelText& labels, double value) = 0;
  /// A histogram of latencies, in seconds, with these of its bounds.
  virtual void latencies(const LabelText& labels, const Histogram& histogram,
                         std::span<const Nanos> bounds) = 0;
  void latencies(const LabelText& labels, const Histogram& histogram) {
    latencies(labels, histogram, kLatencyBounds);
  }
};

}  // namespace netprobe
