// SPDX-License-Identifier: Apache-2.0
// What sums by workload cost: the data thread for taking the growth of 100,000
// flows into 2,000 pairs and for a report of them, the server for a metrics page
// of 100,000 series half of which are of pairs. CPU time.
#include <fmt/format.h>

#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "analysis/workload/workload_totals.h"
#include "base/clock.h"
#include "cpu_time.h"
#include "export/prometheus/prometheus_exporter.h"
#include "flow/flow_table.h"
#include "pod_names.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 11;
constexpr std::uint32_t kFlows = 100'000;
constexpr std::uint32_t kWorkloads = 2'000;
constexpr std::uint32_t kInterfaces = 2'400;  // 20 series each
constexpr double kBudget = 150;               // ms a page

/// Every flow is of a pod, one of the workloads, that talks to the same server.
class Cluster {
 public:
  Cluster() {
    for (std::uint32_t i = 0; i < kWorkloads; ++i) {
      auto pod = std::make_shared<Identity>();
      pod->name = fmt::format("checkout-{:04}-7d9c5b6f4-x2x9z", i);
      pod->name_space = fmt::format("team-{:02}", i % 50);
      pod->workload_kind = "Deployment";
      pod->workload = fmt::format("checkout-{:04}", i);
      pods_.push_back(std::move(pod));
    }
  }
  void name(Flow& flow) const {
    const auto& bytes = flow.tuple.src.bytes();
    const std::uint32_t host = static_cast<std::uint32_t>(bytes[13]) << 16 |
                               static_cast<std::uint32_t>(bytes[14]) << 8 | bytes[15];
    flow.src_identity = pods_[host % kWorkloads];
    flow.dst_identity = pods_[0];
  }

 private:
  std::vector<IdentityPtr> pods_;
};

void grow(FlowTable& table, Nanos now) {
  for (std::uint32_t i = 0; i < kFlows; ++i) {
    FlowDelta delta;
    delta.tuple = {IpAddress::v4(0x0a000000U + i), IpAddress::v4(0x0a600001U), 40'000, 443,
                   kProtoTcp};
    delta.counters = {1 + i % 1'000, i * 100ULL};
    delta.first = delta.last = now + i;
    delta.sent_syn = true;
    delta.syn = kSecond;
    delta.ack = kSecond + i;
    for (const std::uint32_t ifindex : {2U, 3U}) {
      delta.ifindex = ifindex;
      FlowHandle handle = 0;
      table.on_flow(delta, handle);
    }
  }
}

WorkloadReport measure_sums(std::vector<Row>& rows) {
  const PodNames names;
  const SystemClock clock;
  const Cluster cluster;
  FlowTable table({}, names);
  WorkloadTotals totals({}, [&](Flow& flow) { cluster.name(flow); }, clock);
  table.watch_growth(&totals);
  Nanos now = kSecond;
  grow(table, now);
  const double first = thread_millis_of([&] { table.take_growth(); });
  std::vector<double> take_times;
  std::vector<double> report_times;
  WorkloadReport report;
  for (int round = 0; round < kRounds; ++round) {
    grow(table, now += kSecond);
    take_times.push_back(thread_millis_of([&] { table.take_growth(); }));
    report_times.push_back(thread_millis_of([&] { report = totals.report(); }));
  }
  const auto what = fmt::format("growth of {} flows, {} pairs", kFlows, report.pairs.size());
  const auto each = [](double time) {
    return fmt::format("{:.0f} ns a flow", time * 1e6 / kFlows);
  };
  rows.push_back({what, "told first, named", first, "ms", each(first), "", true});
  rows.push_back(
      {what, "told again", median(take_times), "ms", each(median(take_times)), "", true});
  rows.push_back({what, "report", median(report_times), "ms", "", "", true});
  return report;
}

void measure_page(const WorkloadReport& workloads, std::vector<Row>& rows) {
  Snapshot snapshot;
  for (std::uint32_t i = 1; i <= kInterfaces; ++i) {
    InterfaceState& state = snapshot.interfaces.emplace_back();
    state.info.ifindex = i;
    state.info.name = fmt::format("veth{:08x}", i * 0x9e3779b9U);
    state.info.role = Role::kPod;
    state.attached = true;
    state.rx.packets = state.tx.packets = i * 1'000'003ULL;
  }
  auto kube = std::make_shared<KubeView>();
  kube->status.state = KubeState::kSynced;
  snapshot.kube = kube;
  snapshot.workloads = workloads;
  for (const auto format : {TextFormat::kPrometheus, TextFormat::kOpenMetrics}) {
    PrometheusExporter exporter({.max_interfaces = kInterfaces});
    std::vector<double> times;
    std::string page;
    for (int round = -1; round < kRounds; ++round) {
      const double time = thread_millis_of([&] { page = exporter.render(snapshot, format); });
      if (round >= 0) times.push_back(time);
    }
    std::size_t series = 0;
    for (std::size_t at = 0; at < page.size(); at = page.find('\n', at) + 1)
      series += page[at] != '#' ? 1 : 0;
    rows.push_back({fmt::format("/metrics, {} series", series),
                    format == TextFormat::kPrometheus ? "Prometheus text" : "OpenMetrics",
                    median(times), "ms",
                    fmt::format("{:.1f} MB a page", static_cast<double>(page.size()) / 1e6),
                    "<= 150 ms", median(times) <= kBudget});
  }
}

int measure() {
  std::vector<Row> rows;
  const WorkloadReport workloads = measure_sums(rows);
  measure_page(workloads, rows);
  report("Sums by workload", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::measure(); }
