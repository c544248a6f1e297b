// SPDX-License-Identifier: Apache-2.0
// Detectors: what a record costs each of them, of honest traffic and of attacks.
#include <fmt/format.h>

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cpu_time.h"
#include "detect/brute_force/brute_force_detector.h"
#include "detect/scan/scan_detector.h"
#include "detect/spoof/spoof_detector.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 5;
constexpr std::size_t kRecords = 200'000;
constexpr double kBudget = 1'000;
constexpr Micros kBegin = 1'700'000'000'000'000;

struct Traffic {
  std::string name;
  std::vector<FlowRecord> records;
};

FlowRecord record_of(std::size_t i, const IpAddress& src, const IpAddress& dst,
                     std::uint16_t port) {
  FlowRecord record;
  record.flow_id = i;
  // A second has 10,000 of them.
  record.time = record.first_seen = record.last_seen = kBegin + static_cast<Micros>(i) * 100;
  record.tuple = {src, dst, static_cast<std::uint16_t>(32'768 + i % 28'000), port, kProtoTcp};
  record.forward = {1, 44};
  record.tcp_flags = kTcpSyn;
  record.interface = "veth0123";
  record.role = Role::kPod;
  record.began = true;
  return record;
}

std::vector<FlowRecord> make(const std::function<FlowRecord(std::size_t)>& one) {
  std::vector<FlowRecord> records;
  for (std::size_t i = 0; i < kRecords; ++i) records.push_back(one(i));
  return records;
}

std::vector<Traffic> traffic() {
  std::mt19937 random(7);
  const auto any = [&] { return static_cast<std::uint32_t>(random()); };
  const IpAddress target = IpAddress::v4(0x0a000002);
  const auto answered = [](FlowRecord record) {
    record.tcp_flags = record.reverse_tcp_flags = kTcpSyn | kTcpAck | kTcpFin | 0x08;
    record.forward = {6, 900};
    record.reverse = {6, 4'000};
    return record;
  };
  std::vector<Traffic> all;
  all.push_back({"flows that go on", make([&](std::size_t i) {
                   FlowRecord record = answered(
                       record_of(i % 10'000, IpAddress::v4(0x0a010000 + any() % 500), target, 443));
                   record.began = false;
                   record.last_seen = record.first_seen + 600'000'000;
                   return record;
                 })});
  all.push_back({"short answered connections", make([&](std::size_t i) {
                   return answered(record_of(i, IpAddress::v4(0x0a010000 + any() % 500),
                                             IpAddress::v4(0x0a020000 + any() % 500), 443));
                 })});
  all.push_back({"SYNs of spoofed sources", make([&](std::size_t i) {
                   return record_of(i, IpAddress::v4(any()), target, 80);
                 })});
  all.push_back({"500 scanners", make([&](std::size_t i) {
                   FlowRecord record = record_of(i, IpAddress::v4(0x0a010000 + any() % 500),
                                                 IpAddress::v4(0x0a020000 + any() % 500),
                                                 static_cast<std::uint16_t>(1 + any() % 1'000));
                   record.reverse_tcp_flags = kTcpRst | kTcpAck;
                   return record;
                 })});
  all.push_back({"logins by ssh", make([&](std::size_t i) {
                   return answered(record_of(i, IpAddress::v4(0x0a010000 + any() % 5'000),
                                             IpAddress::v4(0x0a020000 + any() % 500), 22));
                 })});
  return all;
}

std::vector<std::unique_ptr<Detector>> detectors() {
  std::vector<std::unique_ptr<Detector>> all;
  all.push_back(std::make_unique<ScanDetector>());
  all.push_back(std::make_unique<BruteForceDetector>());
  all.push_back(std::make_unique<SpoofDetector>());
  return all;
}

int run() {
  std::vector<Row> rows;
  for (const Traffic& each : traffic()) {
    for (std::size_t which = 0; which < detectors().size(); ++which) {
      std::vector<double> records;
      std::vector<double> ticks;
      std::size_t bytes = 0;
      std::string name;
      for (int round = 0; round < kRounds; ++round) {
        const auto detector = std::move(detectors()[which]);
        name = detector->name();
        double of_ticks = 0;
        int looks = 0;
        const double all = thread_seconds_of([&] {
          for (std::size_t i = 0; i < kRecords; ++i) {
            detector->on_flow(each.records[i]);
            if (i % 10'000 != 9'999) continue;
            ++looks;
            of_ticks += thread_seconds_of(
                [&] { detector->tick(kBegin + looks * 1'000'000, [](Finding&&) {}); });
          }
        });
        records.push_back((all - of_ticks) / static_cast<double>(kRecords) * 1e9);
        ticks.push_back(of_ticks / looks * 1e6);
        bytes = detector->bytes();
      }
      const double cost = median(std::move(records));
      rows.push_back(
          {each.name, name, cost, "ns",
           fmt::format("{:.0f} us a look, {} KiB", median(std::move(ticks)), bytes / 1024),
           fmt::format("<= {:.0f} ns", kBudget), cost <= kBudget});
    }
  }
  report("Detectors, a record", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::run(); }
