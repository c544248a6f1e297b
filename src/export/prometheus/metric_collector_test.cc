// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/metric_collector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "export/prometheus/prometheus_exporter.h"
#include "export/prometheus/testing/small_snapshot.h"

namespace netprobe {
namespace {

LabelText labels_again(std::string_view text) {
  LabelText labels;
  MetricLabels each(text);
  while (each.next()) labels = labels.with(each.name(), each.value());
  return labels;
}

const MetricDescription& description_of(const MetricFamily& family) {
  return *std::ranges::find(metric_table(), family.name, &MetricDescription::name);
}

/// A histogram in the form that it was collected from.
Histogram latencies_again(const MetricSet& set, const MetricFamily& family,
                          const MetricHistogram& kept) {
  Histogram histogram;
  histogram.counts.resize(kLatencyBounds.size() + 1);
  const auto buckets = set.buckets_of(family, kept);
  std::size_t next = 0;
  for (std::size_t i = 0; i < kLatencyBounds.size() && next < family.bounds.size(); ++i)
    if (static_cast<double>(kLatencyBounds.at(i)) / kSecond == family.bounds[next])
      histogram.counts[i] = buckets[next++];
  EXPECT_EQ(next, family.bounds.size());
  histogram.counts.back() = buckets.back();
  histogram.sum = static_cast<Nanos>(kept.sum * kSecond + 0.5);
  return histogram;
}

/// The page, made of a set alone.
std::string page_of(const MetricSet& set) {
  std::string page;
  TextWriter out(page, TextFormat::kOpenMetrics);
  for (const MetricFamily& family : set.families) {
    out.family(description_of(family));
    if (family.type == MetricType::kHistogram) {
      std::vector<Nanos> bounds;
      for (const double bound : family.bounds)
        bounds.push_back(static_cast<Nanos>(bound * kSecond + 0.5));
      for (const MetricHistogram& kept : set.histograms_of(family))
        out.latencies(labels_again(set.labels(kept)), latencies_again(set, family, kept), bounds);
      continue;
    }
    for (const MetricSample& sample : set.samples_of(family))
      std::visit([&](auto value) { out.sample(labels_again(set.labels(sample)), value); },
                 sample.value);
  }
  out.finish();
  return page;
}

TEST(MetricCollector, HasWhatThePageHas) {
  const Snapshot snapshot = testing::small_snapshot();
  PrometheusExporter exporter({});
  const std::string page = exporter.render(snapshot, TextFormat::kOpenMetrics);
  const MetricSet set = exporter.collect(snapshot);
  EXPECT_EQ(page_of(set), page);
  EXPECT_GT(set.histograms.size(), 0U);
  EXPECT_EQ(set.node, snapshot.node_name);
  EXPECT_EQ(set.taken_at, snapshot.taken_at);
  EXPECT_EQ(set.started_at, snapshot.started_at);
}

TEST(MetricLabels, ReadsWhatWasEscaped) {
  const LabelText text{{"a", "x\\y\"z\n"}, {"b", ""}, {"c", "plain,d=\"1\""}};
  MetricLabels each(text.text());
  std::vector<std::pair<std::string, std::string>> found;
  while (each.next()) found.emplace_back(each.name(), each.value());
  EXPECT_EQ(found, (std::vector<std::pair<std::string, std::string>>{
                       {"a", "x\\y\"z\n"}, {"b", ""}, {"c", "plain,d=\"1\""}}));
}

TEST(MetricLabels, EndsOnTextsThatAreCutOff) {
  for (const std::string_view text : {"", "a", "a=", "a=\"", "a=\"b", "a=\"b\\", ",", "=\"\""}) {
    MetricLabels each(text);
    int labels = 0;
    while (each.next()) ASSERT_LT(++labels, 3) << text;
  }
}

TEST(SeriesKey, TellsFamiliesAndLabelsApart) {
  EXPECT_EQ(series_key("a", "b=\"1\""), series_key("a", "b=\"1\""));
  EXPECT_NE(series_key("a", "b=\"1\""), series_key("b", "b=\"1\""));
  EXPECT_NE(series_key("a", "b=\"1\""), series_key("a", "b=\"2\""));
  EXPECT_NE(series_key("a", "a"), series_key("b", "b"));
}

}  // namespace
}  // namespace netprobe
