// SPDX-License-Identifier: Apache-2.0
#include "model/metric_set.h"

#include <functional>

namespace netprobe {

std::string_view to_string(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      return "histogram";
  }
  return "unknown";
}

double as_double(const MetricValue& value) {
  return std::visit([](auto number) { return static_cast<double>(number); }, value);
}

bool MetricLabels::next() {
  const auto equals = rest_.find("=\"");
  if (equals == std::string_view::npos) return false;
  name_ = rest_.substr(0, equals);
  rest_.remove_prefix(equals + 2);
  const auto plain = rest_.find_first_of("\"\\");
  if (plain != std::string_view::npos && rest_[plain] == '"') {
    value_ = rest_.substr(0, plain);
    rest_.remove_prefix(plain + 1);
  } else {
    unescaped_.clear();
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) {
        rest_.remove_prefix(1);
        unescaped_ += rest_.front() == 'n' ? '\n' : rest_.front();
      } else {
        unescaped_ += rest_.front();
      }
      rest_.remove_prefix(1);
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    value_ = unescaped_;
  }
  if (rest_.starts_with(',')) rest_.remove_prefix(1);
  return true;
}

std::uint64_t series_key(std::string_view family, std::string_view labels) {
  // Families are few, and stand in both texts in the same order.
  constexpr std::uint64_t kMix = 0x9e3779b97f4a7c15U;
  const std::hash<std::string_view> hash;
  return hash(family) * kMix ^ hash(labels);
}

}  // namespace netprobe
