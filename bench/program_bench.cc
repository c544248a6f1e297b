// SPDX-License-Identifier: Apache-2.0
// Cost of the flow program by BPF_PROG_TEST_RUN: over an empty program, and
// against a plain hash map. Runs are interleaved; medians are printed.
#include <fmt/format.h>

#include "probes/flow/cache_reader.h"
#include "probes/flow/device_table.h"
#include "probes/flow/flow_programs.h"
#include "report.h"
#include "test_run.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 15;
constexpr int kRepeat = 400'000;

int measure() {
  pin_to_cpu(1);
  lift_memlock_limit();
  const auto kernel = probe_kernel();
  if (!kernel) {
    fmt::print(stderr, "{}\n", kernel.error().message);
    return 1;
  }
  const auto programs = load_bench_programs({}, *kernel);
  auto devices = DeviceTable::make(programs);
  auto reader = CacheReader::make(programs);
  if (!devices || !devices->claim(kTestRunIfindex) || !reader) return 1;
  NullSink sink;
  std::vector<Row> rows;
  for (const std::uint32_t flows : {1U, 10'000U, 100'000U}) {
    if (!rotate(programs, flows)) return 1;
    std::vector<double> empty;
    std::vector<double> cache;
    std::vector<double> hash;
    const auto before = reader->stats().evictions;
    for (int round = -1; round < kRounds; ++round) {
      const double e = test_run(programs.object.program_fd("bench_empty"), kRepeat);
      // In small bites, so that evictions find room in the ring, as they do
      // with a reader beside.
      double c = 0;
      constexpr int kBites = 40;
      for (int bite = 0; bite < kBites; ++bite) {
        c += test_run(programs.object.program_fd("bench_flow"), kRepeat / kBites) / kBites;
        reader->poll(sink);
      }
      const double h = test_run(programs.object.program_fd("bench_hash"), kRepeat);
      if (round < 0) continue;  // warm-up
      empty.push_back(e);
      cache.push_back(c);
      hash.push_back(h);
    }
    const double over = median(cache) - median(empty);
    const double hash_over = median(hash) - median(empty);
    const double evicted = static_cast<double>(reader->stats().evictions - before) /
                           (static_cast<double>(kRepeat) * (kRounds + 1));
    const auto name = fmt::format("flow program, {} flows", flows);
    rows.push_back({name, "empty program", median(empty), "ns", "", "", true});
    const double share = over / hash_over;
    const double budget_ns = flows == 1 ? 15 : 25;
    const double budget_share = flows == 1 ? 0.25 : 1.0 / 3;
    rows.push_back(
        {name, "flow cache, over empty", over, "ns", fmt::format("{:.2f} of the hash map", share),
         flows > 10'000 ? "" : fmt::format("<= {} ns, <= {:.2f}", budget_ns, budget_share),
         over <= budget_ns && share <= budget_share});
    rows.push_back({name, "hash map, over empty", hash_over, "ns", "", "", true});
    rows.push_back({name, "evictions a packet", evicted, "", "", "", true});
  }
  report("Program cost (BPF_PROG_TEST_RUN, rotating packet)", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::measure(); }
