// SPDX-License-Identifier: Apache-2.0
#include "export/prometheus/tunnel_rows.h"

#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace netprobe {
namespace {

constexpr std::string_view kOther = "~other";

/// Tunnel and VNI as labels. Totals of kind none are those of all VNIs that
/// there are too many of.
LabelText labels_of(Tunnel kind, std::uint32_t vni) {
  if (kind == Tunnel::kNone) return {{"tunnel", kOther}, {"vni", kOther}};
  return {{"tunnel", to_string(kind)}, {"vni", std::to_string(vni)}};
}

void write_totals(MetricWriter& out, const TunnelReport& report) {
  std::vector<std::pair<LabelText, Counters>> rows;
  std::map<std::pair<Tunnel, std::uint32_t>, Counters> both;
  for (const TunnelTotal& total : report.totals) {
    rows.emplace_back(
        labels_of(total.kind, total.vni).with("direction", to_string(total.direction)),
        total.counters);
    both[{total.kind, total.vni}] += total.counters;
  }
  out.family(describe(Metric::kVxlanPackets));
  for (const auto& [labels, counters] : rows) out.sample(labels, counters.packets);
  out.family(describe(Metric::kVxlanBytes));
  for (const auto& [labels, counters] : rows) out.sample(labels, counters.bytes);
  out.family(describe(Metric::kVxlanTunnelsActive));
  out.sample({}, report.active);
  out.family(describe(Metric::kVxlanTunnelsNew));
  out.sample({}, report.new_tunnels);
  out.family(describe(Metric::kVxlanVniStats));
  for (const auto& [key, counters] : both) {
    const LabelText labels = labels_of(key.first, key.second);
    out.sample(labels.with("kind", "packets"), counters.packets);
    out.sample(labels.with("kind", "bytes"), counters.bytes);
  }
}

}  // namespace

void write_tunnels(MetricWriter& out, const Snapshot& snapshot) {
  const TunnelReport& report = snapshot.signals->tunnels;
  write_totals(out, report);
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> excess;
  for (const MtuTrouble& trouble : report.mtu)
    excess[{trouble.interface, trouble.underlay}] =
        trouble.inner_mtu + trouble.overhead - trouble.path_mtu;
  out.family(describe(Metric::kTunnelMtuExcess));
  for (const auto& [names, bytes] : excess)
    out.sample({{"interface", names.first}, {"underlay", names.second}}, bytes);
  out.family(describe(Metric::kPathMtuErrors));
  out.sample({}, snapshot.table.path_mtu_errors);
}

void write_xdp(MetricWriter& out, const Snapshot& snapshot) {
  struct Sums {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
    std::uint64_t dropped = 0;
  };
  std::map<std::pair<std::string_view, std::string_view>, Sums> rows;
  for (const XdpState& xdp : snapshot.signals->xdp) {
    if (xdp.mode.empty()) continue;
    Sums& sums = rows[{xdp.interface, xdp.mode}];
    sums.packets += xdp.packets;
    sums.bytes += xdp.bytes;
    sums.dropped += xdp.dropped;
  }
  const auto family = [&](Metric metric, std::uint64_t Sums::* member) {
    out.family(describe(metric));
    for (const auto& [names, sums] : rows)
      out.sample({{"interface", names.first}, {"mode", names.second}}, sums.*member);
  };
  family(Metric::kXdpPackets, &Sums::packets);
  family(Metric::kXdpBytes, &Sums::bytes);
  family(Metric::kXdpDropped, &Sums::dropped);
}

}  // namespace netprobe
