// SPDX-License-Identifier: Apache-2.0
// Filters of queries in memory: what a record, and a live flow, costs a stream's
// or a live query's condition.
#include <fmt/format.h>

#include <ctime>
#include <string>
#include <vector>

#include "cpu_time.h"
#include "history_data.h"
#include "query/evaluate.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 9;
constexpr std::size_t kRecords = 100'000;
constexpr double kBudget = 100;

struct Filter {
  std::string name;
  std::string text;
  bool budgeted = false;
};

/// A flow that is still live and had what the record has.
Flow live_flow(const FlowRecord& record) {
  Flow flow;
  flow.id = record.flow_id;
  flow.tuple = record.tuple;
  flow.forward = record.forward;
  flow.reverse = record.reverse;
  flow.first_seen = record.first_seen * kMicrosecond;
  flow.last_seen = record.last_seen * kMicrosecond;
  flow.src_identity = record.src;
  flow.dst_identity = record.dst;
  flow.service = record.service;
  flow.client_process = record.src_process;
  flow.server_process = record.dst_process;
  flow.direction = record.direction;
  flow.verdict = record.verdict;
  flow.rtt = record.rtt * kMicrosecond;
  return flow;
}

struct Measured {
  double nanoseconds = 0;  ///< a record
  std::size_t matched = 0;
};

template <typename Holds>
Measured measure(Holds holds) {
  std::vector<double> times;
  Measured result;
  for (int round = 0; round < kRounds; ++round) {
    result.matched = 0;
    const double begin = thread_seconds();
    for (std::size_t i = 0; i < kRecords; ++i) result.matched += holds(i) ? 1 : 0;
    times.push_back((thread_seconds() - begin) / static_cast<double>(kRecords) * 1e9);
  }
  result.nanoseconds = median(std::move(times));
  return result;
}

int run() {
  HistoryData data;
  const auto batch = data.next(kRecords);
  std::vector<RecordRef> records;
  std::vector<Flow> flows;
  std::string space;
  std::string workload;
  for (const FlowRecord& record : batch->flows) {
    records.push_back({RecordKind::kFlow, &record, batch->node});
    flows.push_back(live_flow(record));
    if (workload.empty() && record.src != nullptr && !record.src->workload.empty()) {
      space = record.src->name_space;
      workload = record.src->workload;
    }
  }
  const std::vector<Filter> filters{
      {"a namespace and a port", fmt::format("src.namespace={} dst.port=443", space), true},
      {"either side's namespace", fmt::format("namespace={}", space), true},
      {"a prefix, ports, bytes", "ip=10.0.0.0/8 dst.port in (80, 443, 5432) bytes>1k", true},
      {"a name that begins so", fmt::format("src.pod={}*", workload), true},
      {"a label", fmt::format("src.label.app={}", workload), false},
      {"a regular expression", fmt::format("src.pod~\"{}-[0-9a-f]+\"", workload), false},
  };
  std::vector<Row> rows;
  for (const Filter& filter : filters) {
    const auto query = parse_filter(filter.text, 0);
    if (!query) {
      fmt::print(stderr, "matcher_bench: {}: {}\n", filter.text, query.error().message);
      return 1;
    }
    const RecordMatcher matcher(*query);
    const auto add = [&](const std::string& variant, bool budgeted, const Measured& measured) {
      rows.push_back({filter.name, variant, measured.nanoseconds, "ns",
                      fmt::format("{:.1f} % hold", static_cast<double>(measured.matched) * 100 /
                                                       static_cast<double>(kRecords)),
                      budgeted ? fmt::format("<= {:.0f} ns", kBudget) : "",
                      !budgeted || measured.nanoseconds <= kBudget});
    };
    add("record", filter.budgeted,
        measure([&](std::size_t i) { return matcher.matches(records[i]); }));
    add("live flow", false,
        measure([&](std::size_t i) { return matcher.matches(flows[i], "n1"); }));
  }
  report("A filter in memory, a record", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::run(); }
