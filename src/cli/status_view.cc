// SPDX-License-Identifier: Apache-2.0
#include "cli/status_view.h"

#include <algorithm>
#include <cstdlib>

#include "cli/table.h"
#include "cli/units.h"

namespace netprobe {
namespace {

using enum Align;

void append_table(std::string& out, std::vector<TextColumn> columns, const std::vector<Row>& rows,
                  bool colour) {
  Table table(std::move(columns), colour);
  for (const auto& row : rows) table.fit(row);
  table.append_header(out);
  for (const auto& row : rows) table.append_row(out, row);
  out += '\n';
}

std::string count(std::uint64_t n) { return human_count(static_cast<double>(n)); }

void append_probes(std::string& out, const StatusView& status, bool colour) {
  std::vector<Row> rows;
  for (const auto& probe : status.probes) {
    const Style style = probe.state == "on"       ? Style::kGreen
                        : probe.state == "failed" ? Style::kRed
                                                  : Style::kDim;
    rows.push_back({probe.name,
                    {probe.state, style},
                    probe.rung,
                    count(probe.events),
                    count(probe.lost),
                    probe.why});
  }
  append_table(out, {{"PROBE"}, {"STATE"}, {"RUNG"}, {"EVENTS", kRight}, {"LOST", kRight}, {"WHY"}},
               rows, colour);
}

void append_interfaces(std::string& out, const StatusView& status, bool colour) {
  std::vector<Row> rows;
  for (const auto& one : status.interfaces) {
    const Style style = one.attached ? Style::kGreen : Style::kDim;
    rows.push_back({one.name,
                    one.role,
                    {one.attached ? one.mode : "no", style},
                    count(one.rx_packets),
                    human_byte_rate(one.rx_bytes_per_second),
                    count(one.tx_packets),
                    human_byte_rate(one.tx_bytes_per_second),
                    one.speed > 0 ? human_bit_rate(one.speed) : "",
                    human_share(std::max(one.rx_utilisation, one.tx_utilisation)),
                    one.reason});
  }
  append_table(out,
               {{"INTERFACE"},
                {"ROLE"},
                {"HOOK"},
                {"RX PACKETS", kRight},
                {"RX", kRight},
                {"TX PACKETS", kRight},
                {"TX", kRight},
                {"SPEED", kRight},
                {"USE", kRight},
                {"REASON"}},
               rows, colour);
}

/// Where XDP is and why, for every interface; only where its probe is on.
void append_xdp(std::string& out, const StatusView& status, bool colour) {
  const auto is_on = [](const ProbeView& p) { return p.name == "xdp" && p.state == "on"; };
  if (std::ranges::none_of(status.probes, is_on)) return;
  std::vector<Row> rows;
  for (const auto& one : status.interfaces) {
    const bool there = !one.xdp_mode.empty();
    rows.push_back({one.name,
                    {there ? one.xdp_mode : "no", there ? Style::kGreen : Style::kDim},
                    count(one.xdp_packets),
                    count(one.xdp_dropped),
                    one.xdp_reason});
  }
  append_table(out, {{"INTERFACE"}, {"XDP"}, {"PACKETS", kRight}, {"DROPPED", kRight}, {"WHY"}},
               rows, colour);
}

void append_counts(std::string& out, const NamedCounts& counts, std::string_view suffix) {
  for (const auto& [name, number] : counts)
    out += "  " + printable(name) + ": " + std::to_string(number) + std::string(suffix) + "\n";
}

void append_accounting(std::string& out, const StatsView& stats, bool colour) {
  const bool exact = stats.differences.empty();
  out += "accounting: ";
  out += exact ? styled("exact", Style::kGreen, colour) : styled("not exact", Style::kRed, colour);
  out += ", " + std::to_string(stats.packets) + " packets, " + std::to_string(stats.flow_packets) +
         " in flows\n";
  append_counts(out, stats.unattributed, " packets are in no flow");
  for (const auto& [point, difference] : stats.differences) {
    out += "  " + printable(point) + ": " + std::to_string(std::llabs(difference)) +
           (difference > 0 ? " packets are not accounted for\n" : " packets too many in flows\n");
  }
}

}  // namespace

bool is_degraded(const StatusView& status) {
  return !status.stats.differences.empty() ||
         std::ranges::any_of(status.probes,
                             [](const ProbeView& probe) { return probe.state == "failed"; });
}

std::string render_status(const StatusView& status, bool colour) {
  const auto& stats = status.stats;
  const bool degraded = is_degraded(status);
  std::string out = "agent " + printable(status.agent) + "  " + printable(stats.node) +
                    "  version " + printable(stats.version) + "  kernel " +
                    printable(stats.kernel) + "  ";
  out +=
      degraded ? styled("degraded", Style::kRed, colour) : styled("healthy", Style::kGreen, colour);
  out += "\n\n";
  append_probes(out, status, colour);
  append_interfaces(out, status, colour);
  append_xdp(out, status, colour);
  append_accounting(out, stats, colour);
  out += "lost: ";
  out += stats.losses.empty() ? "nothing\n" : "\n";
  append_counts(out, stats.losses, "");
  out += "flow table: " + count(stats.live_flows) + " of " + count(stats.capacity) + " flows";
  if (stats.capacity > 0)
    out += " (" + std::to_string(stats.live_flows * 100 / stats.capacity) + " %)";
  out += ", " + count(stats.total_flows) + " since the start, " + count(stats.evicted_flows) +
         " ended early\n";
  if (!stats.kubernetes.state.empty())
    out += "kubernetes: " + kubernetes_line(stats.kubernetes, colour) + "\n";
  out += status.response;
  if (stats.resident_bytes > 0)
    out += "memory: " + human_bytes(static_cast<double>(stats.resident_bytes)) + "\n";
  return out;
}

}  // namespace netprobe
