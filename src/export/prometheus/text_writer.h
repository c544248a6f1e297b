// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "export/prometheus/metric_writer.h"

namespace netprobe {

enum class TextFormat : std::uint8_t {
  kPrometheus,   ///< text exposition format 0.0.4
  kOpenMetrics,  ///< OpenMetrics 1.0.0
};

/// The format that an Accept header asks for: the one it weighs most, and the
/// older one in doubt.
[[nodiscard]] TextFormat negotiate_format(std::string_view accept);
[[nodiscard]] std::string_view content_type(TextFormat format);

/// Writes the metrics page.
class TextWriter final : public MetricWriter {
 public:
  TextWriter(std::string& out, TextFormat format) : out_(out), format_(format) {}
  void family(const MetricDescription& metric) override;
  void sample(const LabelText& labels, std::uint64_t value) override;
  void sample(const LabelText& labels, std::int64_t value) override;
  void sample(const LabelText& labels, double value) override;
  using MetricWriter::latencies;
  void latencies(const LabelText& labels, const Histogram& histogram,
                 std::span<const Nanos> bounds) override;
  /// Ends the page.
  void finish();

 private:
  void begin(const LabelText& labels, std::string_view suffix = {});
  std::string& out_;
  TextFormat format_;
  std::string_view name_;
};

}  // namespace netprobe
