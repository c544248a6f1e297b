// SPDX-License-Identifier: Apache-2.0
// Detectors of floods and exhaustion: what a record costs, and a second's look; memory.
#include <fmt/format.h>

#include <functional>
#include <string>
#include <vector>

#include "cpu_time.h"
#include "detect/exhaustion/exhaustion_detector.h"
#include "detect/flood/flood_detector.h"
#include "history_data.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 9;
constexpr std::size_t kRecords = 100'000;
constexpr double kRecordBudget = 300;  // ns, for both together
constexpr double kTickBudget = 10;     // ms
constexpr double kMemoryBudget = 16;   // MiB
constexpr Micros kBegin = 1'800'000'000'000'000;

struct Kind {
  std::string name;
  std::vector<FlowRecord> records;
};

FlowRecord record(std::uint32_t i, std::uint8_t protocol) {
  FlowRecord one;
  one.time = one.last_seen = kBegin;
  one.tuple = {IpAddress::v4(i * 2'654'435'761U), IpAddress::v4(0x0a010002U),
               static_cast<std::uint16_t>(i), 80, protocol};
  one.flow_id = i;
  one.forward = {1, 60};
  one.began = true;
  return one;
}

std::vector<FlowRecord> many(const std::function<FlowRecord(std::uint32_t)>& make) {
  std::vector<FlowRecord> records;
  for (std::uint32_t i = 0; i < kRecords; ++i) records.push_back(make(i));
  return records;
}

std::vector<Kind> kinds() {
  std::vector<Kind> all;
  HistoryData data;
  all.push_back({"mixed traffic", data.next(kRecords)->flows});
  all.push_back({"connections that stay open", many([](std::uint32_t i) {
                   FlowRecord one = record(i % 20'000, kProtoTcp);
                   one.tcp_flags = one.reverse_tcp_flags = kTcpSyn | kTcpAck;
                   one.handshake = i < 20'000 ? 100 : 0;
                   one.reverse = {1, 60};
                   return one;
                 })});
  all.push_back({"short connections", many([](std::uint32_t i) {
                   FlowRecord one = record(i, kProtoTcp);
                   one.tcp_flags = one.reverse_tcp_flags = kTcpSyn | kTcpAck | kTcpFin;
                   one.handshake = 100;
                   return one;
                 })});
  all.push_back({"SYN flood, spoofed", many([](std::uint32_t i) {
                   FlowRecord one = record(i, kProtoTcp);
                   one.tcp_flags = kTcpSyn;
                   return one;
                 })});
  all.push_back({"UDP flood, spoofed", many([](std::uint32_t i) { return record(i, kProtoUdp); })});
  all.push_back({"UDP to as many targets", many([](std::uint32_t i) {
                   FlowRecord one = record(i, kProtoUdp);
                   std::swap(one.tuple.src, one.tuple.dst);
                   return one;
                 })});
  return all;
}

struct Cost {
  double nanoseconds = 0;   ///< a record
  double milliseconds = 0;  ///< a tick
  std::size_t bytes = 0;
  std::size_t findings = 0;
};

Cost measure(Detector& detector, const std::vector<FlowRecord>& records) {
  std::vector<double> times;
  std::vector<double> ticks;
  Cost cost;
  for (int round = 0; round < kRounds; ++round) {
    double begin = thread_seconds();
    for (const FlowRecord& one : records) detector.on_flow(one);
    times.push_back((thread_seconds() - begin) * 1e9 / static_cast<double>(records.size()));
    begin = thread_seconds();
    detector.tick(kBegin + round * 1'000'000, [&](Finding&&) { ++cost.findings; });
    ticks.push_back((thread_seconds() - begin) * 1e3);
  }
  cost.nanoseconds = median(std::move(times));
  cost.milliseconds = median(std::move(ticks));
  cost.bytes = detector.bytes();
  return cost;
}

void add(std::vector<Row>& rows, const std::string& what, const std::string& variant,
         const Cost& cost) {
  rows.push_back({what, variant + ": a record", cost.nanoseconds, "ns",
                  fmt::format("{} findings", cost.findings),
                  fmt::format("<= {:.0f} ns", kRecordBudget), cost.nanoseconds <= kRecordBudget});
  rows.push_back({what, variant + ": a tick", cost.milliseconds, "ms",
                  fmt::format("{:.2f} MiB", static_cast<double>(cost.bytes) / 1'048'576),
                  fmt::format("<= {:.0f} ms", kTickBudget), cost.milliseconds <= kTickBudget});
}

int run() {
  std::vector<Row> rows;
  for (const Kind& kind : kinds()) {
    FloodDetector flood;
    ExhaustionDetector exhaustion;
    add(rows, kind.name, "flood", measure(flood, kind.records));
    add(rows, kind.name, "exhaustion", measure(exhaustion, kind.records));
  }
  // All rooms full: every target near a flood, every connection slow.
  FloodDetector flood;
  std::vector<FlowRecord> records = many([](std::uint32_t i) {
    FlowRecord one = record(i, i % 2 == 0 ? kProtoUdp : kProtoTcp);
    one.tuple.dst = IpAddress::v4(0x0a000000U + i % 1'000 * 256);
    one.tcp_flags = one.reverse_tcp_flags = kTcpSyn | kTcpAck | kTcpFin;
    one.handshake = 100;
    one.forward.packets = 900;
    return one;
  });
  const Cost full_flood = measure(flood, records);
  add(rows, "every room full", "flood", full_flood);
  ExhaustionDetector exhaustion;
  records = many([](std::uint32_t i) {
    FlowRecord one = record(i, kProtoTcp);
    one.tcp_flags = one.reverse_tcp_flags = kTcpSyn | kTcpAck;
    one.handshake = 100;
    one.last_seen = kBegin - 100'000'000;
    return one;
  });
  const Cost full_exhaustion = measure(exhaustion, records);
  add(rows, "every room full", "exhaustion", full_exhaustion);
  const double mebibytes =
      static_cast<double>(full_flood.bytes + full_exhaustion.bytes) / 1'048'576;
  rows.push_back({"every room full", "both: memory", mebibytes, "MiB", "",
                  fmt::format("<= {:.0f} MiB", kMemoryBudget), mebibytes <= kMemoryBudget});
  report("Detection of floods and exhaustion", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::run(); }
