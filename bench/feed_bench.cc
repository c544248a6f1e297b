// SPDX-License-Identifier: Apache-2.0
// What history costs the data thread: cutting the records of 100,000 flows, named,
// in slices. CPU time, with a store that takes and forgets.
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "analysis/history/history_feed.h"
#include "base/clock.h"
#include "cpu_time.h"
#include "flow/flow_table.h"
#include "pod_names.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 11;
constexpr std::uint32_t kFlows = 100'000;
constexpr std::size_t kSlice = 2'000;
constexpr double kLongestSlice = 10;  // ms

void grow(FlowTable& table, Nanos now) {
  for (std::uint32_t i = 0; i < kFlows; ++i) {
    FlowDelta delta;
    delta.tuple = {IpAddress::v4(0x0a000000U + i), IpAddress::v4(0x0a600001U), 40'000, 443,
                   kProtoTcp};
    delta.counters = {1 + i % 1'000, i * 100ULL};
    delta.first = delta.last = now + i;
    for (const std::uint32_t ifindex : {2U, 3U}) {
      delta.ifindex = ifindex;
      FlowHandle handle = 0;
      table.on_flow(delta, handle);
    }
  }
}

int measure() {
  const PodNames names;
  const SystemClock clock;
  auto pod = std::make_shared<Identity>();
  pod->kind = IdentityKind::kPod;
  pod->name = "checkout-7d9c5b6f4-x2x9z";
  pod->name_space = "shop";
  std::uint64_t taken = 0;
  HistoryFeed feed(
      {.node = "node-1", .hold = 10 * kSecond},
      {.judge = [](Flow& flow) { flow.verdict = "open"; },
       .name =
           [&](Flow& flow) {
             flow.src_identity = pod;
             flow.dst_identity = pod;
           },
       .interface_name = [](std::uint32_t) { return std::string_view("veth3f2a91c"); }},
      clock, [&](const HistoryBatchPtr& batch) { taken += batch->size(); });
  FlowTable table({}, names);
  table.watch_growth(&feed, GrowthListener::kHistory);
  std::vector<double> cuts;
  double longest = 0;
  Nanos now = kSecond;
  for (int round = -1; round < kRounds; ++round) {
    grow(table, now += kSecond);
    feed.begin_cut(clock.wall());
    double cut = 0;
    for (bool more = true; more;) {
      const double slice =
          thread_millis_of([&] { more = table.take_growth(GrowthListener::kHistory, kSlice); });
      cut += slice;
      if (round >= 0) longest = std::max(longest, slice);
    }
    feed.end_cut();
    feed.hand_over(true);
    if (round >= 0) cuts.push_back(cut);
  }
  if (taken != std::uint64_t{kFlows} * (kRounds + 1)) return 1;
  const auto what = fmt::format("records of {} flows", kFlows);
  const double cut = median(cuts);
  std::vector<Row> rows;
  rows.push_back(
      {what, "a cut", cut, "ms", fmt::format("{:.0f} ns a record", cut * 1e6 / kFlows), "", true});
  rows.push_back({what, fmt::format("longest slice of {}", kSlice), longest, "ms", "", "<= 10 ms",
                  longest <= kLongestSlice});
  report("History, what the data thread does for it", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::measure(); }
