// SPDX-License-Identifier: Apache-2.0
#include "cli/flow_view.h"

#include <algorithm>
#include <array>

#include "base/duration.h"
#include "cli/loss_view.h"
#include "cli/units.h"
#include "model/flow_json.h"
#include "model/identity.h"

namespace netprobe {
namespace {

std::string endpoint(const IpAddress& address, std::uint16_t port, bool has_port) {
  std::string text = address.to_string();
  if (!has_port) return text;
  if (!address.is_v4()) text = "[" + text + "]";
  return text + ":" + std::to_string(port);
}

/// "12:34:56.789" of an RFC 3339 time; what is none stays as it is.
std::string time_of_day(const std::string& rfc3339) {
  return rfc3339.size() >= 23 && rfc3339[10] == 'T' ? rfc3339.substr(11, 12) : rfc3339;
}

std::string duration_between(const std::string& first, const std::string& last) {
  const auto begin = parse_time(first, 0);
  const auto end = parse_time(last, 0);
  return begin && end ? human_duration(*end - *begin) : "";
}

std::string encapsulation_of(const Flow& flow) {
  if (flow.tunnel != Tunnel::kNone)
    return std::string(to_string(flow.tunnel)) +
           (flow.vni != 0 ? " " + std::to_string(flow.vni) : "");
  if (flow.mpls_label != kNoMplsLabel) return "mpls " + std::to_string(flow.mpls_label);
  if (flow.vlan != kNoVlan)
    return "vlan " + std::to_string(flow.vlan) +
           (flow.inner_vlan != kNoVlan ? "." + std::to_string(flow.inner_vlan) : "");
  return "";
}

std::string text_of(const ProcessPtr& process) {
  return process ? process_text(process->comm, process->pid, process->known_by) : std::string();
}

/// What needs nobody's attention goes without saying.
bool is_ordinary(std::string_view verdict) {
  static constexpr std::array<std::string_view, 5> kOrdinary{"open", "closed", "answered",
                                                             "connecting", "unknown"};
  return std::ranges::find(kOrdinary, verdict) != kOrdinary.end();
}

}  // namespace

std::string process_text(std::string_view comm, std::uint64_t pid, std::string_view known_by) {
  return std::string(comm) + "/" + std::to_string(pid) + (known_by == "listener" ? "?" : "");
}

std::string processes_text(const std::string& client, const std::string& server) {
  if (client.empty() && server.empty()) return {};
  return (client.empty() ? "-" : client) + " > " + (server.empty() ? "-" : server);
}

void FlowView::set_names(const Names& names) {
  if (!names.source.empty()) named_source = names.source + names.source_port;
  const std::string backend =
      names.destination.empty()
          ? std::string()
          : names.destination +
                (names.translated ? names.other_destination_port : names.destination_port);
  if (names.service.empty()) {
    if (!backend.empty())
      named_destination = names.translated ? destination + " (" + backend + ")" : backend;
  } else if (names.translated || backend.empty()) {
    named_destination = names.service + names.destination_port;
    if (!backend.empty()) named_destination += " (" + backend + ")";
  } else {  // at the backend's node, behind the translation
    named_destination = backend + " (" + names.service + ")";
  }
}

void FlowView::use_names() {
  if (!named_source.empty()) source = named_source;
  if (!named_destination.empty()) destination = named_destination;
}

Result<FlowFormat> parse_flow_format(std::string_view text) {
  if (text == "table") return FlowFormat::kTable;
  if (text == "wide") return FlowFormat::kWide;
  if (text == "json") return FlowFormat::kJson;
  return fail("'" + std::string(text) + "' is not an output format: use table, wide or json",
              ErrorKind::kUsage);
}

FlowView view_of(const Flow& flow) {
  FlowView view;
  const auto protocol = flow.tuple.protocol;
  const bool icmp = protocol == kProtoIcmp || protocol == kProtoIcmp6;
  const bool ports =
      !flow.no_ports && (protocol == kProtoTcp || protocol == kProtoUdp || protocol == kProtoSctp);
  view.source = endpoint(flow.tuple.src, flow.tuple.src_port, ports);
  view.destination = endpoint(flow.tuple.dst, flow.tuple.dst_port, ports);
  const auto name = [](const IdentityPtr& identity) {
    return identity ? identity->full_name() : std::string();
  };
  const auto port = [&](std::uint16_t number) {
    return ports ? ":" + std::to_string(number) : std::string();
  };
  view.set_names({.source = name(flow.src_identity),
                  .destination = name(flow.dst_identity),
                  .service = name(flow.service),
                  .source_port = port(flow.tuple.src_port),
                  .destination_port = port(flow.tuple.dst_port),
                  .other_destination_port = port(flow.translated.dst_port),
                  .translated = flow.nat && flow.translated.dst != flow.tuple.dst});
  if (flow.nat) {
    view.add_translation(endpoint(flow.translated.src, flow.translated.src_port, ports),
                         endpoint(flow.translated.dst, flow.translated.dst_port, ports));
  }
  view.protocol = protocol_name(protocol);
  view.direction = flow.direction;
  view.first_seen = format_rfc3339(flow.first_seen);
  view.last_seen = format_rfc3339(flow.last_seen);
  view.packets = flow.forward.packets;
  view.bytes = flow.forward.bytes;
  view.reverse_packets = flow.reverse.packets;
  view.reverse_bytes = flow.reverse.bytes;
  view.packets_per_second = flow.packets_per_second;
  view.bytes_per_second = flow.bytes_per_second;
  if (protocol == kProtoTcp) {
    view.flags =
        tcp_flags_text(flow.tcp_forward.flags) + "/" + tcp_flags_text(flow.tcp_reverse.flags);
    view.retransmits = flow.tcp_forward.retransmits + flow.tcp_reverse.retransmits;
    view.handshake_ms = static_cast<double>(flow.handshake_rtt) / 1e6;
  }
  if (icmp)
    view.flags =
        "type " + std::to_string(flow.icmp >> 8) + " code " + std::to_string(flow.icmp & 0xff);
  view.verdict = flow.verdict;
  view.processes = processes_text(text_of(flow.client_process), text_of(flow.server_process));
  view.encapsulation = encapsulation_of(flow);
  for (const auto& point : flow.observations) view.add_point(point.interface);
  if (flow.losses) view.lost = loss_mark(*flow.losses);
  return view;
}

std::vector<TextColumn> flow_columns(FlowFormat format, bool rates) {
  using enum Align;
  std::vector<TextColumn> columns;
  if (!rates) columns.push_back({"LAST SEEN", kLeft, 12});
  columns.push_back({"PROTO", kLeft, 5});
  columns.push_back({"SOURCE", kLeft, 21});
  columns.push_back({"DESTINATION", kLeft, 21});
  if (rates) {
    columns.push_back({"RATE", kRight, 9});
    columns.push_back({"PKT/S", kRight, 5});
  }
  columns.push_back({"PACKETS", kRight, 7});
  columns.push_back({"BYTES", kRight, 8});
  columns.push_back({"R.PACKETS", kRight, 9});
  columns.push_back({"R.BYTES", kRight, 8});
  columns.push_back({"FLAGS", kLeft, 9});
  columns.push_back({"VERDICT", kLeft, 15});
  if (format == FlowFormat::kWide) {
    columns.push_back({"FIRST SEEN", kLeft, 30});
    columns.push_back({"DURATION", kRight, 8});
    columns.push_back({"DIRECTION", kLeft, 10});
    columns.push_back({"RTT", kRight, 7});
    columns.push_back({"RETRANS", kRight, 7});
    columns.push_back({"PROCESSES", kLeft, 16});
    columns.push_back({"IN", kLeft, 2});
    columns.push_back({"INTERFACES", kLeft, 10});
  }
  if (!rates) columns.push_back({"LOST", kLeft, 4});
  return columns;
}

Row flow_row(const FlowView& flow, FlowFormat format, bool rates) {
  const auto count = [](std::uint64_t n) { return human_count(static_cast<double>(n)); };
  const auto bytes = [](std::uint64_t n) { return human_bytes(static_cast<double>(n)); };
  Row row;
  if (!rates) row.push_back({time_of_day(flow.last_seen), Style::kDim});
  row.emplace_back(flow.protocol);
  row.emplace_back(flow.source);
  row.emplace_back(flow.destination);
  if (rates) {
    row.push_back({human_byte_rate(flow.bytes_per_second), Style::kBold});
    row.emplace_back(human_count(flow.packets_per_second));
  }
  row.emplace_back(count(flow.packets));
  row.emplace_back(bytes(flow.bytes));
  row.emplace_back(count(flow.reverse_packets));
  row.emplace_back(bytes(flow.reverse_bytes));
  row.push_back({flow.flags,
                 flow.protocol == "tcp" && flow.flags.contains('R') ? Style::kRed : Style::kPlain});
  // Wide says it of every flow; else only what is worth a look is said.
  const bool ordinary = is_ordinary(flow.verdict);
  const bool said = format == FlowFormat::kWide || !ordinary;
  row.push_back({said ? flow.verdict : "", ordinary ? Style::kPlain : Style::kYellow});
  if (format == FlowFormat::kWide) {
    row.emplace_back(flow.first_seen);
    row.emplace_back(duration_between(flow.first_seen, flow.last_seen));
    row.emplace_back(flow.direction);
    row.emplace_back(
        flow.handshake_ms > 0 ? human_duration(static_cast<Nanos>(flow.handshake_ms * 1e6)) : "");
    row.push_back({count(flow.retransmits), flow.retransmits > 0 ? Style::kYellow : Style::kPlain});
    row.emplace_back(flow.processes);
    row.emplace_back(flow.encapsulation);
    row.emplace_back(flow.points);
  }
  if (!rates) row.push_back({flow.lost, Style::kRed});
  return row;
}

}  // namespace netprobe
