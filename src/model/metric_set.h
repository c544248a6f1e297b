// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"

namespace netprobe {

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };
[[nodiscard]] std::string_view to_string(MetricType type);

using MetricValue = std::variant<std::uint64_t, std::int64_t, double>;
[[nodiscard]] double as_double(const MetricValue& value);

/// One value of one series.
struct MetricSample {
  std::uint32_t labels_at = 0;  ///< in MetricSet::text
  std::uint32_t labels_size = 0;
  MetricValue value;
};

/// One histogram; bounds are its family's.
struct MetricHistogram {
  std::uint32_t labels_at = 0;
  std::uint32_t labels_size = 0;
  /// In MetricSet::buckets, not summed up: one more than there are bounds, the last
  /// one for what is above all of them.
  std::uint32_t buckets_at = 0;
  double sum = 0;
  std::uint64_t count = 0;
};

/// A metric with its series. Samples and histograms of it stand together.
struct MetricFamily {
  std::string_view name;  ///< as on the metrics page; static storage, like the next two
  std::string_view unit;  ///< "bytes", "seconds", "packets" …; empty without
  std::string_view help;
  MetricType type{};
  std::uint32_t first = 0;     ///< in MetricSet::samples, or histograms
  std::uint32_t count = 0;     ///< of them
  std::vector<double> bounds;  ///< of a histogram: upper ones, inclusive, ascending
};

/// All metrics as of one moment, for those that push them: what the metrics page
/// says, number for number. Kept in a few large pieces: about 100 bytes a series.
struct MetricSet {
  Nanos taken_at = 0;    ///< wall
  Nanos started_at = 0;  ///< wall: since when counters and histograms count
  std::string node;
  std::string version;
  std::vector<MetricFamily> families;  ///< also those without a series
  std::vector<MetricSample> samples;
  std::vector<MetricHistogram> histograms;
  std::vector<std::uint64_t> buckets;
  /// Labels of all series, as the metrics page writes them: `a="b",c="d"`.
  std::string text;

  template <typename Series>
  [[nodiscard]] std::string_view labels(const Series& series) const {
    return std::string_view(text).substr(series.labels_at, series.labels_size);
  }
  [[nodiscard]] std::span<const MetricSample> samples_of(const MetricFamily& family) const {
    return std::span(samples).subspan(family.first, family.count);
  }
  [[nodiscard]] std::span<const MetricHistogram> histograms_of(const MetricFamily& family) const {
    return std::span(histograms).subspan(family.first, family.count);
  }
  [[nodiscard]] std::span<const std::uint64_t> buckets_of(const MetricFamily& family,
                                                          const MetricHistogram& of) const {
    return std::span(buckets).subspan(of.buckets_at, family.bounds.size() + 1);
  }
};
using MetricSetPtr = std::shared_ptr<const MetricSet>;

/// Takes labels from a text of MetricSet one by one.
class MetricLabels {
 public:
  explicit MetricLabels(std::string_view text) : rest_(text) {}
  /// False: that was all. Name and value hold until the next call.
  [[nodiscard]] bool next();
  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::string_view value() const { return value_; }

 private:
  std::string_view rest_;
  std::string_view name_;
  std::string_view value_;
  std::string unescaped_;
};

/// What tells a series from others of the same family: the same in every set, of a
/// series with the same labels.
[[nodiscard]] std::uint64_t series_key(std::string_view family, std::string_view labels);

}  // namespace netprobe
