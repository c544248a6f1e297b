// SPDX-License-Identifier: Apache-2.0
#include "cli/flow_view.h"
#include "cli/json_read.h"
#include "cli/loss_view.h"

namespace netprobe {
namespace {

using Element = simdjson::dom::element;

bool has_ports(std::string_view protocol) {
  return protocol == "tcp" || protocol == "udp" || protocol == "sctp";
}

std::string endpoint(Element flow, std::string_view address_key, std::string_view port_key,
                     bool ports) {
  std::string text = json_text(flow, address_key);
  if (!ports) return text;
  if (text.contains(':')) text = "[" + text + "]";
  return text + ":" + std::to_string(json_count(flow, port_key));
}

std::string encapsulation(Element flow) {
  if (const auto tunnel = json_text(flow, "tunnel"); !tunnel.empty()) {
    const auto vni = json_count(flow, "vni");
    return tunnel + (vni != 0 ? " " + std::to_string(vni) : "");
  }
  std::uint64_t id = 0;
  if (flow["mpls_label"].get(id) == simdjson::SUCCESS) return "mpls " + std::to_string(id);
  if (flow["vlan"].get(id) == simdjson::SUCCESS) {
    std::string text = "vlan " + std::to_string(id);
    if (flow["inner_vlan"].get(id) == simdjson::SUCCESS) text += "." + std::to_string(id);
    return text;
  }
  return "";
}

std::string process(Element flow, std::string_view key) {
  Element one;
  if (flow[key].get(one) != simdjson::SUCCESS) return {};
  return process_text(json_text(one, "comm"), json_count(one, "pid"), json_text(one, "known_by"));
}

}  // namespace

Result<FlowView> parse_flow(std::string_view json) {
  // One a thread: it keeps its buffers between flows.
  static thread_local simdjson::dom::parser parser;
  Element flow;
  if (parser.parse(json.data(), json.size()).get(flow) != simdjson::SUCCESS || !flow.is_object())
    return fail("the agent sent a flow that is not a JSON object");
  FlowView view;
  view.protocol = json_text(flow, "protocol");
  const bool ports = has_ports(view.protocol) && !json_flag(flow, "no_ports", false);
  view.source = endpoint(flow, "src_ip", "src_port", ports);
  view.destination = endpoint(flow, "dst_ip", "dst_port", ports);
  const auto port = [&](Element from, std::string_view key) {
    return ports ? ":" + std::to_string(json_count(from, key)) : std::string();
  };
  FlowView::Names names{.source = json_text(flow, "src_name"),
                        .destination = json_text(flow, "dst_name"),
                        .service = json_text(flow, "service"),
                        .source_port = port(flow, "src_port"),
                        .destination_port = port(flow, "dst_port")};
  Element nat;
  const bool translated = flow["nat"].get(nat) == simdjson::SUCCESS;
  if (translated) {
    names.other_destination_port = port(nat, "dst_port");
    names.translated = json_text(nat, "dst_ip") != json_text(flow, "dst_ip");
  }
  view.set_names(names);
  if (translated) {
    view.add_translation(endpoint(nat, "src_ip", "src_port", ports),
                         endpoint(nat, "dst_ip", "dst_port", ports));
  }
  view.direction = json_text(flow, "direction");
  view.first_seen = json_text(flow, "first_seen");
  view.last_seen = json_text(flow, "last_seen");
  view.packets = json_count(flow, "packets");
  view.bytes = json_count(flow, "bytes");
  view.reverse_packets = json_count(flow, "reverse_packets");
  view.reverse_bytes = json_count(flow, "reverse_bytes");
  view.packets_per_second = json_real(flow, "packets_per_second");
  view.bytes_per_second = json_real(flow, "bytes_per_second");
  if (view.protocol == "tcp")
    view.flags = json_text(flow, "tcp_flags") + "/" + json_text(flow, "reverse_tcp_flags");
  if (view.protocol == "icmp" || view.protocol == "icmp6")
    view.flags = "type " + std::to_string(json_count(flow, "icmp_type")) + " code " +
                 std::to_string(json_count(flow, "icmp_code"));
  view.retransmits = json_count(flow, "retransmits") + json_count(flow, "reverse_retransmits");
  view.handshake_ms = json_real(flow, "handshake_rtt_ms");
  view.verdict = json_text(flow, "verdict");
  view.processes = processes_text(process(flow, "client_process"), process(flow, "server_process"));
  view.encapsulation = encapsulation(flow);
  simdjson::dom::array observations;
  if (flow["observations"].get(observations) == simdjson::SUCCESS)
    for (const Element point : observations) view.add_point(json_text(point, "interface"));
  view.lost = loss_mark(flow);
  return view;
}

}  // namespace netprobe
