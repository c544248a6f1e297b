// SPDX-License-Identifier: Apache-2.0
// Cost of the flow program by BPF_PROG_TEST_RUN: over an empty program, and
// against a plain hash map. Runs are interleaved; medians are printed.
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <sched.h>

#include <array>
#include <cstring>

#include "probes/flow/cache_reader.h"
#include "probes/flow/device_table.h"
#include "probes/flow/flow_programs.h"
#include "program.skel.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 15;
constexpr int kRepeat = 400'000;
// Test runs see the loopback device.
constexpr std::uint32_t kIfindex = 1;

struct NullSink final : FlowSink {
  void on_flow(const FlowDelta&, FlowHandle&) override {}
  void on_icmp_error(const IcmpErrorEvent&) override {}
};

struct Bss {
  std::uint32_t flows;
  std::uint32_t turn;
};

std::array<std::uint8_t, 60> udp_packet() {
  std::array<std::uint8_t, 60> p{};
  p[12] = 0x08;  // IPv4
  p[14] = 0x45;
  p[17] = 46;  // total length
  p[22] = 64;  // TTL
  p[23] = 17;  // UDP
  p[26] = 10;
  p[30] = 10;
  p[33] = 2;
  p[36] = 0x10;  // port 4097
  p[37] = 0x01;
  p[39] = 26;
  return p;
}

double run(int program, int repeat) {
  auto packet = udp_packet();
  LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet.data(), .data_size_in = packet.size(),
              .repeat = repeat);
  if (bpf_prog_test_run_opts(program, &options) != 0) {
    fmt::print(stderr, "test run failed: {}\n", std::strerror(errno));
    std::exit(1);
  }
  return options.duration;
}

int measure() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(1, &one);
  sched_setaffinity(0, sizeof(one), &one);

  lift_memlock_limit();
  const auto kernel = probe_kernel();
  if (!kernel) {
    fmt::print(stderr, "{}\n", kernel.error().message);
    return 1;
  }
  std::size_t size = 0;
  const void* elf = program_bpf__elf_bytes(&size);
  auto programs = load_flow_programs({}, *kernel, {static_cast<const std::byte*>(elf), size});
  if (!programs) {
    fmt::print(stderr, "{}\n", programs.error().message);
    return 1;
  }
  auto devices = DeviceTable::make(*programs);
  auto reader = CacheReader::make(*programs);
  if (!devices || !devices->claim(kIfindex) || !reader) return 1;
  const int settings_map = programs->object.map_fd(".data.bench");
  NullSink sink;
  std::vector<Row> rows;
  for (const std::uint32_t flows : {1U, 10'000U, 100'000U}) {
    const std::uint32_t zero = 0;
    const Bss settings{flows, 0};
    if (bpf_map_update_elem(settings_map, &zero, &settings, BPF_ANY) != 0) return 1;
    std::vector<double> empty;
    std::vector<double> cache;
    std::vector<double> hash;
    const auto before = reader->stats().evictions;
    for (int round = -1; round < kRounds; ++round) {
      const double e = run(programs->object.program_fd("bench_empty"), kRepeat);
      // In small bites, so that evictions find room in the ring, as they do
      // with a reader beside.
      double c = 0;
      constexpr int kBites = 40;
      for (int bite = 0; bite < kBites; ++bite) {
        c += run(programs->object.program_fd("bench_flow"), kRepeat / kBites) / kBites;
        reader->poll(sink);
      }
      const double h = run(programs->object.program_fd("bench_hash"), kRepeat);
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
