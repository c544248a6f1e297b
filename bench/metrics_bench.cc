// SPDX-License-Identifier: Apache-2.0
// What readers cost: the metrics page of 100,000 series in both formats (each
// is rendered from a snapshot, beside the data thread), and what a list of
// 100,000 flows costs the data thread (copy) and the server's (JSON).
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <string>

#include "base/clock.h"
#include "export/prometheus/prometheus_exporter.h"
#include "flow/flow_table.h"
#include "model/flow_json.h"
#include "pod_names.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 15;
constexpr std::uint32_t kInterfaces = 5'000;  // 20 series each
constexpr std::uint32_t kFlows = 100'000;
constexpr double kBudget = 150;  // ms

DeviceCounters some_counters(std::mt19937_64& random) {
  DeviceCounters counters;
  counters.packets = random() >> 24;
  counters.bytes = random() >> 16;
  counters.unattributed[0] = random() >> 50;
  counters.flow_packets = counters.packets - counters.unattributed[0];
  return counters;
}

Snapshot many_interfaces() {
  std::mt19937_64 random(1);  // NOLINT: the same in every run
  Snapshot snapshot;
  snapshot.node_name = "node-1";
  snapshot.version = "1";
  for (std::uint32_t i = 1; i <= kInterfaces; ++i) {
    InterfaceState& state = snapshot.interfaces.emplace_back();
    state.info.ifindex = i;
    state.info.name = fmt::format("veth{:08x}", random() >> 32);
    state.info.role = Role::kPod;
    state.attached = true;
    state.rx = some_counters(random);
    state.tx = some_counters(random);
    state.rx_packets_per_second = static_cast<double>(random() >> 40) / 10;
    state.rx_bytes_per_second = static_cast<double>(random() >> 30) / 10;
    state.tx_packets_per_second = static_cast<double>(random() >> 40) / 10;
    state.tx_bytes_per_second = static_cast<double>(random() >> 30) / 10;
  }
  return snapshot;
}

std::size_t series_of(const std::string& page) {
  std::size_t series = 0;
  for (std::size_t at = 0; at < page.size(); at = page.find('\n', at) + 1)
    series += page[at] != '#' ? 1 : 0;
  return series;
}

template <typename Work>
double millis(const Work& work) {
  const SystemClock clock;
  const Nanos begin = clock.monotonic();
  work();
  return static_cast<double>(clock.monotonic() - begin) / kMillisecond;
}

void measure_pages(std::vector<Row>& rows) {
  const Snapshot snapshot = many_interfaces();
  PrometheusExporter plain({.max_interfaces = kInterfaces});
  PrometheusExporter open({.max_interfaces = kInterfaces});
  std::vector<double> plain_times;
  std::vector<double> open_times;
  std::string page;
  for (int round = -1; round < kRounds; ++round) {
    const double a = millis([&] { page = open.render(snapshot, TextFormat::kOpenMetrics); });
    const double b = millis([&] { page = plain.render(snapshot, TextFormat::kPrometheus); });
    if (round < 0) continue;
    open_times.push_back(a);
    plain_times.push_back(b);
  }
  const auto what = fmt::format("/metrics, {} series", series_of(page));
  const auto row = [&](const char* variant, double time) {
    return Row{what,
               variant,
               time,
               "ms",
               fmt::format("{:.1f} MB a page", static_cast<double>(page.size()) / 1e6),
               "<= 150 ms",
               time <= kBudget};
  };
  rows.push_back(row("Prometheus text", median(plain_times)));
  rows.push_back(row("OpenMetrics", median(open_times)));
  std::vector<double> set_times;
  std::size_t bytes = 0;
  for (int round = -1; round < kRounds; ++round) {
    MetricSet set;
    const double time = millis([&] { set = plain.collect(snapshot); });
    bytes = set.text.size() + set.samples.size() * sizeof(MetricSample);
    if (round >= 0) set_times.push_back(time);
  }
  rows.push_back({what, "collected for a push", median(set_times), "ms",
                  fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6), "", true});
}

void fill(FlowTable& table) {
  for (std::uint32_t i = 0; i < kFlows; ++i) {
    FlowDelta delta;
    delta.tuple = {IpAddress::v4(0x0a000000U + i), IpAddress::v4(0x0a600001U), 40'000, 443,
                   kProtoTcp};
    delta.counters = {i % 1'000, i * 100ULL};
    delta.first = delta.last = kSecond + i;
    for (const std::uint32_t ifindex : {2U, 3U}) {
      delta.ifindex = ifindex;
      FlowHandle handle = 0;
      table.on_flow(delta, handle);
    }
  }
}

void measure_flows(std::vector<Row>& rows) {
  const PodNames names;
  FlowTable table({}, names);
  fill(table);
  std::vector<double> copy_times;
  std::vector<double> json_times;
  std::vector<double> tick_times;
  std::string json;
  Nanos now = 2 * kSecond;
  for (int round = -1; round < kRounds; ++round) {
    std::vector<Flow> flows;
    const double a = millis([&] { flows = table.flows(); });
    const double b = millis([&] {
      json.clear();
      for (const Flow& flow : flows) append_json(json, flow);
    });
    const double c = millis([&] { table.tick(now += kSecond); });
    if (round < 0) continue;
    copy_times.push_back(a);
    json_times.push_back(b);
    tick_times.push_back(c);
  }
  const auto what = fmt::format("{} flows at 2 points", kFlows);
  rows.push_back({what, "copy for a snapshot", median(copy_times), "ms", "", "", true});
  rows.push_back({what, "all as JSON", median(json_times), "ms",
                  fmt::format("{:.0f} MB", static_cast<double>(json.size()) / 1e6), "", true});
  rows.push_back({what, "rates and time-outs", median(tick_times), "ms", "", "", true});
}

int measure() {
  std::vector<Row> rows;
  measure_pages(rows);
  measure_flows(rows);
  report("Metrics and flow lists", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::measure(); }
