// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/workload_rows.h"

#include <array>
#include <string_view>
#include <vector>

#include "export/prometheus/metric_table.h"

namespace netprobe {
namespace {

/// Of kLatencyBounds; all of them would be most of the page.
constexpr std::array<Nanos, 8> kPairBounds{
    500 * kMicrosecond, kMillisecond,       5 * kMillisecond, 25 * kMillisecond,
    100 * kMillisecond, 500 * kMillisecond, kSecond,          5 * kSecond};

/// A name has a kind, so that nobody is mistaken for who is not known.
std::string_view label_of(const WorkloadName& workload) {
  if (workload.kind.empty() && workload.name.empty()) return "unknown";
  return workload.name;
}

/// A pair and its labels, which all its series begin with.
struct Row {
  const WorkloadPair* pair;
  LabelText labels;
};

std::vector<Row> label(const std::vector<WorkloadPair>& pairs) {
  std::vector<Row> rows;
  rows.reserve(pairs.size());
  for (const WorkloadPair& pair : pairs)
    rows.push_back({&pair,
                    {{"src_namespace", pair.src.name_space},
                     {"src_kind", pair.src.kind},
                     {"src_workload", label_of(pair.src)},
                     {"dst_namespace", pair.dst.name_space},
                     {"dst_kind", pair.dst.kind},
                     {"dst_workload", label_of(pair.dst)},
                     {"direction", pair.direction}}});
  return rows;
}

bool has_tcp(const WorkloadPair& pair) {
  return pair.connections > 0 || pair.client_trouble.any() || pair.server_trouble.any();
}

void write_troubles(MetricWriter& out, const std::vector<Row>& rows) {
  const auto trouble = [&](Metric metric, std::uint64_t TcpTrouble::* count, bool zero_too) {
    out.family(describe(metric));
    for (const auto& [pair, labels] : rows) {
      const std::uint64_t client = pair->client_trouble.*count;
      const std::uint64_t server = pair->server_trouble.*count;
      if (client + server == 0 && !(zero_too && has_tcp(*pair))) continue;
      out.sample(labels.with("way", "forward"), client);
      out.sample(labels.with("way", "reverse"), server);
    }
  };
  trouble(Metric::kWorkloadTcpRetransmits, &TcpTrouble::retransmits, true);
  trouble(Metric::kWorkloadTcpResets, &TcpTrouble::resets, true);
  trouble(Metric::kWorkloadTcpOutOfOrder, &TcpTrouble::out_of_order, false);
  trouble(Metric::kWorkloadTcpZeroWindows, &TcpTrouble::zero_windows, false);
}

void write_pairs(MetricWriter& out, const std::vector<Row>& rows) {
  const auto count = [&](Metric metric, std::uint64_t WorkloadPair::* value, bool zero_too) {
    out.family(describe(metric));
    for (const auto& [pair, labels] : rows)
      if (zero_too || pair->*value > 0) out.sample(labels, pair->*value);
  };
  const auto both_ways = [&](Metric metric, std::uint64_t Counters::* value) {
    out.family(describe(metric));
    for (const auto& [pair, labels] : rows) {
      out.sample(labels.with("way", "forward"), pair->forward.*value);
      out.sample(labels.with("way", "reverse"), pair->reverse.*value);
    }
  };
  count(Metric::kWorkloadFlows, &WorkloadPair::flows, true);
  count(Metric::kWorkloadConnections, &WorkloadPair::connections, true);
  both_ways(Metric::kWorkloadPackets, &Counters::packets);
  both_ways(Metric::kWorkloadBytes, &Counters::bytes);
  write_troubles(out, rows);
  out.family(describe(Metric::kWorkloadTcpHandshake));
  for (const auto& [pair, labels] : rows)
    if (!pair->handshake.counts.empty()) out.latencies(labels, pair->handshake, kPairBounds);
  count(Metric::kWorkloadDrops, &WorkloadPair::dropped, false);
}

void write_flows(MetricWriter& out, const std::vector<WorkloadFlows>& workloads) {
  const auto each = [&](Metric metric, std::uint64_t WorkloadFlows::* count) {
    out.family(describe(metric));
    for (const WorkloadFlows& flows : workloads) {
      if (flows.*count == 0) continue;
      out.sample({{"namespace", flows.workload.name_space},
                  {"workload_kind", flows.workload.kind},
                  {"workload", label_of(flows.workload)}},
                 flows.*count);
    }
  };
  each(Metric::kK8sPodFlows, &WorkloadFlows::pod_flows);
  each(Metric::kK8sServiceFlows, &WorkloadFlows::service_flows);
  each(Metric::kK8sInterNodeFlows, &WorkloadFlows::inter_node_flows);
  each(Metric::kK8sIntraNodeFlows, &WorkloadFlows::intra_node_flows);
}

}  // namespace

void write_workloads(MetricWriter& out, const Snapshot& snapshot) {
  const WorkloadReport& report = snapshot.workloads;
  write_flows(out, report.workloads);
  write_pairs(out, label(report.pairs));
  const auto single = [&](Metric metric, std::uint64_t value) {
    out.family(describe(metric));
    out.sample({}, value);
  };
  single(Metric::kWorkloadFlowsFolded, report.folded);
  single(Metric::kWorkloadUnnamedEnds, report.kinds.unnamed_ends);
  single(Metric::kWorkloadFlowsTwice, snapshot.table.growth_twice);
  single(Metric::kWorkloadExcessPackets, snapshot.table.growth_over.packets);
}

}  // namespace netprobe
