// SPDX-License-Identifier: Apache-2.0
// Remote write: what is written by hand, read by protobuf, and what receivers may answer.
#include <gtest/gtest.h>
#include <snappy.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <map>
#include <string>

#include "export/http_receiver.h"
#include "export/prometheus/prometheus_exporter.h"
#include "export/prometheus/testing/small_snapshot.h"
#include "export/remote_write/remote_write_sender.h"
#include "export/remote_write/write_request.h"
#include "remote_write.pb.h"

namespace netprobe::test {
namespace {

constexpr std::uint64_t kStale = 0x7ff0000000000002U;
constexpr std::size_t kMost = 1U << 20U;
const SystemClock kClock;

struct Series {
  double value = 0;
  std::int64_t time = 0;
};

std::string text_of(const prometheus::TimeSeries& series) {
  std::string text;
  std::string last;
  for (const auto& label : series.labels()) {
    EXPECT_LT(last, label.name()) << "not sorted, or twice";
    last = label.name();
    text += label.name() + "=" + label.value() + ";";
  }
  return text;
}

std::map<std::string, Series> read(const std::vector<MetricBody>& bodies) {
  std::map<std::string, Series> all;
  for (const MetricBody& body : bodies) {
    prometheus::WriteRequest request;
    EXPECT_TRUE(request.ParseFromString(body.bytes));
    EXPECT_EQ(static_cast<std::uint64_t>(request.timeseries_size()), body.points);
    for (const auto& series : request.timeseries()) {
      EXPECT_EQ(series.samples_size(), 1);
      const Series value{series.samples(0).value(), series.samples(0).timestamp()};
      EXPECT_TRUE(all.emplace(text_of(series), value).second) << text_of(series) << " twice";
    }
  }
  return all;
}

const ExternalLabels kLabels = external_labels({{"A", "upper"}, {"zone", "z"}}, "n1");

MetricSet small_set() {
  return PrometheusExporter({}).collect(netprobe::testing::small_snapshot());
}

TEST(WriteRequest, HasEverySeriesOfTheSet) {
  const MetricSet set = small_set();
  const auto all = read(encode_write_requests(set, nullptr, kLabels, kMost));
  std::size_t series = set.samples.size();
  for (const MetricFamily& family : set.families)
    if (family.type == MetricType::kHistogram) series += family.count * (family.bounds.size() + 3);
  EXPECT_EQ(all.size(), series);
  const auto found = all.find(
      "A=upper;__name__=netprobe_interface_rx_packets_total;instance=n1;interface=eth0;"
      "job=netprobe-agent;role=uplink;zone=z;");
  ASSERT_NE(found, all.end());
  EXPECT_EQ(found->second.value, 100);
  EXPECT_EQ(found->second.time, set.taken_at / kMillisecond);
}

TEST(WriteRequest, HistogramsAreSummedUpByBound) {
  const auto all = read(encode_write_requests(small_set(), nullptr, {}, kMost));
  double below = -1;
  int buckets = 0;
  for (const auto& [text, series] : all) {
    if (!text.starts_with("__name__=netprobe_workload_tcp_handshake_seconds_bucket;")) continue;
    ++buckets;
    if (text.contains("le=+Inf;")) below = series.value;
  }
  EXPECT_EQ(buckets, 9);
  EXPECT_EQ(below, static_cast<double>(kLatencyBounds.size() + 1));
}

TEST(WriteRequest, ASeriesOwnLabelStaysBesideAnExternalOne) {
  const auto all = read(encode_write_requests(
      small_set(), nullptr, external_labels({{"interface", "mine"}}, "n1"), kMost));
  bool eth0 = false;
  bool mine = false;
  for (const auto& [text, series] : all) {
    eth0 = eth0 || text.contains("interface=eth0;");
    mine = mine || text.contains("interface=mine;");
  }
  EXPECT_TRUE(eth0 && mine);
}

TEST(WriteRequest, IsCutIntoRequestsOfABoundedSize) {
  const auto bodies = encode_write_requests(small_set(), nullptr, kLabels, 10'000);
  EXPECT_GT(bodies.size(), 3U);
  EXPECT_EQ(read(bodies).size(),
            read(encode_write_requests(small_set(), nullptr, kLabels, kMost)).size());
}

TEST(WriteRequest, MarksWhatIsGoneAsStaleOnce) {
  const MetricSet before = small_set();
  auto snapshot = netprobe::testing::small_snapshot();
  snapshot.interfaces.pop_back();
  snapshot.workloads = {};
  snapshot.taken_at += kSecond;
  const MetricSet now = PrometheusExporter({}).collect(snapshot);
  const auto old = read(encode_write_requests(before, nullptr, kLabels, kMost));
  const auto kept = read(encode_write_requests(now, nullptr, kLabels, kMost));
  const auto all = read(encode_write_requests(now, &before, kLabels, kMost));
  std::size_t stale = 0;
  for (const auto& [text, series] : all) {
    EXPECT_EQ(series.time, now.taken_at / kMillisecond);
    const bool is_stale = std::bit_cast<std::uint64_t>(series.value) == kStale;
    EXPECT_EQ(is_stale, !kept.contains(text)) << text;
    if (is_stale) EXPECT_TRUE(old.contains(text)) << text;
    stale += is_stale ? 1 : 0;
  }
  for (const auto& [text, series] : old) EXPECT_TRUE(all.contains(text)) << text;
  EXPECT_GT(stale, 20U);
  EXPECT_EQ(read(encode_write_requests(now, &now, kLabels, kMost)).size(), kept.size());
}

TEST(WriteRequest, TellsOfFamilies) {
  prometheus::WriteRequest request;
  ASSERT_TRUE(request.ParseFromString(
      encode_write_requests(small_set(), nullptr, {}, kMost).front().bytes));
  const auto of_agents = std::ranges::count_if(metric_table(), [](const MetricDescription& metric) {
    return !metric.name.starts_with("netprobe_server_");
  });
  EXPECT_EQ(request.metadata_size(), of_agents);
  EXPECT_EQ(request.metadata(0).type(), prometheus::MetricMetadata::COUNTER);
  EXPECT_EQ(request.metadata(0).metric_family_name(), "netprobe_interface_rx_packets_total");
}

ExportTarget target_of(const std::string& url) {
  static const std::array kSchemes{kRemoteWriteHttpExport, kRemoteWriteHttpsExport};
  auto target = parse_export_target(url, kSchemes, kClock.wall());
  EXPECT_TRUE(target) << target.error().message;
  return *target;
}

MetricOutcome send_one(int port, const MetricSet& set, std::uint64_t& points) {
  auto sender = make_remote_write_sender(
      target_of("remote-write+http://127.0.0.1:" + std::to_string(port) + "/push?timeout=2s"),
      kClock);
  EXPECT_TRUE(sender) << sender.error().message;
  const auto bodies = (*sender)->encode(set, nullptr);
  EXPECT_EQ(bodies.size(), 1U);
  points = bodies.front().points;
  return (*sender)->send(bodies.front());
}

TEST(RemoteWrite, SpeaksAsTheSpecificationSays) {
  std::string body;
  HttpReceiver receiver([&](const HttpReceiver::Request& request) {
    EXPECT_EQ(request.target, "/push");
    EXPECT_EQ(request.headers.at("content-encoding"), "snappy");
    EXPECT_EQ(request.headers.at("content-type"), "application/x-protobuf");
    EXPECT_EQ(request.headers.at("x-prometheus-remote-write-version"), "0.1.0");
    EXPECT_TRUE(snappy::Uncompress(request.body.data(), request.body.size(), &body));
    return HttpReceiver::Reply{.status = 204};
  });
  std::uint64_t points = 0;
  const MetricOutcome outcome = send_one(receiver.port(), small_set(), points);
  EXPECT_FALSE(outcome.again);
  EXPECT_EQ(outcome.problem, "");
  EXPECT_EQ(read({{body, points}}).size(), points);
}

TEST(RemoteWrite, StatusesAreSettledAsTheSpecificationSays) {
  for (const int status : {400, 401, 404, 409, 413, 422, 429, 500, 501, 502, 503, 504}) {
    HttpReceiver receiver([&](const auto&) {
      return HttpReceiver::Reply{status, "Retry-After: 3\r\n", "out of\norder"};
    });
    std::uint64_t points = 0;
    const MetricOutcome outcome = send_one(receiver.port(), small_set(), points);
    const bool again = status == 429 || status >= 500;
    EXPECT_EQ(outcome.again, again) << status;
    EXPECT_EQ(outcome.rejected, again ? 0U : points) << status;
    EXPECT_EQ(outcome.wait, again ? 3 * kSecond : 0) << status;
    EXPECT_TRUE(outcome.problem.contains("out of order")) << outcome.problem;
  }
}

TEST(RemoteWrite, WhatIsNoReceiverHasTakenNothing) {
  for (const HttpReceiver::Reply& reply :
       {HttpReceiver::Reply{200, "Content-Type: text/html\r\n", "<html>"},
        HttpReceiver::Reply{.hang_up = true}, HttpReceiver::Reply{.raw = "SSH-2.0-x\r\n"}}) {
    HttpReceiver receiver([&](const auto&) { return reply; });
    std::uint64_t points = 0;
    const MetricOutcome outcome = send_one(receiver.port(), small_set(), points);
    EXPECT_TRUE(outcome.again);
    EXPECT_NE(outcome.problem, "");
  }
}

TEST(RemoteWriteTarget, RefusesWhatMakesNoSense) {
  const auto error_of = [](const std::string& url) {
    const auto sender = make_remote_write_sender(target_of(url), kClock);
    return sender ? std::string() : sender.error().message;
  };
  EXPECT_EQ(error_of("remote-write+http://prometheus?labels=cluster=west,A=b"), "");
  EXPECT_TRUE(error_of("remote-write+http://prometheus?labels=cluster").contains("cluster"));
  EXPECT_TRUE(error_of("remote-write+http://prometheus?labels=1x=a").contains("1x"));
  EXPECT_TRUE(error_of("remote-write+http://prometheus?labels=__name__=a").contains("__name__"));
  EXPECT_TRUE(error_of("remote-write+http://prometheus?labels=a=b,a=c").contains("twice"));
  EXPECT_TRUE(error_of("remote-write+http://prometheus?every=never").contains("never"));
}

}  // namespace
}  // namespace netprobe::test
