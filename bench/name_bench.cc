// SPDX-License-Identifier: Apache-2.0
// What telling of DNS and neighbours adds to packets that are none, to those that are, and
// to a flood of them, by BPF_PROG_TEST_RUN: the same programs loaded with it and without.
// Runs are interleaved; medians are printed. Then what reading the messages takes.
#include <bpf/bpf.h>
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <vector>

#include "bpf/kernel.h"
#include "bpf/ring_reader.h"
#include "probes/dns/name_decoder.h"
#include "probes/flow/device_table.h"
#include "probes/flow/flow_programs.h"
#include "report.h"
#include "support/packet_builder.h"
#include "test_run.h"

namespace netprobe::bench {
namespace {

using test::Bytes;
using test::Packet;

constexpr int kRounds = 15;
constexpr int kRepeat = 200'000;

struct Variant {
  FlowPrograms programs;
  DeviceTable devices;
  [[nodiscard]] int program() const { return programs.object.program_fd("bench_fixed"); }
};

Variant load(std::uint32_t per_window, const KernelFeatures& kernel) {
  FlowProgramOptions options;
  options.names = per_window > 0;
  options.names_per_window = per_window;
  auto programs = load_bench_programs(options, kernel);
  auto devices = DeviceTable::make(programs);
  if (!devices || !devices->claim(kTestRunIfindex)) std::exit(1);
  return {std::move(programs), std::move(*devices)};
}

/// A question as resolvers send it.
Packet question() {
  Bytes dns{0x12, 0x34, 1,   0,   0,   1,   0,   0, 0,   0,   0,   0, 3, 'w', 'w', 'w', 7,
            'e',  'x',  'a', 'm', 'p', 'l', 'e', 3, 'c', 'o', 'm', 0, 0, 1,   0,   1};
  return Packet()
      .ether()
      .ip("10.0.0.9", "10.0.0.53")
      .udp({.src = 4'000, .dst = 53})
      .raw({.bytes = dns});
}

int measure() {
  pin_to_cpu(1);
  lift_memlock_limit();
  const auto kernel = probe_kernel();
  if (!kernel) return 1;
  const FlowProgramOptions defaults;
  const Variant off = load(0, *kernel);
  const Variant on = load(defaults.names_per_window, *kernel);
  const Variant all = load(UINT32_MAX, *kernel);
  auto maps = share_name_maps(all.programs);
  if (!maps) return 1;
  std::uint64_t told = 0;
  auto ring = RingReader::make(maps->events.get(), [&told](std::span<const std::byte>) { ++told; });
  if (!ring) return 1;

  std::vector<Row> rows;
  const auto compare = [&](const std::string& what, const Bytes& frame, double budget) {
    std::vector<double> without;
    std::vector<double> with;
    for (int round = -1; round < kRounds; ++round) {
      const double a = test_run(off.program(), frame, kRepeat);
      const double b = test_run(on.program(), frame, kRepeat);
      if (round < 0) continue;  // warm-up
      without.push_back(a);
      with.push_back(b);
    }
    const double more = median(with) - median(without);
    rows.push_back({what, "without names", median(without), "ns", "", "", true});
    rows.push_back({what, "with, over without", more, "ns", "", fmt::format("<= {} ns", budget),
                    more <= budget});
  };
  const Packet v4 = Packet().ether().ip("10.0.0.9", "10.0.0.53");
  const Packet v6 = Packet().ether().ip("fd00::9", "fd00::53");
  compare("TCP over IPv4, in the cache",
          Packet(v4).tcp({.src = 4'000, .dst = 443, .flags = 0x10}).bytes(), 1);
  compare("UDP over IPv4, in the cache",
          Packet(v4).udp({.src = 4'000, .dst = 443}).payload(64).bytes(), 2);
  compare("UDP over IPv6, in the cache",
          Packet(v6).udp({.src = 4'000, .dst = 443}).payload(64).bytes(), 2);
  compare("a flood of DNS", question().bytes(), 60);

  // Each one told, and read beside.
  std::vector<double> without;
  std::vector<double> with;
  constexpr int kBite = 500;
  for (int round = 0; round < kRounds * 20; ++round) {
    without.push_back(test_run(off.program(), question().bytes(), kBite));
    with.push_back(test_run(all.program(), question().bytes(), kBite));
    ring->drain();
  }
  rows.push_back({"DNS that is told", "over without names", median(with) - median(without), "ns",
                  "", "", true});

  // The thread's side: decode, parse, and know again what was seen before.
  NameDecoder decoder;
  std::uint64_t read = 0;
  Bytes frame = question().bytes();
  auto reading = RingReader::make(maps->events.get(), [&](std::span<const std::byte> record) {
    decoder.add(record, 0);
    ++read;
  });
  if (!reading) return 1;
  std::chrono::nanoseconds spent{};
  for (std::uint32_t i = 0; i < 50'000; ++i) {
    frame[42] = static_cast<std::uint8_t>(i >> 8U);  // the message's id: each is another
    frame[43] = static_cast<std::uint8_t>(i);
    (void)test_run(all.program(), frame, 1);
    if (i % 1'000 != 999) continue;
    const auto begin = std::chrono::steady_clock::now();
    reading->drain();
    (void)decoder.take();
    spent += std::chrono::steady_clock::now() - begin;
  }
  rows.push_back({"reading a message", "decode and parse",
                  static_cast<double>(spent.count()) / static_cast<double>(read), "ns", "", "",
                  true});
  const auto records = decoder.stats().records;
  if (records != read || told == 0) return 1;
  report("DNS and neighbours (BPF_PROG_TEST_RUN)", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::measure(); }
