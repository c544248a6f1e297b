// SPDX-License-Identifier: Apache-2.0
#include "model/flow_json.h"

#include "base/json_writer.h"
#include "model/identity_json.h"
#include "model/loss_json.h"

namespace netprobe {
namespace {

/// Fields that only some flows and points have.
template <typename T>
void append_encapsulation(JsonObject& json, const T& from) {
  if (from.tunnel != Tunnel::kNone) json.text("tunnel", to_string(from.tunnel));
  if (from.vlan != kNoVlan) json.number("vlan", from.vlan);
  if (from.inner_vlan != kNoVlan) json.number("inner_vlan", from.inner_vlan);
  if (from.mpls_label != kNoMplsLabel) json.number("mpls_label", from.mpls_label);
}

void append_observation(std::string& out, const Observation& point) {
  JsonObject json(out);
  json.text("interface", point.interface);
  json.number("ifindex", point.ifindex);
  json.text("role", to_string(point.role));
  json.text("direction", to_string(point.direction));
  json.number("depth", point.depth);
  json.number("packets", point.forward.packets);
  json.number("bytes", point.forward.bytes);
  json.number("reverse_packets", point.reverse.packets);
  json.number("reverse_bytes", point.reverse.bytes);
  if (point.translated) json.flag("translated", true);
  append_encapsulation(json, point);
  if (point.tunnel != Tunnel::kNone) {
    json.number("vni", point.vni);
    json.address("outer_src_ip", point.outer_src);
    json.address("outer_dst_ip", point.outer_dst);
  }
  json.close();
}

/// What the other side saw, where addresses are translated on the way.
void append_nat(JsonObject& json, std::string& out, const Flow& flow) {
  if (flow.nat) {
    json.key("nat");
    JsonObject nat(out);
    nat.address("src_ip", flow.translated.src);
    nat.address("dst_ip", flow.translated.dst);
    nat.number("src_port", flow.translated.src_port);
    nat.number("dst_port", flow.translated.dst_port);
    nat.close();
  }
  if (flow.merged_into != 0) json.number("merged_into", flow.merged_into);
}

/// Of the packets that one side sent.
double ratio(std::uint64_t part, std::uint64_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

void append_process(JsonObject& json, std::string& out, std::string_view name,
                    const ProcessPtr& process) {
  if (!process) return;
  json.key(name);
  JsonObject one(out);
  one.number("pid", process->pid);
  one.text("comm", process->comm);
  if (!process->known_by.empty()) one.text("known_by", process->known_by);
  if (!process->container.empty()) one.text("container", process->container);
  if (!process->cgroup.empty()) one.text("cgroup", process->cgroup);
  one.close();
}

void append_tcp(JsonObject& json, const Flow& flow) {
  json.text("reverse_tcp_flags", tcp_flags_text(flow.tcp_reverse.flags));
  json.number("syns", flow.tcp_forward.syns + flow.tcp_reverse.syns);
  json.number("fins", flow.tcp_forward.fins + flow.tcp_reverse.fins);
  json.number("rsts", flow.tcp_forward.rsts + flow.tcp_reverse.rsts);
  json.number("resets", flow.tcp_forward.rsts);
  json.number("reverse_resets", flow.tcp_reverse.rsts);
  json.number("retransmits", flow.tcp_forward.retransmits);
  json.number("reverse_retransmits", flow.tcp_reverse.retransmits);
  json.ratio("retransmit_ratio", ratio(flow.tcp_forward.retransmits, flow.forward.packets));
  json.ratio("reverse_retransmit_ratio", ratio(flow.tcp_reverse.retransmits, flow.reverse.packets));
  json.number("out_of_order", flow.tcp_forward.out_of_order);
  json.number("reverse_out_of_order", flow.tcp_reverse.out_of_order);
  json.number("zero_windows", flow.tcp_forward.zero_windows);
  json.number("reverse_zero_windows", flow.tcp_reverse.zero_windows);
  if (flow.handshake_rtt > 0)
    json.real("handshake_rtt_ms", static_cast<double>(flow.handshake_rtt) / 1e6);
  if (flow.handshake_server > 0)
    json.real("handshake_server_ms", static_cast<double>(flow.handshake_server) / 1e6);
  if (flow.handshake_client > 0)
    json.real("handshake_client_ms", static_cast<double>(flow.handshake_client) / 1e6);
  if (flow.rtt > 0) json.real("rtt_ms", static_cast<double>(flow.rtt) / 1e6);
}

}  // namespace

std::string tcp_flags_text(std::uint8_t flags) {
  static constexpr std::string_view kLetters = "FSRPAUEC";
  std::string text;
  for (std::size_t bit = 0; bit < kLetters.size(); ++bit)
    if (flags & (1U << bit)) text += kLetters[bit];
  return text;
}

void append_json(std::string& out, const Flow& flow) {
  JsonObject json(out);
  json.number("id", flow.id);
  json.address("src_ip", flow.tuple.src);
  json.address("dst_ip", flow.tuple.dst);
  json.number("src_port", flow.tuple.src_port);
  json.number("dst_port", flow.tuple.dst_port);
  json.text("protocol", protocol_name(flow.tuple.protocol));
  append_nat(json, out, flow);
  json.text("direction", flow.direction);
  append_traffic(json, out, flow);
  append_identity(json, out, "src", flow.src_identity, IdentityDetail::kFull);
  append_identity(json, out, "dst", flow.dst_identity, IdentityDetail::kFull);
  append_service(json, flow.service, flow.service_by);
  json.number("packets", flow.forward.packets);
  json.number("bytes", flow.forward.bytes);
  json.number("reverse_packets", flow.reverse.packets);
  json.number("reverse_bytes", flow.reverse.bytes);
  json.time("first_seen", flow.first_seen);
  json.time("last_seen", flow.last_seen);
  json.time("timestamp", flow.last_seen);
  json.real("packets_per_second", flow.packets_per_second);
  json.real("bytes_per_second", flow.bytes_per_second);
  json.text("tcp_flags", tcp_flags_text(flow.tcp_forward.flags));
  if (flow.tuple.protocol == kProtoTcp) append_tcp(json, flow);
  if (flow.tuple.protocol == kProtoIcmp || flow.tuple.protocol == kProtoIcmp6) {
    json.number("icmp_type", flow.icmp >> 8);
    json.number("icmp_code", flow.icmp & 0xff);
  }
  if (flow.icmp_errors > 0) {
    json.number("icmp_errors", flow.icmp_errors);
    json.number("last_icmp_error_type", flow.last_icmp_error >> 8);
    json.number("last_icmp_error_code", flow.last_icmp_error & 0xff);
  }
  if (flow.path_mtu_errors > 0) {
    json.number("path_mtu", flow.path_mtu);
    json.number("path_mtu_errors", flow.path_mtu_errors);
  }
  json.number("dscp", flow.dscp);
  json.number("min_ttl", flow.min_ttl);
  json.number("vni", flow.vni);
  append_encapsulation(json, flow);
  if (flow.carries != Tunnel::kNone) json.text("carries", to_string(flow.carries));
  if (flow.fragments > 0) json.number("fragments", flow.fragments);
  if (flow.no_ports) json.flag("no_ports", true);
  json.flag("ended", flow.ended);
  if (!flow.verdict.empty()) json.text("verdict", flow.verdict);
  append_process(json, out, "client_process", flow.client_process);
  append_process(json, out, "server_process", flow.server_process);
  json.key("observations");
  JsonArray points(out);
  for (const auto& point : flow.observations) {
    points.next();
    append_observation(out, point);
  }
  points.close();
  if (flow.losses) {
    json.key("losses");
    JsonArray losses(out);
    for (const auto& loss : *flow.losses) {
      losses.next();
      append_json(out, loss);
    }
    losses.close();
  }
  json.close();
}

}  // namespace netprobe
