// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "export/prometheus/metric_table.h"
#include "model/connection.h"

namespace netprobe {

enum class TextFormat : std::uint8_t {
  kPrometheus,   ///< text exposition format 0.0.4
  kOpenMetrics,  ///< OpenMetrics 1.0.0
};

/// The format that an Accept header asks for: the one it weighs most, and the
/// older one in doubt.
[[nodiscard]] TextFormat negotiate_format(std::string_view accept);
[[nodiscard]] std::string_view content_type(TextFormat format);

/// A set of labels, escaped once and written many times: `a="b",c="d"`.
class LabelText {
 public:
  LabelText() = default;
  LabelText(std::initializer_list<std::pair<std::string_view, std::string_view>> labels);
  /// These and one more.
  [[nodiscard]] LabelText with(std::string_view name, std::string_view value) const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void append(std::string_view name, std::string_view value);
  std::string text_;
};

/// Writes families of samples. All samples of a family follow its family().
class TextWriter {
 public:
  TextWriter(std::string& out, TextFormat format) : out_(out), format_(format) {}
  void family(const MetricDescription& metric);
  void sample(const LabelText& labels, std::uint64_t value);
  void sample(const LabelText& labels, std::int64_t value);
  void sample(const LabelText& labels, double value);
  /// The samples of a histogram of latencies, in seconds, with these of its
  /// bounds.
  void latencies(const LabelText& labels, const Histogram& histogram,
                 std::span<const Nanos> bounds = kLatencyBounds);
  /// Ends the page.
  void finish();

 private:
  void begin(const LabelText& labels, std::string_view suffix = {});
  std::string& out_;
  TextFormat format_;
  std::string_view name_;
};

}  // namespace netprobe
