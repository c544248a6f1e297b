// SPDX-License-Identifier: Apache-2.0
// A real Prometheus takes what is pushed, and its answers are the metrics page.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cmath>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <thread>

#include "export/eventually.h"
#include "export/prometheus/prometheus_exporter.h"
#include "export/prometheus/testing/small_snapshot.h"
#include "export/remote_write/remote_write_sender.h"
#include "io/url.h"
#include "support/certificates.h"
#include "support/clickhouse_server.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace netprobe::test {
namespace {

const SystemClock kClock;

/// Prometheus on loopback, with a folder of its own.
class Prometheus {
 public:
  void start() {
    write_file(dir_.file("prometheus.yml"), "global: {scrape_interval: 1h}\n");
    auto started = Process::start({"prometheus", "--config.file=" + dir_.file("prometheus.yml"),
                                   "--storage.tsdb.path=" + dir_.file("data"),
                                   "--web.enable-remote-write-receiver",
                                   "--web.listen-address=127.0.0.1:" + std::to_string(port_)});
    ASSERT_TRUE(started) << started.error().message;
    process_.emplace(std::move(*started));
    ASSERT_TRUE(eventually([&] {
      const auto ready = plain_http(port_, "/-/ready", "", "", kSecond);
      return ready && ready->status == 200;
    })) << process_->err();
  }
  void kill() { process_.reset(); }
  [[nodiscard]] int port() const { return port_; }

  /// Series by their labels as one text, as of `time`, in seconds.
  [[nodiscard]] std::map<std::string, double> query(const std::string& text, double time) const {
    std::map<std::string, double> all;
    const auto reply = plain_http(
        port_, "/api/v1/query?query=" + percent_encode(text) + "&time=" + std::to_string(time), "",
        "", 10 * kSecond);
    if (!reply || reply->status != 200) return all;
    const auto json = boost::json::parse(reply->body);
    for (const auto& series : json.at("data").at("result").as_array()) {
      std::map<std::string, std::string> labels;
      for (const auto& [name, value] : series.at("metric").as_object())
        labels[std::string(name)] = std::string(value.as_string());
      labels.erase("job");
      labels.erase("instance");
      std::string key;
      for (const auto& [name, value] : labels) key += name + "=" + value + ";";
      all[key] = std::stod(std::string(series.at("value").at(1).as_string()));
    }
    return all;
  }

 private:
  TempDir dir_;
  int port_ = free_loopback_port();
  std::optional<Process> process_;
};

/// The same of the metrics page.
std::map<std::string, double> page_of(const std::string& page) {
  std::map<std::string, double> all;
  std::istringstream in(page);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    const auto space = line.rfind(' ');
    const auto brace = line.find('{');
    std::map<std::string, std::string> labels;
    labels["__name__"] = line.substr(0, std::min(brace, space));
    if (brace != std::string::npos) {
      const std::string text = line.substr(brace + 1, space - brace - 2);
      MetricLabels each(text);
      while (each.next())
        if (!each.value().empty()) labels[std::string(each.name())] = each.value();
    }
    std::string key;
    for (const auto& [name, value] : labels) key += name + "=" + value + ";";
    all[key] = std::stod(line.substr(space + 1));
  }
  return all;
}

Snapshot snapshot_now() {
  Snapshot snapshot = netprobe::testing::small_snapshot();
  snapshot.taken_at = kClock.wall() / kSecond * kSecond;
  snapshot.started_at = snapshot.taken_at - 60 * kSecond;
  return snapshot;
}

class RemoteWriteToPrometheus : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!have_program("prometheus")) GTEST_SKIP() << "there is no prometheus in PATH";
    prometheus_.start();
  }
  [[nodiscard]] std::unique_ptr<MetricPush> push(MetricSource source, Nanos every) const {
    const std::array schemes{kRemoteWriteHttpExport};
    auto target =
        parse_export_target("remote-write+http://127.0.0.1:" + std::to_string(prometheus_.port()) +
                                "/api/v1/write?labels=cluster=west",
                            schemes, kClock.wall());
    EXPECT_TRUE(target);
    auto sender = make_remote_write_sender(*target, kClock);
    EXPECT_TRUE(sender);
    return MetricPush::make(*target, every, std::move(*sender), std::move(source), kClock);
  }
  Prometheus prometheus_;
};

TEST_F(RemoteWriteToPrometheus, ItAnswersAsThePageDoes) {
  Snapshot snapshot = snapshot_now();
  PrometheusExporter exporter({});
  std::atomic<int> asked = 0;
  auto source = [&](auto done) {
    done([&]() -> MetricSetPtr {
      if (asked++ > 0) {
        // One interface goes: its series are to end now, not in five minutes.
        if (snapshot.interfaces.size() > 1) snapshot.interfaces.pop_back();
        snapshot.taken_at += kSecond;
      }
      return std::make_shared<const MetricSet>(exporter.collect(snapshot));
    });
  };
  const auto time = static_cast<double>(snapshot.taken_at) / kSecond;
  const auto page = page_of(exporter.render(snapshot, TextFormat::kPrometheus));
  {
    auto first = push(source, 3'600 * kSecond);
    first->start();
    ASSERT_TRUE(eventually([&] {
      const OutboxStatus status = first->status();
      return status.seen > 0 && status.waiting == 0;
    })) << first->status().problem;
    EXPECT_EQ(first->status().sent, page.size());
    EXPECT_EQ(first->status().problem, "");
  }
  std::map<std::string, double> wanted;
  for (const auto& [key, value] : page) {
    // "cluster" has its place among the labels.
    std::map<std::string, std::string> labels{{"cluster", "west"}};
    std::istringstream in(key);
    for (std::string label; std::getline(in, label, ';');)
      labels[label.substr(0, label.find('='))] = label.substr(label.find('=') + 1);
    std::string whole;
    for (const auto& [name, text] : labels) whole += name + "=" + text + ";";
    wanted[whole] = value;
  }
  EXPECT_EQ(prometheus_.query("{job=\"netprobe-agent\"}", time), wanted);
}

TEST_F(RemoteWriteToPrometheus, SeriesThatAreGoneEndAtOnce) {
  Snapshot snapshot = snapshot_now();
  const Nanos begin = snapshot.taken_at - 10 * kSecond;
  PrometheusExporter exporter({});
  std::atomic<int> asked = 0;
  auto pushing = push(
      [&](auto done) {
        const int number = asked++;
        if (number > 1) return;
        done([&, number]() -> MetricSetPtr {
          snapshot.taken_at = begin + number * kSecond;
          if (number == 1) snapshot.interfaces.pop_back();
          return std::make_shared<const MetricSet>(exporter.collect(snapshot));
        });
      },
      kSecond);
  pushing->start();
  ASSERT_TRUE(eventually([&] { return asked > 2 && pushing->status().waiting == 0; }));
  pushing->stop(kSecond);
  EXPECT_EQ(pushing->status().problem, "");
  const auto seconds = static_cast<double>(begin) / kSecond;
  const std::string query = "netprobe_interface_rx_packets_total";
  EXPECT_EQ(prometheus_.query(query, seconds).size(), 2U);
  EXPECT_EQ(prometheus_.query(query, seconds + 1).size(), 1U);
}

TEST_F(RemoteWriteToPrometheus, WhatWaitedWhileItWasAwayIsThereInTheEnd) {
  const Nanos begin = kClock.wall() / kSecond * kSecond - 100 * kSecond;
  std::atomic<int> asked = 0;
  PrometheusExporter exporter({});
  prometheus_.kill();
  auto pushing = push(
      [&](auto done) {
        const int number = asked++;
        if (number >= 5) return;
        done([&, number]() -> MetricSetPtr {
          Snapshot snapshot = snapshot_now();
          snapshot.taken_at = begin + number * kSecond;
          snapshot.table.total_flows = 100 + static_cast<std::uint64_t>(number);
          return std::make_shared<const MetricSet>(exporter.collect(snapshot));
        });
      },
      100 * kMillisecond);
  pushing->start();
  ASSERT_TRUE(eventually([&] { return asked > 5 && pushing->status().retries > 0; }));
  EXPECT_FALSE(pushing->status().connected);
  prometheus_.start();
  ASSERT_TRUE(eventually([&] { return pushing->status().waiting == 0; }))
      << pushing->status().problem;
  pushing->stop(kSecond);
  const OutboxStatus status = pushing->status();
  EXPECT_EQ(status.sent, status.seen);
  for (int number = 0; number < 5; ++number) {
    const auto answer = prometheus_.query("netprobe_flow_table_begun_total",
                                          static_cast<double>(begin / kSecond + number));
    ASSERT_EQ(answer.size(), 1U) << number;
    EXPECT_EQ(answer.begin()->second, 100 + number);
  }
}

}  // namespace
}  // namespace netprobe::test
