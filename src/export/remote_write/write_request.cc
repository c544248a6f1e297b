// SPDX-License-Identifier: Apache-2.0
#include "export/remote_write/write_request.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <string_view>
#include <unordered_set>

#include "base/protobuf.h"
#include "base/utf8.h"

namespace netprobe {
namespace {

// prompb/remote.proto and prompb/types.proto.
constexpr std::uint32_t kSeries = 1;
constexpr std::uint32_t kMetadata = 3;
constexpr std::uint32_t kLabel = 1;   // of TimeSeries: {name: 1, value: 2}
constexpr std::uint32_t kSample = 2;  // {value: 1, timestamp: 2}
constexpr std::uint32_t kType = 1;    // of MetricMetadata
constexpr std::uint32_t kName = 2;
constexpr std::uint32_t kHelp = 4;
constexpr std::uint32_t kUnit = 5;

/// The NaN that says "this series ended" (Prometheus' model/value).
constexpr std::uint64_t kStale = 0x7ff0000000000002U;

std::uint64_t type_of(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return 1;
    case MetricType::kGauge:
      return 2;
    case MetricType::kHistogram:
      return 3;
  }
  return 0;
}

/// As the metrics page has it.
std::string bound_text(double bound) {
  std::array<char, 32> text{};
  const auto result = std::to_chars(text.data(), text.data() + text.size(), bound);
  std::string out(text.data(), result.ptr);
  if (out.find_first_of(".e") == std::string::npos) out += ".0";
  return out;
}

class Encoder {
 public:
  Encoder(const MetricSet& set, const ExternalLabels& labels, std::size_t most)
      : set_(set), external_(labels), most_(most) {}

  std::vector<MetricBody> encode(const MetricSet* before) {
    add_metadata();
    for (const MetricFamily& family : set_.families) {
      begin_family(family);
      for_each_series(set_, family, [&](const auto& series) {
        read_labels(set_.labels(series));
        if (before != nullptr) there_.insert(series_key(family.name, set_.labels(series)));
        add(set_, family, series, false);
      });
    }
    if (before != nullptr) {
      for (const MetricFamily& family : before->families) {
        begin_family(family);
        for_each_series(*before, family, [&](const auto& series) {
          const auto text = before->labels(series);
          if (there_.contains(series_key(family.name, text))) return;
          read_labels(text);
          add(*before, family, series, true);
        });
      }
    }
    flush();
    return std::move(bodies_);
  }

 private:
  using Label = std::pair<std::string, std::string>;

  template <typename Each>
  static void for_each_series(const MetricSet& set, const MetricFamily& family, const Each& each) {
    if (family.type == MetricType::kHistogram) {
      for (const MetricHistogram& series : set.histograms_of(family)) each(series);
    } else {
      for (const MetricSample& series : set.samples_of(family)) each(series);
    }
  }

  void begin_family(const MetricFamily& family) {
    name_ = family.name;
    bounds_.clear();
    for (const double bound : family.bounds) bounds_.push_back(bound_text(bound));
    bounds_.emplace_back("+Inf");
  }

  /// Into labels_, sorted, without the name.
  void read_labels(std::string_view text) {
    count_ = 0;
    MetricLabels own(text);
    while (own.next()) keep(own.name(), own.value());
    for (const auto& [name, value] : external_) {
      const auto end = labels_.begin() + static_cast<std::ptrdiff_t>(count_);
      if (std::find_if(labels_.begin(), end,
                       [&](const Label& label) { return label.first == name; }) == end)
        keep(name, value);
    }
    std::sort(labels_.begin(), labels_.begin() + static_cast<std::ptrdiff_t>(count_));
  }
  void keep(std::string_view name, std::string_view value) {
    if (value.empty()) return;  // the same as a label that is not there
    if (count_ == labels_.size()) labels_.emplace_back();
    labels_[count_].first = name;
    labels_[count_].second = value;
    ++count_;
  }

  void add(const MetricSet& /*set*/, const MetricFamily& /*family*/, const MetricSample& series,
           bool stale) {
    add_series("", "", stale ? kStale : std::bit_cast<std::uint64_t>(as_double(series.value)));
  }
  void add(const MetricSet& set, const MetricFamily& family, const MetricHistogram& series,
           bool stale) {
    const auto value_of = [&](double value) {
      return stale ? kStale : std::bit_cast<std::uint64_t>(value);
    };
    std::uint64_t below = 0;
    const auto buckets = set.buckets_of(family, series);
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      below += buckets[i];
      add_series("_bucket", bounds_[i], value_of(static_cast<double>(below)));
    }
    add_series("_sum", "", value_of(series.sum));
    add_series("_count", "", value_of(static_cast<double>(series.count)));
  }

  void add_series(std::string_view suffix, std::string_view bound, std::uint64_t value) {
    if (body_.size() >= most_) flush();
    const auto series = out_.begin(kSeries);
    bool has_name = false;
    bool has_bound = bound.empty();
    // Sorted by bytes: upper case letters stand before the name's '_'.
    const auto before = [&](std::string_view next) {
      if (!has_name && next > "__name__") {
        has_name = true;
        full_name_ = name_;
        full_name_ += suffix;
        add_label("__name__", full_name_);
      }
      if (!has_bound && next > "le") {
        has_bound = true;
        add_label("le", bound);
      }
    };
    for (std::size_t i = 0; i < count_; ++i) {
      before(labels_[i].first);
      add_label(labels_[i].first, labels_[i].second);
    }
    before("\xff");
    const auto sample = out_.begin(kSample);
    out_.fixed(1, value);
    out_.number(2, static_cast<std::uint64_t>(set_.taken_at / kMillisecond));
    out_.end(sample);
    out_.end(series);
    ++points_;
  }
  void add_label(std::string_view name, std::string_view value) {
    const auto label = out_.begin(kLabel);
    out_.text(1, name);
    out_.text(2, value);
    out_.end(label);
  }

  void add_metadata() {
    for (const MetricFamily& family : set_.families) {
      const auto metadata = out_.begin(kMetadata);
      out_.number(kType, type_of(family.type));
      out_.text(kName, family.name);
      out_.text(kHelp, family.help);
      if (!family.unit.empty()) out_.text(kUnit, family.unit);
      out_.end(metadata);
    }
  }

  void flush() {
    if (points_ == 0) return;
    bodies_.push_back({std::move(body_), points_});
    body_ = {};
    points_ = 0;
  }

  const MetricSet& set_;
  const ExternalLabels& external_;
  const std::size_t most_;
  std::vector<MetricBody> bodies_;
  std::string body_;
  ProtoWriter out_{body_};
  std::unordered_set<std::uint64_t> there_;
  std::vector<Label> labels_;  ///< the first count_ of them
  std::size_t count_ = 0;
  std::string_view name_;
  std::string full_name_;
  std::vector<std::string> bounds_;
  std::uint64_t points_ = 0;
};

}  // namespace

ExternalLabels external_labels(ExternalLabels given, const std::string& node) {
  const auto add = [&](const char* name, const std::string& value) {
    if (std::ranges::find(given, name, &std::pair<std::string, std::string>::first) == given.end())
      given.emplace_back(name, mended_utf8(value));
  };
  add("job", "netprobe-agent");
  add("instance", node);
  std::ranges::sort(given);
  return given;
}

std::vector<MetricBody> encode_write_requests(const MetricSet& set, const MetricSet* before,
                                              const ExternalLabels& labels, std::size_t most) {
  return Encoder(set, labels, most).encode(before);
}

}  // namespace netprobe
