// SPDX-License-Identifier: Apache-2.0
#include "export/otlp/metric_encoder.h"

#include <unordered_set>
#include <utility>
#include <variant>

#include "base/protobuf.h"
#include "base/utf8.h"

namespace netprobe {
namespace {

// metrics/v1/metrics.proto.
namespace metric {
constexpr std::uint32_t kItem = 2;  // of ScopeMetrics
constexpr std::uint32_t kName = 1;
constexpr std::uint32_t kDescription = 2;
constexpr std::uint32_t kUnit = 3;
constexpr std::uint32_t kGauge = 5;
constexpr std::uint32_t kSum = 7;
constexpr std::uint32_t kHistogram = 9;
}  // namespace metric
namespace data {
constexpr std::uint32_t kPoint = 1;
constexpr std::uint32_t kTemporality = 2;
constexpr std::uint32_t kMonotonic = 3;
constexpr std::uint64_t kCumulative = 2;
}  // namespace data
namespace point {
constexpr std::uint32_t kStart = 2;
constexpr std::uint32_t kTime = 3;
constexpr std::uint32_t kDouble = 4;
constexpr std::uint32_t kInt = 6;
constexpr std::uint32_t kAttribute = 7;
constexpr std::uint32_t kFlags = 8;
}  // namespace point
namespace histogram {
constexpr std::uint32_t kCount = 4;
constexpr std::uint32_t kSum = 5;
constexpr std::uint32_t kBuckets = 6;
constexpr std::uint32_t kBounds = 7;
constexpr std::uint32_t kAttribute = 9;
constexpr std::uint32_t kFlags = 10;
}  // namespace histogram
constexpr std::uint64_t kNoRecordedValue = 1;

constexpr std::string_view kTotal = "_total";

class Encoder {
 public:
  Encoder(const MetricSet& set, const OtlpPairs& resource, std::size_t most)
      : set_(set),
        resource_(otlp_resource(set.node, set.version, resource)),
        scope_(otlp_scope(set.version)),
        most_(most) {}

  std::vector<MetricBody> encode(const MetricSet* before) {
    std::unordered_set<std::uint64_t> there;
    if (before != nullptr) there = keys();
    for (std::size_t i = 0; i < set_.families.size(); ++i) {
      const MetricFamily& family = set_.families[i];
      family_ = &family;
      if (family.type == MetricType::kHistogram) {
        for (const MetricHistogram& series : set_.histograms_of(family)) add(series);
      } else {
        for (const MetricSample& series : set_.samples_of(family)) add(series);
      }
      if (before != nullptr) add_gone(*before, i, there);
      end_metric();
    }
    flush();
    return std::move(bodies_);
  }

 private:
  [[nodiscard]] std::unordered_set<std::uint64_t> keys() const {
    std::unordered_set<std::uint64_t> keys;
    keys.reserve(set_.samples.size() + set_.histograms.size());
    for (const MetricFamily& family : set_.families) {
      if (family.type == MetricType::kHistogram) {
        for (const auto& series : set_.histograms_of(family))
          keys.insert(series_key(family.name, set_.labels(series)));
      } else {
        for (const auto& series : set_.samples_of(family))
          keys.insert(series_key(family.name, set_.labels(series)));
      }
    }
    return keys;
  }

  void begin_metric() {
    if (in_metric_) return;
    in_metric_ = true;
    item_ = out_.begin(metric::kItem);
    out_.text(metric::kName, otlp_metric_name(*family_));
    out_.text(metric::kDescription, family_->help);
    if (const auto unit = otlp_unit(family_->unit); !unit.empty()) out_.text(metric::kUnit, unit);
    data_ = out_.begin(family_->type == MetricType::kHistogram ? metric::kHistogram
                       : family_->type == MetricType::kCounter ? metric::kSum
                                                               : metric::kGauge);
  }
  void end_metric() {
    if (!in_metric_) return;
    in_metric_ = false;
    if (family_->type != MetricType::kGauge) out_.number(data::kTemporality, data::kCumulative);
    if (family_->type == MetricType::kCounter) out_.number(data::kMonotonic, 1);
    out_.end(data_);
    out_.end(item_);
  }
  /// Points of a family that is too large for one request go on in the next.
  void begin_point() {
    if (body_.size() >= most_) {
      end_metric();
      flush();
    }
    begin_metric();
    point_ = out_.begin(data::kPoint);
    ++points_;
  }
  void flush() {
    if (points_ == 0) return;
    bodies_.push_back({otlp_request(resource_, scope_, body_), points_});
    body_.clear();
    points_ = 0;
  }

  void add_times() {
    if (family_->type != MetricType::kGauge)
      out_.fixed(point::kStart, static_cast<std::uint64_t>(set_.started_at));
    out_.fixed(point::kTime, static_cast<std::uint64_t>(set_.taken_at));
  }
  void add_labels(std::uint32_t field, std::string_view text) {
    MetricLabels labels(text);
    while (labels.next()) {
      key_ = otlp_key(labels.name());
      append_otlp_text(body_, field, key_, labels.value());
    }
  }

  void add(const MetricSample& series) {
    begin_point();
    add_times();
    add_labels(point::kAttribute, set_.labels(series));
    const auto* whole = std::get_if<std::uint64_t>(&series.value);
    const auto* number = std::get_if<std::int64_t>(&series.value);
    if (whole != nullptr && *whole <= static_cast<std::uint64_t>(INT64_MAX))
      out_.fixed(point::kInt, *whole);
    else if (number != nullptr)
      out_.fixed(point::kInt, static_cast<std::uint64_t>(*number));
    else
      out_.real(point::kDouble, as_double(series.value));
    out_.end(point_);
  }

  void add(const MetricHistogram& series) {
    begin_point();
    add_times();
    out_.fixed(histogram::kCount, series.count);
    out_.real(histogram::kSum, series.sum);
    auto packed = out_.begin(histogram::kBuckets);
    for (const std::uint64_t count : set_.buckets_of(*family_, series)) out_.little_endian(count);
    out_.end(packed);
    packed = out_.begin(histogram::kBounds);
    for (const double bound : family_->bounds)
      out_.little_endian(std::bit_cast<std::uint64_t>(bound));
    out_.end(packed);
    add_labels(histogram::kAttribute, set_.labels(series));
    out_.end(point_);
  }

  void add_gone(const MetricSet& before, std::size_t index,
                const std::unordered_set<std::uint64_t>& there) {
    if (index >= before.families.size()) return;
    const MetricFamily& old = before.families[index];
    if (old.name != family_->name) return;
    const bool is_histogram = old.type == MetricType::kHistogram;
    const auto gone = [&](std::string_view labels) {
      if (there.contains(series_key(old.name, labels))) return;
      begin_point();
      add_times();
      add_labels(is_histogram ? histogram::kAttribute : point::kAttribute, labels);
      out_.number(is_histogram ? histogram::kFlags : point::kFlags, kNoRecordedValue);
      out_.end(point_);
    };
    if (is_histogram) {
      for (const auto& series : before.histograms_of(old)) gone(before.labels(series));
    } else {
      for (const auto& series : before.samples_of(old)) gone(before.labels(series));
    }
  }

  const MetricSet& set_;
  const std::string resource_;
  const std::string scope_;
  const std::size_t most_;
  std::vector<MetricBody> bodies_;
  std::string body_;
  std::string key_;
  ProtoWriter out_{body_};
  const MetricFamily* family_ = nullptr;
  std::uint64_t points_ = 0;
  std::size_t item_ = 0;
  std::size_t data_ = 0;
  std::size_t point_ = 0;
  bool in_metric_ = false;
};

}  // namespace

std::string_view otlp_metric_name(const MetricFamily& family) {
  std::string_view name = family.name;
  if (family.type == MetricType::kCounter && name.ends_with(kTotal))
    name.remove_suffix(kTotal.size());
  return name;
}

std::string_view otlp_unit(std::string_view unit) {
  if (unit == "bytes") return "By";
  if (unit == "seconds") return "s";
  if (unit == "ratio") return "1";
  if (unit == "packets") return "{packet}";
  return {};
}

std::vector<MetricBody> encode_otlp_metrics(const MetricSet& set, const MetricSet* before,
                                            const OtlpPairs& resource, std::size_t most) {
  return Encoder(set, resource, most).encode(before);
}

}  // namespace netprobe
