// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/text_writer.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace netprobe {
namespace {

constexpr std::string_view kTotal = "_total";

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// The q of one media range; what is no number counts as "not wanted".
double weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto semicolon = parameters.find(';');
    const auto parameter = trim(parameters.substr(0, semicolon));
    parameters =
        semicolon == std::string_view::npos ? std::string_view{} : parameters.substr(semicolon + 1);
    if (!parameter.starts_with("q=")) continue;
    double weight = 0;
    const auto result =
        std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), weight);
    return result.ec == std::errc{} ? weight : 0;
  }
  return 1;
}

template <typename Number>
void append_number(std::string& out, Number value) {
  char text[32];
  const auto result = std::to_chars(text, text + sizeof(text), value);
  out.append(text, result.ptr);
}

}  // namespace

TextFormat negotiate_format(std::string_view accept) {
  double open_metrics = 0;
  double plain = 0;
  while (!accept.empty()) {
    const auto comma = accept.find(',');
    const auto range = accept.substr(0, comma);
    accept = comma == std::string_view::npos ? std::string_view{} : accept.substr(comma + 1);
    const auto semicolon = range.find(';');
    const auto type = trim(range.substr(0, semicolon));
    const double weight =
        semicolon == std::string_view::npos ? 1 : weight_of(range.substr(semicolon + 1));
    if (type == "application/openmetrics-text") {
      open_metrics = std::max(open_metrics, weight);
    } else if (type == "text/plain" || type == "text/*") {
      plain = std::max(plain, weight);
    }
  }
  return open_metrics > plain ? TextFormat::kOpenMetrics : TextFormat::kPrometheus;
}

std::string_view content_type(TextFormat format) {
  return format == TextFormat::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

void TextWriter::family(const MetricDescription& metric) {
  name_ = metric.name;
  // OpenMetrics names a family of counters without the suffix of its samples.
  std::string_view family = metric.name;
  const bool open_metrics = format_ == TextFormat::kOpenMetrics;
  if (open_metrics && metric.type == MetricType::kCounter && family.ends_with(kTotal))
    family.remove_suffix(kTotal.size());
  const auto line = [&](std::string_view keyword, std::string_view value) {
    out_ += "# ";
    out_ += keyword;
    out_ += ' ';
    out_ += family;
    out_ += ' ';
    out_ += value;
    out_ += '\n';
  };
  line("HELP", metric.help);
  // A counter of an older name that has no suffix is none to OpenMetrics.
  const bool unknown =
      open_metrics && metric.type == MetricType::kCounter && !metric.name.ends_with(kTotal);
  line("TYPE", unknown ? "unknown" : to_string(metric.type));
  if (open_metrics && !metric.unit.empty()) line("UNIT", metric.unit);
}

void TextWriter::begin(const LabelText& labels, std::string_view suffix) {
  out_ += name_;
  out_ += suffix;
  if (!labels.text().empty()) {
    out_ += '{';
    out_ += labels.text();
    out_ += '}';
  }
  out_ += ' ';
}

void TextWriter::sample(const LabelText& labels, std::uint64_t value) {
  begin(labels);
  append_number(out_, value);
  out_ += '\n';
}

void TextWriter::sample(const LabelText& labels, std::int64_t value) {
  begin(labels);
  append_number(out_, value);
  out_ += '\n';
}

void TextWriter::sample(const LabelText& labels, double value) {
  begin(labels);
  if (std::isnan(value)) {
    out_ += "NaN";
  } else if (std::isinf(value)) {
    out_ += value > 0 ? "+Inf" : "-Inf";
  } else {
    append_number(out_, value);
  }
  out_ += '\n';
}

void TextWriter::latencies(const LabelText& labels, const Histogram& histogram,
                           std::span<const Nanos> bounds) {
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    below += histogram.counts[i];
    std::string bound = "+Inf";
    if (i < kLatencyBounds.size()) {
      if (std::ranges::find(bounds, kLatencyBounds[i]) == bounds.end()) continue;
      bound.clear();
      append_number(bound, static_cast<double>(kLatencyBounds[i]) / 1e9);
      // OpenMetrics wants bounds to look like the floats they are.
      if (bound.find_first_of(".e") == std::string::npos) bound += ".0";
    }
    begin(labels.with("le", bound), "_bucket");
    append_number(out_, below);
    out_ += '\n';
  }
  begin(labels, "_sum");
  append_number(out_, static_cast<double>(histogram.sum) / 1e9);
  out_ += '\n';
  begin(labels, "_count");
  append_number(out_, below);
  out_ += '\n';
}

void TextWriter::finish() {
  if (format_ == TextFormat::kOpenMetrics) out_ += "# EOF\n";
}

}  // namespace netprobe
