// SPDX-License-Identifier: Apache-2.0
// Kernel records to flows on one core: decode and merge, each flow seen at
// four points. With handles is what a sweep does; without is what records do
// that were pushed out of the cache, whose slot belongs to another flow by now.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "base/clock.h"
#include "flow/flow_table.h"
#include "probes/flow/decode.h"
#include "report.h"

namespace netprobe::bench {
namespace {

constexpr int kRounds = 7;
constexpr std::size_t kPoints = 4;
constexpr double kBudget = 1e6;

class FourNames final : public PointNames {
 public:
  [[nodiscard]] std::string_view interface_name(std::uint32_t) const override { return "eth0"; }
  [[nodiscard]] Role interface_role(std::uint32_t ifindex) const override {
    return ifindex == 10 ? Role::kPod : Role::kUplink;
  }
  [[nodiscard]] bool is_local(const IpAddress&) const override { return false; }
};

np_flow_record record_of(std::uint32_t flow, std::size_t point) {
  np_flow_record r{};
  np_flow_key& key = r.cold.key;
  key.src_ip[10] = key.src_ip[11] = key.dst_ip[10] = key.dst_ip[11] = 0xff;
  key.src_ip[12] = key.dst_ip[12] = 10;
  key.src_ip[14] = static_cast<__u8>(flow >> 8);
  key.src_ip[15] = static_cast<__u8>(flow);
  key.dst_ip[13] = 96;
  key.dst_ip[15] = static_cast<__u8>(flow % 50);
  key.src_port = static_cast<__u16>(32'768 + flow % 28'000);
  key.dst_port = 443;
  key.proto = kProtoTcp;
  // Into a pod's veth, through its bridge, out at the uplink.
  key.where = point % 2 == 1 ? NP_WHERE_EGRESS : 0;
  key.ifindex = 10 + static_cast<__u32>(point);
  r.hot.packets = 10;
  r.hot.bytes_ttl_dscp = 5'000 | 64ULL << NP_HOT_TTL_SHIFT;
  r.cold.first_ns = 1'000'000'000 + flow;
  r.cold.seq = 2;
  r.cold.vlan = r.cold.inner_vlan = NP_NO_VLAN;
  r.cold.mpls_label = NP_NO_LABEL;
  r.cold.tcp_flags = kTcpAck;
  return r;
}

/// In the order of a cache: none that the table knows.
std::vector<np_flow_record> records_of(std::uint32_t flows) {
  std::vector<np_flow_record> records;
  records.reserve(flows * kPoints);
  for (std::uint32_t flow = 0; flow < flows; ++flow)
    for (std::size_t point = 0; point < kPoints; ++point) records.push_back(record_of(flow, point));
  std::ranges::shuffle(records, std::minstd_rand(1));  // NOLINT: the same in every run
  return records;
}

void take(const np_flow_record& record, const ClockAnchor& anchor, FlowSink& table,
          FlowHandle& handle) {
  FlowDelta delta;
  decode_record(record, anchor, delta);
  delta.counters = {record.hot.packets, record.hot.bytes_ttl_dscp & NP_HOT_BYTES_MASK};
  table.on_flow(delta, handle);
}

template <typename Work>
double records_per_second(std::size_t records, const Work& work) {
  const SystemClock clock;
  const Nanos begin = clock.monotonic();
  work();
  return static_cast<double>(records) * kSecond / static_cast<double>(clock.monotonic() - begin);
}

void measure(std::uint32_t flows, std::vector<Row>& rows) {
  const auto records = records_of(flows);
  const ClockAnchor anchor{.jiffies = 1'000'000, .monotonic = 4'000 * kSecond};
  const FourNames names;
  // About the same number of records in every round, however few flows.
  const int passes = static_cast<int>(std::max<std::size_t>(1, 400'000 / records.size()));
  std::vector<double> first;
  std::vector<double> known;
  std::vector<double> unknown;
  std::uint64_t live = 0;
  for (int round = -1; round < kRounds; ++round) {
    FlowTable table({}, names);
    std::vector<FlowHandle> handles(records.size(), 0);
    const auto with_handles = [&] {
      for (std::size_t i = 0; i < records.size(); ++i) take(records[i], anchor, table, handles[i]);
    };
    const double begin = records_per_second(records.size(), with_handles);
    const double a = records_per_second(records.size() * static_cast<std::size_t>(passes), [&] {
      for (int pass = 0; pass < passes; ++pass) with_handles();
    });
    const double b = records_per_second(records.size() * static_cast<std::size_t>(passes), [&] {
      for (int pass = 0; pass < passes; ++pass) {
        for (const auto& record : records) {
          FlowHandle none = 0;
          take(record, anchor, table, none);
        }
      }
    });
    live = table.stats().live_flows;
    if (round < 0) continue;
    first.push_back(begin);
    known.push_back(a);
    unknown.push_back(b);
  }
  const auto what = fmt::format("ingest, {} flows at {} points", live, kPoints);
  const auto row = [&](const char* variant, double rate) {
    return Row{what,
               variant,
               rate / 1e6,
               "M rec/s",
               fmt::format("{:.0f} ns a record", 1e9 / rate),
               ">= 1.00",
               rate >= kBudget};
  };
  rows.push_back(row("new flows", median(first)));
  rows.push_back(row("known slots (handles)", median(known)));
  rows.push_back(row("no handles", median(unknown)));
}

int measure() {
  std::vector<Row> rows;
  for (const std::uint32_t flows : {10'000U, 100'000U}) measure(flows, rows);
  report("Ingest, decode to flow table, one core", rows);
  return 0;
}

}  // namespace
}  // namespace netprobe::bench

int main() { return netprobe::bench::measure(); }
