// SPDX-License-Identifier: Apache-2.0
// What vxlan_stats adds to a packet that is a tunnel, and to one that is not,
// by BPF_PROG_TEST_RUN: the same programs loaded with it and without. Runs are
// interleaved; medians are printed.
#include <bpf/bpf.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <vector>

#include "abi/tunnel_abi.h"
#include "bpf/kernel.h"
#include "probes/flow/device_table.h"
#include "probes/flow/flow_programs.h"
#include "report.h"
#include "test_run.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 15;
constexpr int kRepeat = 200'000;

using Frame = std::vector<std::uint8_t>;

void append_ipv4_udp(Frame& f, std::uint16_t payload, std::uint16_t port) {
  const auto length = static_cast<std::uint16_t>(28 + payload);
  const std::array<std::uint8_t, 28> headers{
      0x45, 0, static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length), 0, 0, 0,
      0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2,
      // UDP
      0xc3, 0x50, static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port),
      static_cast<std::uint8_t>((length - 20) >> 8), static_cast<std::uint8_t>(length - 20), 0, 0};
  f.insert(f.end(), headers.begin(), headers.end());
}

void append_ethernet(Frame& f) {
  f.insert(f.end(), 12, 0);
  f.insert(f.end(), {0x08, 0x00});
}

Frame plain() {
  Frame f;
  append_ethernet(f);
  append_ipv4_udp(f, 50, 53);
  f.insert(f.end(), 50, 0);
  return f;
}

Frame vxlan() {
  Frame f;
  append_ethernet(f);
  append_ipv4_udp(f, 8 + 14 + 28 + 50, 4789);
  f.insert(f.end(), {0x08, 0, 0, 0, 0, 0, 42, 0});
  append_ethernet(f);
  append_ipv4_udp(f, 50, 53);
  f.insert(f.end(), 50, 0);
  return f;
}

struct Variant {
  FlowPrograms programs;
  DeviceTable devices;
};

Variant load(bool stats, const KernelFeatures& kernel) {
  FlowProgramOptions options;
  options.tunnel_stats = stats;
  auto programs = load_bench_programs(options, kernel);
  auto devices = DeviceTable::make(programs);
  if (!devices || !devices->claim(kTestRunIfindex)) std::exit(1);
  return {std::move(programs), std::move(*devices)};
}

/// Other tunnels, so that the map is as full as on a large cluster.
void fill(const FlowPrograms& programs, std::uint32_t rows) {
  np_tunnel_key key{};
  key.kind = NP_TUNNEL_VXLAN;
  const std::vector<np_tunnel_stats> none(programs.cpus);
  for (key.vni = 1000; key.vni < 1000 + rows; ++key.vni)
    bpf_map_update_elem(programs.object.map_fd("vxlan_stats"), &key, none.data(), BPF_ANY);
}

int measure() {
  pin_to_cpu(1);
  lift_memlock_limit();
  const auto kernel = probe_kernel();
  if (!kernel) return 1;
  const Variant without = load(false, *kernel);
  const Variant with = load(true, *kernel);
  const int program_without = without.programs.object.program_fd("bench_fixed");
  const int program_with = with.programs.object.program_fd("bench_fixed");
  std::vector<Row> rows;
  const auto compare = [&](const std::string& what, const Frame& frame, double budget) {
    std::vector<double> off;
    std::vector<double> on;
    for (int round = -1; round < kRounds; ++round) {
      const double a = test_run(program_without, frame, kRepeat);
      const double b = test_run(program_with, frame, kRepeat);
      if (round < 0) continue;  // warm-up
      off.push_back(a);
      on.push_back(b);
    }
    const double more = median(on) - median(off);
    rows.push_back({what, "without vxlan_stats", median(off), "ns", "", "", true});
    rows.push_back({what, "with, over without", more, "ns",
                    fmt::format("{:.2f} of the packet", more / median(off)),
                    fmt::format("<= {} ns", budget), more <= budget});
  };
  compare("a packet that is no tunnel", plain(), 2);
  compare("VXLAN over IPv4", vxlan(), 50);
  fill(with.programs, 5'000);
  compare("VXLAN over IPv4, 5,000 tunnels", vxlan(), 50);
  report("Tunnels by VNI and endpoints (BPF_PROG_TEST_RUN)", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::measure(); }
