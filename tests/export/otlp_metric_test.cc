// SPDX-License-Identifier: Apache-2.0
// Metrics as OTLP: what is written by hand, read by the official messages.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "export/otlp/metric_encoder.h"
#include "export/otlp_receiver.h"
#include "export/prometheus/prometheus_exporter.h"
#include "export/prometheus/testing/small_snapshot.h"

namespace netprobe::test {
namespace {

namespace v1 = opentelemetry::proto::metrics::v1;

constexpr std::size_t kMost = 3U << 20U;

struct Read {
  std::map<std::string, v1::Metric> metrics;  ///< points of all requests together
  std::uint64_t points = 0;
  std::size_t largest = 0;
};

std::uint64_t points_of(const v1::Metric& metric) {
  return static_cast<std::uint64_t>(metric.gauge().data_points_size() +
                                    metric.sum().data_points_size() +
                                    metric.histogram().data_points_size());
}

Read read(const std::vector<MetricBody>& bodies) {
  Read all;
  for (const MetricBody& body : bodies) {
    metrics::ExportMetricsServiceRequest request;
    EXPECT_TRUE(request.ParseFromString(body.bytes));
    EXPECT_EQ(request.resource_metrics_size(), 1);
    EXPECT_EQ(request.resource_metrics(0).scope_metrics_size(), 1);
    all.largest = std::max(all.largest, body.bytes.size());
    std::uint64_t points = 0;
    for (const auto& metric : request.resource_metrics(0).scope_metrics(0).metrics()) {
      points += points_of(metric);
      all.metrics[metric.name()].MergeFrom(metric);
    }
    EXPECT_EQ(points, body.points);
    all.points += points;
  }
  return all;
}

template <typename Point>
std::string labels_of(const Point& point) {
  std::string text;
  for (const auto& attribute : point.attributes())
    text += attribute.key() + "=" + attribute.value().string_value() + ";";
  return text;
}

std::string labels_of(std::string_view text) {
  std::string out;
  MetricLabels labels(text);
  while (labels.next()) {
    out += labels.name();
    out += '=';
    out += labels.value();
    out += ';';
  }
  return out;
}

MetricSet small_set() {
  return PrometheusExporter({}).collect(netprobe::testing::small_snapshot());
}

/// Each value of the set, where the messages have it.
void expect_all(const MetricSet& set, const Read& all) {
  for (const MetricFamily& family : set.families) {
    if (family.count == 0) continue;
    const auto found = all.metrics.find(std::string(otlp_metric_name(family)));
    ASSERT_NE(found, all.metrics.end()) << family.name;
    const v1::Metric& metric = found->second;
    ASSERT_EQ(points_of(metric), family.count) << family.name;
    int i = 0;
    if (family.type == MetricType::kHistogram) {
      for (const MetricHistogram& series : set.histograms_of(family)) {
        const auto& point = metric.histogram().data_points(i++);
        EXPECT_EQ(labels_of(point), labels_of(set.labels(series)));
        EXPECT_EQ(point.count(), series.count);
        EXPECT_EQ(point.sum(), series.sum);
        const auto buckets = set.buckets_of(family, series);
        EXPECT_EQ(std::vector(point.bucket_counts().begin(), point.bucket_counts().end()),
                  std::vector(buckets.begin(), buckets.end()));
        EXPECT_EQ(std::vector(point.explicit_bounds().begin(), point.explicit_bounds().end()),
                  family.bounds);
        EXPECT_EQ(point.start_time_unix_nano(), static_cast<std::uint64_t>(set.started_at));
      }
      EXPECT_EQ(metric.histogram().aggregation_temporality(),
                v1::AGGREGATION_TEMPORALITY_CUMULATIVE);
      continue;
    }
    const bool sum = family.type == MetricType::kCounter;
    if (sum) {
      EXPECT_TRUE(metric.sum().is_monotonic());
      EXPECT_EQ(metric.sum().aggregation_temporality(), v1::AGGREGATION_TEMPORALITY_CUMULATIVE);
    }
    for (const MetricSample& series : set.samples_of(family)) {
      const auto& point = sum ? metric.sum().data_points(i++) : metric.gauge().data_points(i++);
      EXPECT_EQ(labels_of(point), labels_of(set.labels(series)));
      EXPECT_EQ(point.has_as_int() ? static_cast<double>(point.as_int()) : point.as_double(),
                as_double(series.value))
          << family.name;
      EXPECT_EQ(point.time_unix_nano(), static_cast<std::uint64_t>(set.taken_at));
      EXPECT_EQ(point.start_time_unix_nano(),
                sum ? static_cast<std::uint64_t>(set.started_at) : 0U);
    }
  }
}

TEST(OtlpMetrics, HaveWhatThePageHas) {
  const MetricSet set = small_set();
  const Read all = read(encode_otlp_metrics(set, nullptr, {}, kMost));
  expect_all(set, all);
  EXPECT_EQ(all.points, set.samples.size() + set.histograms.size());
  EXPECT_EQ(all.metrics.at("process_cpu_seconds").unit(), "s");
  EXPECT_EQ(all.metrics.at("netprobe_interface_rx_bytes").unit(), "By");
}

TEST(OtlpMetrics, AreCutIntoRequestsOfABoundedSize) {
  const MetricSet set = small_set();
  const auto bodies = encode_otlp_metrics(set, nullptr, {}, 2'000);
  EXPECT_GT(bodies.size(), 5U);
  const Read all = read(bodies);
  EXPECT_LT(all.largest, 4'000U);
  EXPECT_EQ(all.points, set.samples.size() + set.histograms.size());
  for (const MetricFamily& family : set.families)
    if (family.count > 0)
      EXPECT_EQ(points_of(all.metrics.at(std::string(otlp_metric_name(family)))), family.count);
}

TEST(OtlpMetrics, SeriesThatAreGoneSaySoOnce) {
  const MetricSet before = small_set();
  auto snapshot = netprobe::testing::small_snapshot();
  snapshot.interfaces.pop_back();
  const MetricSet now = PrometheusExporter({}).collect(snapshot);
  const Read all = read(encode_otlp_metrics(now, &before, {}, kMost));
  int gone = 0;
  for (const auto& point : all.metrics.at("netprobe_interface_rx_packets").sum().data_points()) {
    const bool eth1 = labels_of(point).starts_with("interface=eth1;");
    EXPECT_EQ(point.flags(), eth1 ? 1U : 0U);
    EXPECT_EQ(point.value_case() == v1::NumberDataPoint::VALUE_NOT_SET, eth1);
    gone += eth1 ? 1 : 0;
  }
  EXPECT_EQ(gone, 1);
  EXPECT_EQ(read(encode_otlp_metrics(now, &now, {}, kMost)).points,
            now.samples.size() + now.histograms.size());
}

TEST(OtlpMetrics, CountsBeyondSignedNumbersAreNotNegative) {
  Snapshot snapshot;
  snapshot.table.total_flows = UINT64_MAX;
  const MetricSet set = PrometheusExporter({}).collect(snapshot);
  const Read all = read(encode_otlp_metrics(set, nullptr, {}, kMost));
  EXPECT_EQ(all.metrics.at("netprobe_flow_table_begun").sum().data_points(0).as_double(),
            static_cast<double>(UINT64_MAX));
}

}  // namespace
}  // namespace netprobe::test
