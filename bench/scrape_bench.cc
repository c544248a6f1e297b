// SPDX-License-Identifier: Apache-2.0
// The metrics page with 100,000 series, in both formats, and compressed as
// Prometheus asks for it. The budget is 150 ms.
#include <benchmark/benchmark.h>

#include "export/prometheus/prometheus_exporter.h"
#include "io/deflate.h"

namespace {

using namespace netprobe;

constexpr std::uint32_t kInterfaces = 5'000;  // 20 series each

Snapshot large_snapshot() {
  Snapshot snapshot;
  for (std::uint32_t i = 1; i <= kInterfaces; ++i) {
    InterfaceState state;
    state.info.ifindex = i;
    state.info.name = "veth" + std::to_string(i * 7919);
    state.info.role = Role::kPod;
    state.rx.packets = i * 1'234'567ULL;
    state.rx.bytes = i * 1'234'567'890ULL;
    state.tx = state.rx;
    state.rx_bytes_per_second = i * 1.37;
    snapshot.interfaces.push_back(std::move(state));
  }
  return snapshot;
}

void scrape(benchmark::State& state, TextFormat format, bool compressed) {
  const Snapshot snapshot = large_snapshot();
  PrometheusExporter exporter({.max_interfaces = kInterfaces});
  std::size_t size = 0;
  for (auto _ : state) {
    std::string page = exporter.render(snapshot, format);
    if (compressed) page = gzip(page);
    size = page.size();
    benchmark::DoNotOptimize(page);
  }
  state.counters["bytes"] = static_cast<double>(size);
}

BENCHMARK_CAPTURE(scrape, prometheus, TextFormat::kPrometheus, false)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(scrape, openmetrics, TextFormat::kOpenMetrics, false)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(scrape, prometheus_gzip, TextFormat::kPrometheus, true)
    ->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
