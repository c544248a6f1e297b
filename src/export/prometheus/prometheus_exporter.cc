// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/prometheus_exporter.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "export/prometheus/alert_rows.h"
#include "export/prometheus/drop_rows.h"
#include "export/prometheus/export_rows.h"
#include "export/prometheus/history_rows.h"
#include "export/prometheus/kube_rows.h"
#include "export/prometheus/link_rows.h"
#include "export/prometheus/loss_rows.h"
#include "export/prometheus/metric_collector.h"
#include "export/prometheus/metric_table.h"
#include "export/prometheus/netfilter_rows.h"
#include "export/prometheus/quality_rows.h"
#include "export/prometheus/response_rows.h"
#include "export/prometheus/socket_rows.h"
#include "export/prometheus/tunnel_rows.h"
#include "export/prometheus/workload_rows.h"

namespace netprobe {
namespace {

/// A row and its labels, escaped once for all families that have them.
struct LabelledRow {
  const InterfaceRow* row = nullptr;
  LabelText with_role;
  LabelText ingress;
  LabelText egress;
};

std::vector<LabelledRow> label(const std::vector<InterfaceRow>& rows) {
  std::vector<LabelledRow> labelled;
  labelled.reserve(rows.size());
  for (const auto& row : rows) {
    const LabelText name{{"interface", row.name}};
    labelled.push_back({&row, name.with("role", row.role),
                        name.with("direction", to_string(Direction::kIngress)),
                        name.with("direction", to_string(Direction::kEgress))});
  }
  return labelled;
}

void write_interfaces(MetricWriter& out, const std::vector<LabelledRow>& rows) {
  const auto family = [&](Metric metric, const auto& value_of) {
    out.family(describe(metric));
    for (const auto& row : rows) out.sample(row.with_role, value_of(*row.row));
  };
  family(Metric::kInterfaceRxPackets, [](const InterfaceRow& r) { return r.rx.packets; });
  family(Metric::kInterfaceTxPackets, [](const InterfaceRow& r) { return r.tx.packets; });
  family(Metric::kInterfaceRxBytes, [](const InterfaceRow& r) { return r.rx.bytes; });
  family(Metric::kInterfaceTxBytes, [](const InterfaceRow& r) { return r.tx.bytes; });
  family(Metric::kInterfaceRxPacketsRate,
         [](const InterfaceRow& r) { return r.rx_packets_per_second; });
  family(Metric::kInterfaceTxPacketsRate,
         [](const InterfaceRow& r) { return r.tx_packets_per_second; });
  family(Metric::kInterfaceRxBytesRate,
         [](const InterfaceRow& r) { return r.rx_bytes_per_second; });
  family(Metric::kInterfaceTxBytesRate,
         [](const InterfaceRow& r) { return r.tx_bytes_per_second; });
}

void write_accounting(MetricWriter& out, const std::vector<LabelledRow>& rows) {
  out.family(describe(Metric::kFlowPackets));
  for (const auto& row : rows) {
    out.sample(row.ingress, row.row->rx.flow_packets);
    out.sample(row.egress, row.row->tx.flow_packets);
  }
  out.family(describe(Metric::kUnattributedPackets));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < kUnattributedCauses; ++i) {
      const auto cause = to_string(static_cast<Unattributed>(i));
      out.sample(row.ingress.with("cause", cause), row.row->rx.unattributed[i]);
      out.sample(row.egress.with("cause", cause), row.row->tx.unattributed[i]);
    }
  }
  const auto difference = [](const DeviceCounters& counters) {
    return static_cast<std::int64_t>(counters.packets - counters.flow_packets -
                                     counters.unattributed_total());
  };
  out.family(describe(Metric::kAccountingDifference));
  for (const auto& row : rows) {
    out.sample(row.ingress, difference(row.row->rx));
    out.sample(row.egress, difference(row.row->tx));
  }
}

// The page must not have a series twice, whatever the agent's lists hold: the
// samples below are gathered by their labels first.

void write_losses(MetricWriter& out, const Snapshot& snapshot) {
  // A counter may be told of by its probe, by the agent or by both: same
  // name, same thing.
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> losses;
  const auto take = [&](const LossCounter& loss) {
    auto& count = losses[{loss.stage, loss.cause}];
    count = std::max(count, loss.count);
  };
  for (const auto& loss : snapshot.losses) take(loss);
  for (const auto& probe : snapshot.probes)
    for (const auto& loss : probe.lost) take(loss);
  out.family(describe(Metric::kEventsLost));
  for (const auto& [name, count] : losses)
    out.sample({{"stage", name.first}, {"cause", name.second}}, count);
}

void write_classes(MetricWriter& out, const Snapshot& snapshot) {
  std::map<std::string_view, std::uint64_t> classes;
  for (const auto& [name, packets] : snapshot.packet_classes) classes[name] += packets;
  out.family(describe(Metric::kPacketsByClass));
  for (const auto& [name, packets] : classes) out.sample({{"class", name}}, packets);
}

void write_probes(MetricWriter& out, const Snapshot& snapshot) {
  struct Runs {
    std::uint64_t count = 0;
    Nanos time = 0;
  };
  std::map<std::string_view, Runs> programs;
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, LabelText> probes;
  for (const auto& probe : snapshot.probes) {
    const auto state = to_string(probe.state);
    probes.try_emplace({probe.name, probe.rung, state},
                       LabelText{{"probe", probe.name}, {"rung", probe.rung}, {"state", state}});
    for (const auto& program : probe.programs) {
      Runs& runs = programs[program.name];
      runs.count += program.runs;
      runs.time += program.run_time;
    }
  }
  out.family(describe(Metric::kProbeInfo));
  for (const auto& [key, labels] : probes) out.sample(labels, std::uint64_t{1});
  out.family(describe(Metric::kProbeSeen));
  for (const auto& probe : snapshot.probes)
    for (const auto& [kind, count] : probe.seen)
      out.sample({{"probe", probe.name}, {"kind", kind}}, count);
  out.family(describe(Metric::kProgramRunSeconds));
  for (const auto& [name, runs] : programs)
    out.sample({{"program", name}}, static_cast<double>(runs.time) / 1e9);
  out.family(describe(Metric::kProgramRuns));
  for (const auto& [name, runs] : programs) out.sample({{"program", name}}, runs.count);
}

void write_agent(MetricWriter& out, const Snapshot& snapshot) {
  const auto single = [&](Metric metric, auto value) {
    out.family(describe(metric));
    out.sample({}, value);
  };
  single(Metric::kFlows, snapshot.table.live_flows);
  single(Metric::kFlowTableBegun, snapshot.table.total_flows);
  single(Metric::kFlowTableEnded, snapshot.table.ended_flows);
  single(Metric::kFlowTableEvicted, snapshot.table.evicted_flows);
  single(Metric::kFlowTableRecords, snapshot.table.records);
  single(Metric::kFlowTableCapacity, snapshot.table.capacity);
  out.family(describe(Metric::kBuildInfo));
  out.sample(
      {{"version", snapshot.version}, {"kernel", snapshot.kernel}, {"node", snapshot.node_name}},
      std::uint64_t{1});
  single(Metric::kProcessResidentMemory, snapshot.resident_bytes);
  single(Metric::kProcessCpuSeconds, snapshot.cpu_seconds);
  single(Metric::kProcessStartTime, static_cast<double>(snapshot.started_at) / 1e9);
}

}  // namespace

PrometheusExporter::PrometheusExporter(PrometheusOptions options)
    : options_(std::move(options)), fold_(options_.max_interfaces) {}

std::string PrometheusExporter::render(const Snapshot& snapshot, TextFormat format) {
  std::string page;
  page.reserve(last_size_ + last_size_ / 8);
  TextWriter out(page, format);
  write(snapshot, out);
  out.finish();
  last_size_ = page.size();
  return page;
}

MetricSet PrometheusExporter::collect(const Snapshot& snapshot) {
  MetricSet set;
  set.taken_at = snapshot.taken_at;
  set.started_at = snapshot.started_at;
  set.node = snapshot.node_name;
  set.version = snapshot.version;
  set.samples.reserve(last_samples_ + last_samples_ / 8);
  set.text.reserve(last_text_ + last_text_ / 8);
  MetricCollector out(set);
  write(snapshot, out);
  last_samples_ = set.samples.size();
  last_text_ = set.text.size();
  return set;
}

void PrometheusExporter::write(const Snapshot& snapshot, MetricWriter& out) {
  const auto rows = fold_.rows(snapshot, options_.active_only);
  const auto labelled = label(rows);
  write_interfaces(out, labelled);
  write_accounting(out, labelled);
  write_classes(out, snapshot);
  write_losses(out, snapshot);
  out.family(describe(Metric::kSeriesFolded));
  out.sample({{"label", "interface"}}, fold_.folded_total());
  out.sample({{"label", "vni"}}, snapshot.signals->tunnels.folded_vnis);
  write_probes(out, snapshot);
  write_agent(out, snapshot);
  write_sockets(out, snapshot.signals->sockets);
  write_drops(out, snapshot.signals->drops);
  write_netfilter(out, snapshot.signals->netfilter);
  write_tunnels(out, snapshot);
  write_xdp(out, snapshot);
  write_packet_losses(out, snapshot);
  write_alerts(out, *snapshot.alerts);
  write_quality(out, snapshot.quality);
  write_bandwidth(out, rows);
  if (snapshot.kube->status.state != KubeState::kOff) write_workloads(out, snapshot);
  write_kube(out, *snapshot.kube);
  std::optional<HistoryStatus> history;
  if (options_.history) history = options_.history();
  write_history(out, history ? &*history : nullptr, snapshot.table);
  write_response(out, options_.response ? options_.response() : ResponseReport());
  std::optional<LinkCounts> link;
  if (options_.link) link = options_.link();
  write_link(out, link ? &*link : nullptr);
  write_exporters(out, options_.exporters ? options_.exporters() : std::vector<OutboxStatus>());
}

}  // namespace netprobe
