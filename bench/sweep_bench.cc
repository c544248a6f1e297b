// SPDX-License-Identifier: Apache-2.0
// What it costs to look at every slot of a full cache of 16,384: when nothing
// changed, when every slot did, and when all of that goes into the flow table.
// The packets' CPU is another one than the reader's, as it is in life.
#include <fmt/format.h>

#include <functional>
#include <thread>

#include "base/clock.h"
#include "flow/flow_table.h"
#include "probes/flow/cache_reader.h"
#include "probes/flow/device_table.h"
#include "report.h"
#include "syscall_counter.h"
#include "test_run.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 41;
constexpr std::uint32_t kSlots = 16'384;
constexpr double kBudget = 1000;  // µs

class OneName final : public PointNames {
 public:
  [[nodiscard]] std::string_view interface_name(std::uint32_t) const override { return "lo"; }
  [[nodiscard]] Role interface_role(std::uint32_t) const override { return Role::kHost; }
  [[nodiscard]] bool is_local(const IpAddress&) const override { return false; }
};

void on_packet_cpu(const std::function<void()>& work) {
  std::thread([&] {
    pin_to_cpu(0);
    work();
  }).join();
}

class Cache {
 public:
  Cache(const FlowPrograms& programs, CacheReader& reader, MappedArray<np_flow_set> sets,
        MappedArray<np_flow_details> details)
      : programs_(programs),
        reader_(reader),
        sets_(std::move(sets)),
        details_(std::move(details)) {}

  /// More flows than slots, by the program itself, until no slot is free.
  [[nodiscard]] std::size_t fill() {
    constexpr std::uint32_t kFlows = 60'000;
    constexpr int kBite = 4'000;  // so that what is pushed out finds room in the ring
    if (!rotate(programs_, kFlows)) return 0;
    const int program = programs_.object.program_fd("bench_flow");
    NullSink sink;
    for (std::uint32_t sent = 0; sent < 2 * kFlows; sent += kBite) {
      on_packet_cpu([&] { test_run(program, kBite); });
      reader_.poll(sink);
    }
    std::size_t full = 0;
    for (std::size_t set = 0; set < details_.size(); ++set)
      for (const auto& hot : sets_[set].way) full += hot.id[1] != 0 ? 1 : 0;
    return full;
  }

  /// One more packet of every flow, as the program counts it.
  void change_all() {
    on_packet_cpu([&] {
      for (std::size_t set = 0; set < sets_.size(); ++set) {
        for (np_flow_hot& hot : sets_[set].way) {
          hot.bytes_ttl_dscp += 46;
          __atomic_store_n(&hot.packets, hot.packets + 1, __ATOMIC_RELAXED);
        }
      }
    });
  }

 private:
  const FlowPrograms& programs_;
  CacheReader& reader_;
  MappedArray<np_flow_set> sets_;
  MappedArray<np_flow_details> details_;
};

double timed(CacheReader& reader, FlowSink& sink) {
  const SystemClock clock;
  const Nanos begin = clock.monotonic();
  reader.sweep(sink);
  return static_cast<double>(clock.monotonic() - begin) / kMicrosecond;
}

void count_calls(Cache& cache, CacheReader& reader, std::vector<Row>& rows) {
  NullSink sink;
  const auto sweep = [&] { reader.sweep(sink); };
  cache.change_all();
  const int changed = count_system_calls(sweep);
  sweep();
  const int unchanged = count_system_calls(sweep);
  rows.push_back({"sweep, system calls", "nothing changed", static_cast<double>(unchanged), "calls",
                  "", "", true});
  rows.push_back({"sweep, system calls", "every slot changed", static_cast<double>(changed),
                  "calls", fmt::format("{:.5f} a record", static_cast<double>(changed) / kSlots),
                  "none a record", changed >= 0 && changed == unchanged});
}

int measure() {
  lift_memlock_limit();
  auto kernel = probe_kernel();
  if (!kernel) {
    fmt::print(stderr, "{}\n", kernel.error().message);
    return 1;
  }
  // A cache of one CPU, so that what is swept is 16,384 slots and no more.
  kernel->possible_cpus = 1;
  FlowProgramOptions options;
  options.slots_per_cpu = kSlots;
  const auto programs = load_bench_programs(options, *kernel);
  auto devices = DeviceTable::make(programs);
  auto reader = CacheReader::make(programs);
  auto sets =
      MappedArray<np_flow_set>::make(programs.object.map_fd("flow_stats"), kSlots / NP_FLOW_WAYS);
  auto details = MappedArray<np_flow_details>::make(programs.object.map_fd("flow_details"),
                                                    kSlots / NP_FLOW_WAYS);
  if (!devices || !reader || !sets || !details || !devices->claim(kTestRunIfindex)) return 1;
  pin_to_cpu(1);

  Cache cache(programs, *reader, std::move(*sets), std::move(*details));
  const auto full = cache.fill();
  NullSink sink;
  const OneName names;
  FlowTable table({}, names);
  // The first sweep tells the table of all flows; what follows is steady state.
  cache.change_all();
  reader->sweep(table);

  std::vector<double> unchanged;
  std::vector<double> changed;
  std::vector<double> into_table;
  auto records = reader->stats().records;
  for (int round = -3; round < kRounds; ++round) {
    const double a = timed(*reader, sink);
    cache.change_all();
    const double b = timed(*reader, sink);
    cache.change_all();
    const double c = timed(*reader, table);
    if (round < 0) {
      records = reader->stats().records;
      continue;
    }
    unchanged.push_back(a);
    changed.push_back(b);
    into_table.push_back(c);
  }
  const auto seen = (reader->stats().records - records) / (2 * kRounds);
  const auto row = [&](const char* variant, double micros, std::uint64_t slots) {
    return Row{"sweep of a full cache",
               variant,
               micros,
               "us",
               fmt::format("{:.1f} ns a slot, {} records", micros * 1000 / kSlots, slots),
               "<= 1000 us",
               micros <= kBudget};
  };
  std::vector<Row> rows;
  rows.push_back({"cache", "slots in use", static_cast<double>(full), "slots",
                  fmt::format("of {}", kSlots), "", full == kSlots});
  rows.push_back(row("nothing changed", median(unchanged), 0));
  rows.push_back(row("all changed, no table", median(changed), seen));
  rows.push_back(row("all changed, flow table", median(into_table), seen));
  count_calls(cache, *reader, rows);
  report("Sweep of the flow cache", rows);
  return full > kSlots * 99 / 100 ? 0 : 1;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::measure(); }
