// SPDX-License-Identifier: Apache-2.0
// All detectors in one process under a flood of sources that nobody has seen before, through
// what the detection thread runs: what the heap and the process have more afterwards.
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "alerts/detection.h"
#include "base/clock.h"
#include "cpu_time.h"
#include "detectors/registry.h"
#include "detectors/testing/spoofed_flood.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr std::uint64_t kSources = 10'000'000;
constexpr std::size_t kBatch = 20'000;
constexpr double kBudget = 64;  // MiB
constexpr double kMebibyte = 1'048'576;

/// What the process has in memory that is not a file's, MiB.
double resident_now() {
  ::malloc_trim(0);
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("RssAnon:"))
      return static_cast<double>(std::strtoull(line.c_str() + 8, nullptr, 10)) / 1024;
  return 0;
}

double heap_now() {
  const auto info = ::mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd) / kMebibyte;
}

struct Memory {
  double heap = 0;
  double resident = 0;
  [[nodiscard]] static Memory now() {
    const double of_process = resident_now();
    return {heap_now(), of_process};
  }
};

int run() {
  const SystemClock clock;
  std::vector<Row> rows;
  const Memory before = Memory::now();
  auto slots = make_detectors({.node = "node-a", .names = {"all"}, .intel = {}}, clock);
  if (!slots) {
    std::fputs((slots.error().message + "\n").c_str(), stderr);
    return 1;
  }
  Detection detection(std::move(*slots), {}, {}, clock);
  std::uint64_t alerts = 0;
  double most_heap = 0;
  Micros begin = testing::SpoofedFlood::kBegin;
  // IPv6 behind IPv4 and in the same process: what both leave behind counts.
  for (const bool ipv6 : {false, true}) {
    testing::SpoofedFlood flood(ipv6, begin);
    double used = 0;
    while (flood.sources() < kSources) {
      const auto batch = flood.next(kBatch);
      used += thread_seconds_of([&] {
        detection.look(*flood.names());
        detection.look(*batch);
        if (flood.sources() % testing::SpoofedFlood::kASecond == 0)
          detection.tick(flood.now(), [&](const AlertPtr&) { ++alerts; });
      });
      if (flood.sources() % 1'000'000 == 0)
        most_heap = std::max(most_heap, heap_now() - before.heap);
    }
    begin = flood.now();
    const Memory after = Memory::now();
    const std::string what = fmt::format("{}: {} million spoofed sources",
                                         ipv6 ? "then IPv6" : "IPv4", kSources / 1'000'000);
    const AlertReport report = detection.report();
    std::size_t told = 0;
    std::string each;
    for (const DetectorStatus& detector : report.detectors) {
      told += detector.bytes;
      if (detector.on)
        each += fmt::format("{}{} {:.1f}", each.empty() ? "" : ", ", detector.name,
                            static_cast<double>(detector.bytes) / kMebibyte);
    }
    const double grown = after.heap - before.heap;
    rows.push_back({what, "heap more than before", grown, "MiB", each,
                    fmt::format("<= {:.0f} MiB", kBudget), grown <= kBudget});
    rows.push_back({what, "resident more than before", after.resident - before.resident, "MiB",
                    fmt::format("detectors say {:.1f}", static_cast<double>(told) / kMebibyte),
                    fmt::format("<= {:.0f} MiB", kBudget),
                    after.resident - before.resident <= kBudget});
    rows.push_back({what, "a record, all detectors", used / kSources * 1e9, "ns",
                    fmt::format("{} alerts told", alerts), "", true});
  }
  rows.push_back({"heap, the most at any million", "", most_heap, "MiB", "with a batch of 20,000",
                  fmt::format("<= {:.0f} MiB", kBudget), most_heap <= kBudget});
  report("Detectors' memory under a flood of spoofed sources", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::run(); }
