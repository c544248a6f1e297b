// SPDX-License-Identifier: Apache-2.0
#include "cli/agent_view.h"

#include <algorithm>

#include "cli/json_read.h"
#include "cli/table.h"

namespace netprobe {
namespace {

using simdjson::dom::element;

std::unexpected<Error> unexpected_answer(std::string_view what) {
  return fail("the agent's answer has no " + std::string(what) +
              ": is it an agent of another version?");
}

/// The list under `key`; `document` keeps it alive.
Result<simdjson::dom::array> list_of(simdjson::dom::parser& parser, const std::string& json,
                                     std::string_view key) {
  element document;
  simdjson::dom::array list;
  if (parser.parse(json).get(document) != simdjson::SUCCESS ||
      document[key].get(list) != simdjson::SUCCESS)
    return unexpected_answer(key);
  return list;
}

/// The numbers of an object that are not 0.
NamedCounts counts_of(simdjson::simdjson_result<element> from) {
  NamedCounts counts;
  simdjson::dom::object object;
  if (from.get(object) != simdjson::SUCCESS) return counts;
  for (const auto& [key, value] : object) {
    std::uint64_t count = 0;
    if (value.get(count) == simdjson::SUCCESS && count > 0) counts.emplace_back(key, count);
  }
  return counts;
}

/// Counters and rates of one direction.
void take_side(simdjson::simdjson_result<element> from, std::uint64_t& packets,
               double& packets_per_second, double& bytes_per_second) {
  element side;
  if (from.get(side) != simdjson::SUCCESS) return;
  packets = json_count(side, "packets");
  packets_per_second = json_real(side, "packets_per_second");
  bytes_per_second = json_real(side, "bytes_per_second");
}

void take_xdp(simdjson::simdjson_result<element> from, InterfaceView& view) {
  element xdp;
  if (from.get(xdp) != simdjson::SUCCESS) return;
  view.xdp_mode = json_text(xdp, "mode");
  view.xdp_reason = json_text(xdp, "reason");
  view.xdp_packets = json_count(xdp, "packets");
  view.xdp_dropped = json_count(xdp, "dropped");
}

/// Use of the link in one direction.
void take_use(simdjson::simdjson_result<element> from, InterfaceView& view, double& utilisation) {
  element use;
  if (from.get(use) != simdjson::SUCCESS) return;
  view.speed = static_cast<double>(json_count(use, "speed_bits_per_second"));
  utilisation = json_real(use, "utilisation");
  view.peak = std::max(view.peak, json_real(use, "peak_100ms_bits_per_second"));
  view.microbursts += json_count(use, "microbursts");
}

KubernetesView kubernetes_of(simdjson::simdjson_result<element> from) {
  element one;
  if (from.get(one) != simdjson::SUCCESS) return {};
  return {json_text(one, "state"), json_text(one, "server"), json_text(one, "error"),
          json_text(one, "last_contact")};
}

void take_accounting(element accounting, StatsView& view) {
  element total;
  if (accounting["total"].get(total) == simdjson::SUCCESS) {
    view.packets = json_count(total, "packets");
    view.flow_packets = json_count(total, "flow_packets");
    view.unattributed = counts_of(total["unattributed"]);
  }
  for (const std::string_view key : {"interfaces", "retired"}) {
    simdjson::dom::array points;
    if (accounting[key].get(points) != simdjson::SUCCESS) continue;
    for (const element point : points) {
      std::int64_t difference = 0;
      if (point["difference"].get(difference) != simdjson::SUCCESS || difference == 0) continue;
      auto name = json_text(point, "interface");
      if (name.empty()) name = "removed interfaces";
      view.differences.emplace_back(name + " " + json_text(point, "direction"), difference);
    }
  }
}

}  // namespace

Result<std::vector<ProbeView>> parse_probes(const std::string& json) {
  simdjson::dom::parser parser;
  const auto list = list_of(parser, json, "probes");
  if (!list) return std::unexpected(list.error());
  std::vector<ProbeView> views;
  for (const element probe : *list) {
    ProbeView view{.name = json_text(probe, "name"),
                   .state = json_text(probe, "state"),
                   .rung = json_text(probe, "rung"),
                   .why = json_text(probe, "why"),
                   .events = json_count(probe, "events")};
    simdjson::dom::array lost;
    if (probe["lost"].get(lost) == simdjson::SUCCESS)
      for (const element loss : lost) view.lost += json_count(loss, "count");
    views.push_back(std::move(view));
  }
  return views;
}

Result<std::vector<InterfaceView>> parse_interfaces(const std::string& json) {
  simdjson::dom::parser parser;
  const auto list = list_of(parser, json, "interfaces");
  if (!list) return std::unexpected(list.error());
  std::vector<InterfaceView> views;
  for (const element interface : *list) {
    InterfaceView view{.name = json_text(interface, "name"),
                       .role = json_text(interface, "role"),
                       .attached = json_flag(interface, "attached", false),
                       .mode = json_text(interface, "mode"),
                       .reason = json_text(interface, "reason")};
    take_xdp(interface["xdp"], view);
    take_side(interface["rx"], view.rx_packets, view.rx_packets_per_second,
              view.rx_bytes_per_second);
    take_side(interface["tx"], view.tx_packets, view.tx_packets_per_second,
              view.tx_bytes_per_second);
    take_use(interface["rx_use"], view, view.rx_utilisation);
    take_use(interface["tx_use"], view, view.tx_utilisation);
    views.push_back(std::move(view));
  }
  return views;
}

std::string kubernetes_line(const KubernetesView& kubernetes, bool colour) {
  const std::string state = printable(kubernetes.state);
  if (state == "off") return "off: flows have addresses and no names";
  const Style style = state == "synced"   ? Style::kGreen
                      : state == "failed" ? Style::kRed
                                          : Style::kYellow;
  std::string line = styled(state, style, colour);
  if (!kubernetes.server.empty()) line += ", " + printable(kubernetes.server);
  if (!kubernetes.error.empty()) line += ": " + printable(kubernetes.error);
  if (state == "retrying")
    line += "; names may be old" + (kubernetes.last_contact.empty()
                                        ? std::string()
                                        : ", as of " + printable(kubernetes.last_contact));
  return line;
}

KubernetesView parse_kubernetes(const std::string& json) {
  simdjson::dom::parser parser;
  element document;
  if (parser.parse(json).get(document) != simdjson::SUCCESS) return {};
  return kubernetes_of(document["kubernetes"]);
}

Result<StatsView> parse_stats(const std::string& json) {
  simdjson::dom::parser parser;
  element document;
  element accounting;
  if (parser.parse(json).get(document) != simdjson::SUCCESS ||
      document["accounting"].get(accounting) != simdjson::SUCCESS)
    return unexpected_answer("accounting");
  StatsView view{.node = json_text(document, "node_name"),
                 .version = json_text(document, "version"),
                 .kernel = json_text(document, "kernel"),
                 .resident_bytes = json_count(document, "resident_bytes")};
  take_accounting(accounting, view);
  element part;
  if (document["completeness"].get(part) == simdjson::SUCCESS)
    view.losses = counts_of(part["lost"]);
  if (document["flow_table"].get(part) == simdjson::SUCCESS) {
    view.live_flows = json_count(part, "live_flows");
    view.total_flows = json_count(part, "total_flows");
    view.evicted_flows = json_count(part, "evicted_flows");
    view.capacity = json_count(part, "capacity");
  }
  view.kubernetes = kubernetes_of(document["kubernetes"]);
  return view;
}

}  // namespace netprobe
