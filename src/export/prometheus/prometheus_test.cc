// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "export/prometheus/metric_table.h"
#include "export/prometheus/prometheus_exporter.h"
#include "export/prometheus/testing/small_snapshot.h"

namespace netprobe {
namespace {

using testing::interface;
using testing::small_snapshot;

std::string render(const Snapshot& snapshot, TextFormat format = TextFormat::kPrometheus) {
  return PrometheusExporter({}).render(snapshot, format);
}

std::vector<std::string> lines_of(const std::string& page) {
  std::vector<std::string> lines;
  std::istringstream in(page);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool has_line(const std::string& page, std::string_view line) {
  const auto lines = lines_of(page);
  return std::ranges::find(lines, line) != lines.end();
}

#define EXPECT_LINE(page, line) EXPECT_TRUE(has_line(page, line)) << (line) << "\nin\n" << (page)

TEST(Prometheus, WritesWhatBecameOfLists) {
  Snapshot snapshot = small_snapshot();
  auto report = std::make_shared<AlertReport>();
  WatchlistStatus& list = report->watchlists.emplace_back();
  list.name = "drop";
  list.error = "it is gone";
  list.fetched = 1'764'000'000 * kSecond;
  list.addresses = 5;
  list.prefixes = 2;
  list.trimmed = 1;
  list.refused = {{"private", 4}};
  list.failed = 3;
  list.matches = 9;
  snapshot.alerts = report;
  const auto page = render(snapshot);
  EXPECT_LINE(page, R"(netprobe_threat_intel_entries{list="drop",type="address"} 5)");
  EXPECT_LINE(page, R"(netprobe_threat_intel_entries{list="drop",type="network"} 2)");
  EXPECT_LINE(page, R"(netprobe_threat_intel_entries{list="drop",type="name"} 0)");
  EXPECT_LINE(page, R"(netprobe_threat_intel_up{list="drop"} 0)");
  EXPECT_LINE(page,
              R"(netprobe_threat_intel_last_refresh_timestamp_seconds{list="drop"} 1.764e+09)");
  EXPECT_LINE(page, R"(netprobe_threat_intel_refreshes_total{list="drop",outcome="failed"} 3)");
  EXPECT_LINE(page, R"(netprobe_threat_intel_refused_entries{list="drop",cause="private"} 4)");
  EXPECT_LINE(page, R"(netprobe_threat_intel_trimmed_entries{list="drop"} 1)");
  EXPECT_LINE(page, R"(netprobe_threat_intel_matches_total{list="drop"} 9)");
}

TEST(Prometheus, WritesWhatTheSnapshotHolds) {
  const auto page = render(small_snapshot());
  EXPECT_LINE(page, R"(netprobe_interface_rx_packets_total{interface="eth0",role="uplink"} 100)");
  EXPECT_LINE(page, R"(netprobe_interface_tx_bytes_total{interface="eth1",role="uplink"} 40000)");
  EXPECT_LINE(page, R"(netprobe_interface_rx_packets_rate{interface="eth0",role="uplink"} 12.5)");
  EXPECT_LINE(
      page,
      R"(netprobe_unattributed_packets_total{interface="eth0",direction="ingress",cause="malformed"} 2)");
  EXPECT_LINE(page, R"(netprobe_flow_packets_total{interface="eth0",direction="ingress"} 90)");
  EXPECT_LINE(page,
              R"(netprobe_accounting_difference_packets{interface="eth0",direction="ingress"} 0)");
  EXPECT_LINE(page, R"(netprobe_probe_info{probe="flow",rung="tcx",state="on"} 1)");
  EXPECT_LINE(page, R"(netprobe_program_runs_total{program="netprobe_in"} 15)");
  EXPECT_LINE(page, R"(netprobe_program_run_seconds_total{program="netprobe_in"} 2)");
  EXPECT_LINE(page, R"(netprobe_events_lost_total{stage="flow_ring",cause="full"} 3)");
  EXPECT_LINE(page, R"(netprobe_events_lost_total{stage="api",cause="slow"} 1)");
  EXPECT_LINE(page, R"(netprobe_packets_by_class_total{class="ipv4"} 7)");
  EXPECT_LINE(page, "netprobe_flows 5");
  EXPECT_LINE(page, "netprobe_flow_table_begun_total 9");
  EXPECT_LINE(page,
              R"(netprobe_build_info{version="1.2.3",kernel="6.12",node="node \"a\"\\\n"} 1)");
  EXPECT_LINE(page, "process_resident_memory_bytes 1048576");
  EXPECT_LINE(page, "process_cpu_seconds_total 0.25");
  EXPECT_LINE(page, "# TYPE netprobe_interface_rx_packets_total counter");
  EXPECT_FALSE(page.contains("# EOF"));
}

TEST(Prometheus, WritesQualityAndBandwidth) {
  const auto page = render(small_snapshot());
  for (
      const char* line :
      {R"(netprobe_flow_verdicts_total{protocol="tcp",verdict="refused"} 4)",
       R"(netprobe_flow_verdicts_total{protocol="udp",verdict="port_unreachable"} 2)",
       R"(netprobe_tcp_resets_total{direction="server_to_client"} 8)",
       R"(netprobe_tcp_resets_total{direction="client_to_server"} 0)",
       R"(netprobe_tcp_flow_zero_windows_total{direction="server_to_client"} 7)",
       "# TYPE netprobe_tcp_handshake_wire_seconds histogram",
       R"(netprobe_tcp_handshake_wire_seconds_bucket{role="uplink",le="5e-05"} 0)",
       R"(netprobe_tcp_handshake_wire_seconds_bucket{role="uplink",le="1e-04"} 2)",
       R"(netprobe_tcp_handshake_wire_seconds_bucket{role="uplink",le="1.0"} 2)",
       R"(netprobe_tcp_handshake_wire_seconds_bucket{role="uplink",le="+Inf"} 3)",
       R"(netprobe_tcp_handshake_wire_seconds_sum{role="uplink"} 20)",
       R"(netprobe_tcp_handshake_wire_seconds_count{role="uplink"} 3)",
       R"(netprobe_interface_speed_bytes{interface="eth0"} 125000000)",
       R"(netprobe_interface_utilisation_ratio{interface="eth0",direction="ingress"} 0.25)",
       R"(netprobe_interface_peak_bytes_rate{interface="eth0",direction="ingress",window="100ms"} 1e+08)",
       R"(netprobe_interface_peak_bytes_rate{interface="eth0",direction="egress",window="1s"} 0)",
       R"(netprobe_interface_microbursts_total{interface="eth0",direction="ingress"} 3)",
       R"(netprobe_interface_unmeasured_windows_total{interface="eth0",direction="ingress"} 1)"})
    EXPECT_LINE(page, line);
  // A link without a speed cannot be full.
  EXPECT_FALSE(page.contains(R"(netprobe_interface_speed_bytes{interface="eth1"})"));
  EXPECT_FALSE(page.contains(R"(netprobe_interface_microbursts_total{interface="eth1")"));
}

TEST(Prometheus, ShowsPacketsThatAreNowhere) {
  auto snapshot = small_snapshot();
  snapshot.interfaces[0].rx.flow_packets -= 7;
  snapshot.interfaces[1].tx.flow_packets += 2;
  const auto page = render(snapshot);
  EXPECT_LINE(page,
              R"(netprobe_accounting_difference_packets{interface="eth0",direction="ingress"} 7)");
  EXPECT_LINE(page,
              R"(netprobe_accounting_difference_packets{interface="eth1",direction="egress"} -2)");
}

TEST(Prometheus, NamesFamiliesAsOpenMetricsWants) {
  const auto page = render(small_snapshot(), TextFormat::kOpenMetrics);
  EXPECT_LINE(page, "# TYPE netprobe_interface_rx_packets counter");
  EXPECT_LINE(page, "# UNIT netprobe_interface_rx_packets packets");
  EXPECT_LINE(page, R"(netprobe_interface_rx_packets_total{interface="eth0",role="uplink"} 100)");
  EXPECT_LINE(page, "# TYPE netprobe_flows gauge");
  EXPECT_TRUE(page.ends_with("# EOF\n"));
}

TEST(Prometheus, HasEveryMetricOfTheTableAndNoOther) {
  std::set<std::string> typed;
  for (const auto& line : lines_of(render(small_snapshot()))) {
    if (!line.starts_with("# TYPE ")) continue;
    const auto name = line.substr(7, line.find(' ', 7) - 7);
    EXPECT_TRUE(typed.insert(name).second) << name << " comes twice";
  }
  std::set<std::string> known;
  for (const auto& metric : metric_table())
    if (!metric.name.starts_with("netprobe_server_")) known.emplace(metric.name);  // not an agent's
  EXPECT_EQ(typed, known);
}

/// "role,interface" in the order of the page.
std::string labels_of(const std::string& series) {
  std::string names;
  bool quoted = false;
  std::string name;
  const auto open = series.find('{');
  if (open == std::string::npos) return names;
  for (std::size_t i = open + 1; i < series.size(); ++i) {
    const char c = series[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == '=') {
      names += (names.empty() ? "" : ",") + name;
      name.clear();
    } else if (!quoted && (c == ',' || c == '}')) {
      name.clear();
    } else if (!quoted) {
      name += c;
    }
  }
  return names;
}

TEST(Prometheus, HasTheLabelsOfTheTableAndNoSeriesTwice) {
  auto snapshot = small_snapshot();
  // All that could be twice in the agent's lists.
  snapshot.interfaces.push_back(interface(9, "eth0", 50));
  snapshot.losses.push_back({"api", "slow", 1});
  snapshot.probes.push_back(snapshot.probes[0]);
  snapshot.packet_classes.push_back({"ipv4", 1});
  const auto page = render(snapshot);
  std::map<std::string_view, std::string_view> labels;
  for (const auto& metric : metric_table()) labels[metric.name] = metric.labels;
  std::set<std::string> seen;
  for (const auto& line : lines_of(page)) {
    if (line.starts_with('#')) continue;
    const auto series = line.substr(0, line.rfind(' '));
    EXPECT_TRUE(seen.insert(series).second) << series << " comes twice";
    auto name = series.substr(0, series.find('{'));
    auto names = labels_of(series);
    for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
      const auto family = name.substr(0, name.size() - std::min(name.size(), suffix.size()));
      if (labels.contains(name) || !name.ends_with(suffix) || !labels.contains(family)) continue;
      if (suffix == "_bucket") names = names.substr(0, names.rfind(",le"));
      name = family;
    }
    EXPECT_EQ(names, labels.at(name)) << series;
  }
  EXPECT_LINE(page, R"(netprobe_interface_rx_packets_total{interface="eth0",role="uplink"} 150)");
}

TEST(Prometheus, TellsOfTheFirewallWhatIsKnown) {
  auto snapshot = small_snapshot();
  auto signals = std::make_shared<Signals>();
  auto& hooks = signals->netfilter.hooks;
  hooks.push_back({.family = "ipv4", .hook = "input", .counted = true, .processed = {9, 900}});
  hooks.push_back({.family = "ipv4", .hook = "output"});  // never counted: no series
  hooks[0].dropped = 2;
  for (int chain = 0; chain < 150; ++chain) {
    NetfilterRule rule;
    rule.family = "inet";
    rule.table = "t";
    rule.chain = "c" + std::to_string(1000 + chain);
    rule.has_counter = true;
    rule.counts_drops = chain != 0;  // c1000 counts more than it drops
    rule.counters.packets = 1;
    signals->netfilter.rules.push_back(rule);
  }
  snapshot.signals = signals;
  const auto page = render(snapshot);
  EXPECT_LINE(page, R"(netprobe_netfilter_packets_total{family="ipv4",hook="input"} 9)");
  EXPECT_LINE(page, R"(netprobe_netfilter_dropped_packets_total{family="ipv4",hook="input"} 2)");
  EXPECT_FALSE(page.contains(R"(hook="output")"));
  EXPECT_FALSE(page.contains("c1000"));
  EXPECT_LINE(
      page,
      R"(netprobe_netfilter_rule_dropped_packets_total{family="inet",table="t",chain="c1001"} 1)");
  EXPECT_LINE(
      page,
      R"(netprobe_netfilter_rule_dropped_packets_total{family="~other",table="~other",chain="~other"} 49)");
  // No connection table, no numbers of one.
  EXPECT_FALSE(page.contains("\nnetprobe_conntrack_entries "));
}

TEST(Prometheus, KeepsThePageValidWhateverAnInterfaceIsCalled) {
  Snapshot snapshot;
  snapshot.interfaces = {interface(1, "a\xff\"\n\\\xc3\xa9", 1)};
  EXPECT_LINE(render(snapshot),
              "netprobe_interface_rx_packets_total{interface=\"a\xef\xbf\xbd\\\"\\n\\\\\xc3\xa9\","
              "role=\"uplink\"} 1");
}

TEST(Prometheus, LeavesOutQuietInterfacesOnRequest) {
  Snapshot snapshot;
  snapshot.interfaces = {interface(1, "busy", 1), interface(2, "quiet", 0)};
  EXPECT_TRUE(render(snapshot).contains("quiet"));
  EXPECT_FALSE(PrometheusExporter({.active_only = true})
                   .render(snapshot, TextFormat::kPrometheus)
                   .contains("quiet"));
}

TEST(Prometheus, FoldsInterfacesBeyondTheBound) {
  PrometheusExporter exporter({.max_interfaces = 1});
  Snapshot snapshot;
  snapshot.interfaces = {interface(1, "a", 10), interface(2, "b", 20), interface(3, "c", 30)};
  const auto other = [&](std::uint64_t packets) {
    return "netprobe_interface_rx_packets_total{interface=\"~other\",role=\"~other\"} " +
           std::to_string(packets);
  };
  auto page = exporter.render(snapshot, TextFormat::kPrometheus);
  EXPECT_LINE(page, R"(netprobe_interface_rx_packets_total{interface="a",role="uplink"} 10)");
  EXPECT_LINE(page, other(50));
  EXPECT_LINE(page, R"(netprobe_series_folded_total{label="interface"} 2)");
  EXPECT_LINE(exporter.render(snapshot, TextFormat::kPrometheus), other(50));

  // One of the folded goes: what it counted stays. The kept one goes: its
  // place is for newcomers, so that nothing is counted on both sides.
  snapshot.interfaces = {interface(2, "b", 21), interface(4, "d", 40)};
  page = exporter.render(snapshot, TextFormat::kPrometheus);
  EXPECT_LINE(page, other(30 + 21));
  EXPECT_LINE(page, R"(netprobe_interface_rx_packets_total{interface="d",role="uplink"} 40)");
  EXPECT_FALSE(page.contains("interface=\"b\""));
  EXPECT_LINE(page, R"(netprobe_series_folded_total{label="interface"} 2)");
}

TEST(Prometheus, FoldedInterfacesKeepTheirMicrobursts) {
  PrometheusExporter exporter({.max_interfaces = 1});
  Snapshot snapshot;
  snapshot.interfaces = {interface(1, "a", 10), interface(2, "b", 20), interface(3, "c", 30)};
  snapshot.interfaces[1].rx_use = {.speed = 1000, .peak_1s = 80, .microbursts = 2};
  snapshot.interfaces[2].rx_use = {.speed = 3000, .peak_1s = 40, .microbursts = 5};
  const auto bursts = [](int count) {
    return R"(netprobe_interface_microbursts_total{interface="~other",direction="ingress"} )" +
           std::to_string(count);
  };
  auto page = exporter.render(snapshot, TextFormat::kPrometheus);
  EXPECT_LINE(page, bursts(7));
  EXPECT_LINE(
      page,
      R"(netprobe_interface_peak_bytes_rate{interface="~other",direction="ingress",window="1s"} 10)");
  snapshot.interfaces.pop_back();
  page = exporter.render(snapshot, TextFormat::kPrometheus);
  EXPECT_LINE(page, bursts(7));
}

TEST(Negotiation, TakesWhatTheClientWeighsMost) {
  using enum TextFormat;
  EXPECT_EQ(negotiate_format(""), kPrometheus);
  EXPECT_EQ(negotiate_format("*/*"), kPrometheus);
  EXPECT_EQ(negotiate_format("application/openmetrics-text"), kOpenMetrics);
  // As Prometheus 2 sends it.
  EXPECT_EQ(negotiate_format("application/openmetrics-text;version=1.0.0,"
                             "application/openmetrics-text;version=0.0.1;q=0.75,"
                             "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            kOpenMetrics);
  EXPECT_EQ(negotiate_format("application/openmetrics-text;q=0.2, text/plain;q=0.9"), kPrometheus);
  EXPECT_EQ(negotiate_format("application/openmetrics-text;q=0"), kPrometheus);
  EXPECT_EQ(negotiate_format("application/openmetrics-text;q=x"), kPrometheus);
}

HistoryStatus busy_history() {
  HistoryStatus status;
  status.engine = "duckdb";
  status.writable = true;
  status.rows_written = 1000;
  status.batches_written = 10;
  status.rows_waiting = 7;
  status.bytes_on_disk = 4096;
  status.files = 2;
  status.oldest = 1'700'000'000'500'000;
  status.queries = 5;
  status.queries_failed = 1;
  status.lost = {{"queue_full", 3}, {"retention", 100}};
  return status;
}

TEST(Prometheus, WritesHowHistoryStands) {
  Snapshot snapshot = small_snapshot();
  snapshot.table.history_over = {4, 400};
  const auto page = PrometheusExporter({.history = busy_history}).render(snapshot, {});
  EXPECT_LINE(page, R"(netprobe_history_info{engine="duckdb"} 1)");
  EXPECT_LINE(page, "netprobe_history_writable 1");
  EXPECT_LINE(page, "netprobe_history_rows_written_total 1000");
  EXPECT_LINE(page, "netprobe_history_rows_waiting 7");
  EXPECT_LINE(page, R"(netprobe_history_rows_lost_total{cause="queue_full"} 3)");
  EXPECT_LINE(page, "netprobe_history_rows_expired_total 100");
  EXPECT_LINE(page, "netprobe_history_disk_bytes 4096");
  EXPECT_LINE(page, "netprobe_history_oldest_timestamp_seconds 1700000000.5");
  EXPECT_LINE(page, "netprobe_history_queries_failed_total 1");
  EXPECT_LINE(page, "netprobe_history_excess_packets_total 4");
  EXPECT_FALSE(page.contains(R"(cause="retention")"));
}

std::vector<OutboxStatus> busy_exporters() {
  OutboxStatus status;
  status.name = "file";
  status.where = "file:///var/log/\"x\"";
  status.connected = true;
  status.seen = 100;
  status.passed_over = 40;
  status.folded = 50;
  status.sums = 5;
  status.sent = 12;
  status.waiting = 1;
  status.last_sent = 1'700'000'000'500'000'000;
  status.cpu_seconds = 0.25;
  status.lost = {{"queue_full", 2}, {"rejected", 0}};
  return {status};
}

TEST(Prometheus, WritesHowExportersStand) {
  const auto page = PrometheusExporter({.exporters = busy_exporters}).render(small_snapshot(), {});
  EXPECT_LINE(page, R"(netprobe_export_info{exporter="file",where="file:///var/log/\"x\""} 1)");
  EXPECT_LINE(page, R"(netprobe_export_connected{exporter="file"} 1)");
  EXPECT_LINE(page, R"(netprobe_export_records_seen_total{exporter="file"} 100)");
  EXPECT_LINE(page, R"(netprobe_export_records_total{exporter="file",outcome="sent"} 12)");
  EXPECT_LINE(page, R"(netprobe_export_records_total{exporter="file",outcome="folded"} 50)");
  EXPECT_LINE(page, R"(netprobe_export_records_lost_total{exporter="file",cause="queue_full"} 2)");
  EXPECT_LINE(page, R"(netprobe_export_records_waiting{exporter="file"} 1)");
  EXPECT_LINE(page, R"(netprobe_export_sums_total{exporter="file"} 5)");
  EXPECT_LINE(page,
              R"(netprobe_export_last_success_timestamp_seconds{exporter="file"} 1700000000.5)");
  EXPECT_LINE(page, R"(netprobe_export_cpu_seconds_total{exporter="file"} 0.25)");
}

std::optional<LinkCounts> busy_link() {
  return LinkCounts{.calls = {{.kind = "query", .taken = 12, .refused = 3, .now = 2},
                              {.kind = "hello", .taken = 1}},
                    .unreadable = 4,
                    .stalled = 5,
                    .live_bytes = 6000};
}

TEST(Prometheus, WritesHowTheLinkStands) {
  const auto page = PrometheusExporter({.link = busy_link}).render(small_snapshot(), {});
  EXPECT_LINE(page, R"(netprobe_agent_link_calls_total{kind="query"} 12)");
  EXPECT_LINE(page, R"(netprobe_agent_link_calls_total{kind="hello"} 1)");
  EXPECT_LINE(page, R"(netprobe_agent_link_calls_active{kind="query"} 2)");
  EXPECT_LINE(page, R"(netprobe_agent_link_calls_refused_total{kind="query"} 3)");
  EXPECT_LINE(page, "netprobe_agent_link_unreadable_total 4");
  EXPECT_LINE(page, "netprobe_agent_link_stalled_total 5");
  EXPECT_LINE(page, "netprobe_agent_link_live_bytes 6000");
  PrometheusExporter without({.link = [] { return std::optional<LinkCounts>(); }});
  EXPECT_FALSE(without.render(small_snapshot(), {}).contains("\nnetprobe_agent_link_"));
}

ResponseReport busy_response() {
  ResponseReport report;
  report.mode = ResponseMode::kEnforce;
  report.status.blocks_by_mode = {1, 2};
  report.status.limits_by_mode = {0, 3};
  report.status.feed = "drop";
  report.status.feed_mode = BlockMode::kEnforce;
  report.status.feed_entries = 7;
  report.status.counters.dropped[0] = {.packets = 12, .bytes = 720};
  report.status.counters.would_drop[6] = {.packets = 5, .bytes = 300};
  report.status.refused[0] = 4;
  report.status.audit_errors = 1;
  return report;
}

TEST(Prometheus, WritesWhatIsBlocked) {
  const auto page = PrometheusExporter({.response = busy_response}).render(small_snapshot(), {});
  EXPECT_LINE(page, R"(netprobe_response_info{mode="enforce"} 1)");
  EXPECT_LINE(page, R"(netprobe_blocks{kind="block",mode="dry-run"} 1)");
  EXPECT_LINE(page, R"(netprobe_blocks{kind="block",mode="enforce"} 2)");
  EXPECT_LINE(page, R"(netprobe_blocks{kind="limit",mode="enforce"} 3)");
  EXPECT_LINE(page, R"(netprobe_blocks{kind="list",mode="enforce"} 7)");
  EXPECT_LINE(page, R"(netprobe_block_packets_total{cause="address",action="dropped"} 12)");
  EXPECT_LINE(page, R"(netprobe_block_bytes_total{cause="syn_limit",action="would_drop"} 300)");
  EXPECT_LINE(page, R"(netprobe_block_refusals_total{cause="bad_request"} 4)");
  EXPECT_LINE(page, "netprobe_block_audit_errors_total 1");
  const auto off = PrometheusExporter({}).render(small_snapshot(), {});
  EXPECT_LINE(off, R"(netprobe_response_info{mode="off"} 1)");
  EXPECT_FALSE(off.contains("netprobe_blocks{"));
}

TEST(Prometheus, PassesPromtool) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "promtool is not installed";
  const std::string path = ::testing::TempDir() + "/netprobe_metrics_page.txt";
  std::ofstream(path) << PrometheusExporter({.history = busy_history,
                                             .exporters = busy_exporters,
                                             .link = busy_link})
                             .render(small_snapshot(), TextFormat::kPrometheus);
  const int status = std::system(("promtool check metrics < '" + path + "' >&2").c_str());
  EXPECT_EQ(WEXITSTATUS(status), 0) << "promtool found fault with the page";
  std::remove(path.c_str());
}

/// The rows of docs/metrics.md: | name | type | labels | …
TEST(Documentation, TellsOfEveryMetricAsItIs) {
  std::ifstream in(NETPROBE_DOCS_DIR "/metrics.md");
  ASSERT_TRUE(in) << "docs/metrics.md is missing";
  std::map<std::string, std::pair<std::string, std::string>> documented;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| `")) continue;
    std::vector<std::string> cells;
    std::istringstream row(line.substr(2));
    for (std::string cell; std::getline(row, cell, '|');) {
      std::string plain;
      for (const char c : cell)
        if (c != '`' && c != ' ') plain += c;
      cells.push_back(plain);
    }
    ASSERT_GE(cells.size(), 5U) << line;
    EXPECT_FALSE(cells[3].empty()) << "no cardinality: " << line;
    EXPECT_FALSE(cells[4].empty()) << "no meaning: " << line;
    documented[cells[0]] = {cells[1], cells[2]};
  }
  for (const auto& metric : metric_table()) {
    const auto row = documented.find(std::string(metric.name));
    if (row == documented.end()) {
      ADD_FAILURE() << metric.name << " is not in docs/metrics.md";
      continue;
    }
    EXPECT_EQ(row->second.first, to_string(metric.type)) << metric.name;
    EXPECT_EQ(row->second.second, metric.labels) << metric.name;
    documented.erase(row);
  }
  for (const auto& [name, row] : documented)
    ADD_FAILURE() << "docs/metrics.md has " << name << ", the agent has not";
}

TEST(Prometheus, TunnelsAndXdp) {
  Snapshot snapshot = small_snapshot();
  auto signals = std::make_shared<Signals>();
  signals->tunnels.totals = {{Tunnel::kVxlan, 42, Direction::kIngress, {3, 300}},
                             {Tunnel::kVxlan, 42, Direction::kEgress, {4, 400}},
                             {Tunnel::kNone, 0, Direction::kEgress, {5, 500}}};
  signals->tunnels.active = 2;
  signals->tunnels.mtu.push_back({.interface = "vx0",
                                  .underlay = "eth0",
                                  .inner_mtu = 1500,
                                  .overhead = 50,
                                  .path_mtu = 1500});
  signals->xdp = {{.interface = "eth0", .mode = "native", .packets = 7, .bytes = 700},
                  {.interface = "eth1", .reason = "no"}};
  snapshot.signals = signals;
  const auto page = render(snapshot, TextFormat::kPrometheus);
  EXPECT_LINE(page,
              R"(netprobe_vxlan_packets_total{tunnel="vxlan",vni="42",direction="ingress"} 3)");
  EXPECT_LINE(page,
              R"(netprobe_vxlan_bytes_total{tunnel="vxlan",vni="42",direction="egress"} 400)");
  EXPECT_LINE(page,
              R"(netprobe_vxlan_packets_total{tunnel="~other",vni="~other",direction="egress"} 5)");
  EXPECT_LINE(page, R"(netprobe_vxlan_vni_stats{tunnel="vxlan",vni="42",kind="packets"} 7)");
  EXPECT_LINE(page, "netprobe_vxlan_tunnels_active 2");
  EXPECT_LINE(page, R"(netprobe_tunnel_mtu_excess_bytes{interface="vx0",underlay="eth0"} 50)");
  EXPECT_LINE(page, R"(netprobe_xdp_packets_total{interface="eth0",mode="native"} 7)");
  EXPECT_EQ(page.find(R"(netprobe_xdp_packets_total{interface="eth1")"), std::string::npos);
  // A counter without the suffix is none to OpenMetrics.
  const auto open = render(snapshot, TextFormat::kOpenMetrics);
  EXPECT_LINE(open, "# TYPE netprobe_vxlan_vni_stats unknown");
}

}  // namespace
}  // namespace netprobe
