// SPDX-License-Identifier: Apache-2.0
// What detectors that learn cost by record: honest days of a small cluster, and sources and
// targets that are all new. CPU time; records are made beforehand.
#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "cpu_time.h"
#include "detect/beacon/beacon_detector.h"
#include "detect/exfiltration/exfiltration_detector.h"
#include "detect/lateral/lateral_detector.h"
#include "model/testing/made_traffic.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 5;
constexpr double kMostNanos = 1'000;  // a record

std::vector<FlowRecord> honest() {
  std::vector<FlowRecord> records;
  testing::HonestCluster cluster(
      1, [&](const FlowRecord& record) { records.push_back(record); }, [](Micros) {});
  cluster.run(testing::kMadeMonday, testing::kMadeMonday + testing::kMadeDay);
  return records;
}

/// Connections between addresses that nobody is known for, no two alike.
std::vector<FlowRecord> strange() {
  std::mt19937 random(1);
  std::vector<FlowRecord> records;
  const auto from = testing::made_outside("10.0.0.1");
  for (unsigned i = 0; i < 200'000; ++i) {
    records.push_back(testing::made_flow(
        {.src = from, .dst = testing::made_outside("45.0.0.1"), .time = testing::kMadeMonday + i}));
    auto& tuple = records.back().tuple;
    tuple.src = IpAddress::v4(0x0a000000U + random() % 0xffffffU);
    tuple.dst = IpAddress::v4((i % 2 == 0 ? 0x0b000000U : 0xac100000U) + random() % 0xfffffU);
    tuple.dst_port = static_cast<std::uint16_t>(random() % 30'000);
  }
  return records;
}

template <typename Kind>
void measure(const std::string& what, const std::vector<FlowRecord>& records,
             std::vector<Row>& rows) {
  std::vector<double> nanos;
  std::vector<double> saves;
  std::size_t bytes = 0;
  for (int round = 0; round < kRounds; ++round) {
    Kind detector;
    nanos.push_back(1e9 / static_cast<double>(records.size()) * thread_seconds_of([&] {
                      for (const FlowRecord& record : records) detector.on_flow(record);
                    }));
    std::string state;
    saves.push_back(thread_millis_of([&] { detector.save(state); }));
    bytes = detector.bytes();
  }
  Kind detector;
  const double cost = median(nanos);
  rows.push_back({what, std::string(detector.name()), cost, "ns/record",
                  fmt::format("{:.1f} MiB, saved in {:.1f} ms",
                              static_cast<double>(bytes) / 1048576, median(saves)),
                  "<= 1000 ns", cost <= kMostNanos});
}

int measure_all() {
  std::vector<Row> rows;
  for (const bool made_up : {false, true}) {
    const auto records = made_up ? strange() : honest();
    const auto what = fmt::format("{} {} records", records.size(), made_up ? "strange" : "honest");
    measure<BeaconDetector>(what, records, rows);
    measure<ExfiltrationDetector>(what, records, rows);
    measure<LateralDetector>(what, records, rows);
  }
  report("Detectors that learn", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::measure_all(); }
