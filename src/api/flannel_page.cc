// SPDX-License-Identifier: Apache-2.0
#include "api/flannel_page.h"

#include <algorithm>

#include "api/completeness.h"
#include "base/json_writer.h"
#include "model/flow_json.h"

namespace netprobe {
namespace {

void append_address(JsonObject& json, std::string_view name, const IpAddress& address) {
  if (address.is_unspecified())
    json.null(name);
  else
    json.address(name, address);
}

void append_text(JsonObject& json, std::string_view name, std::string_view text) {
  if (text.empty())
    json.null(name);
  else
    json.text(name, text);
}

void append_number(JsonObject& json, std::string_view name, std::uint64_t value) {
  if (value == 0)
    json.null(name);
  else
    json.number(name, value);
}

void append_prefixes(std::string& out, const std::vector<IpPrefix>& prefixes) {
  JsonArray list(out);
  for (const IpPrefix& prefix : prefixes) list.text(prefix.to_string());
  list.close();
}

void append_node(std::string& out, const FlannelNode& node) {
  JsonObject json(out);
  json.text("node_name", node.node);
  append_address(json, "internal_ip", node.internal_ip);
  append_text(json, "pod_cidr", node.pod_cidrs.empty() ? "" : node.pod_cidrs.front().to_string());
  json.key("pod_cidrs");
  append_prefixes(out, node.pod_cidrs);
  append_text(json, "backend_type", node.backend_type);
  append_number(json, "vni", node.vni);
  append_text(json, "vtep_mac", node.vtep_mac);
  append_address(json, "public_ip", node.public_ip);
  append_number(json, "vni_v6", node.vni_v6);
  append_text(json, "vtep_mac_v6", node.vtep_mac_v6);
  append_address(json, "public_ipv6", node.public_ipv6);
  append_address(json, "public_ip_overwrite", node.public_ip_overwrite);
  append_address(json, "public_ipv6_overwrite", node.public_ipv6_overwrite);
  json.flag("kube_subnet_manager", node.managed);
  append_text(json, "error", node.error);
  json.close();
}

void append_device(std::string& out, const TunnelDevice& device) {
  JsonObject json(out);
  json.text("interface", device.interface);
  json.number("ifindex", device.ifindex);
  json.text("kind", device.kind);
  json.flag("up", device.up);
  append_number(json, "vni", device.vni);
  append_number(json, "port", device.port);
  append_address(json, "local_ip", device.local);
  // What has no Ethernet has no MAC address.
  append_text(json, "mac", device.mac == MacAddress{} ? "" : format_mac(device.mac));
  json.number("mtu", device.mtu);
  append_text(json, "underlay", device.underlay);
  append_number(json, "underlay_mtu", device.underlay_mtu);
  append_number(json, "overhead", device.overhead);
  json.key("addresses");
  append_prefixes(out, device.addresses);
  json.close();
}

void append_vxlan(JsonObject& json, std::string& out, const FlannelReport& report) {
  const auto device = std::ranges::find(report.devices, "vxlan", &TunnelDevice::kind);
  if (report.vni == 0 && device == report.devices.end()) return json.null("vxlan_info");
  json.key("vxlan_info");
  JsonObject info(out);
  info.number("vni", report.vni);
  append_number(info, "port", report.port);
  const bool here = device != report.devices.end();
  append_text(info, "interface", here ? device->interface : "");
  append_address(info, "local_ip", here ? device->local : IpAddress{});
  append_text(info, "vtep_mac", here ? format_mac(device->mac) : "");
  append_number(info, "mtu", here ? device->mtu : 0);
  info.close();
}

/// What is not expected is null, which is neither there nor missing.
void append_expected(JsonObject& json, std::string_view name, bool expected, bool is) {
  if (expected)
    json.flag(name, is);
  else
    json.null(name);
}

void append_peer(std::string& out, const FlannelPeer& peer) {
  JsonObject json(out);
  json.text("node_name", peer.node);
  json.flag("self", peer.self);
  append_text(json, "interface", peer.device);
  append_expected(json, "route", peer.route_expected, peer.route);
  append_expected(json, "neighbour", peer.entries_expected, peer.neighbour);
  append_expected(json, "forwarding_entry", peer.entries_expected, peer.forwarding);
  json.number("packets_sent", peer.sent.packets);
  json.number("bytes_sent", peer.sent.bytes);
  json.number("packets_received", peer.received.packets);
  json.number("bytes_received", peer.received.bytes);
  if (peer.last_seen == 0)
    json.null("last_seen");
  else
    json.time("last_seen", peer.last_seen);
  json.close();
}

void append_finding(std::string& out, const FlannelFinding& finding) {
  JsonObject json(out);
  json.text("kind", finding.kind);
  append_text(json, "node_name", finding.node);
  json.text("what", finding.what);
  json.close();
}

template <typename Rows, typename Append>
void append_list(JsonObject& json, std::string& out, std::string_view name, const Rows& rows,
                 Append append) {
  json.key(name);
  JsonArray list(out);
  for (const auto& row : rows) {
    list.next();
    append(out, row);
  }
  list.close();
}

}  // namespace

std::string flannel_page(const Snapshot& snapshot) {
  const FlannelReport& report = snapshot.flannel;
  std::vector<IpPrefix> subnets;
  for (const FlannelNode& node : report.nodes)
    subnets.insert(subnets.end(), node.pod_cidrs.begin(), node.pod_cidrs.end());

  std::string out;
  JsonObject json(out);
  json.text("node_name", snapshot.node_name);
  json.time("last_updated", report.updated == 0 ? snapshot.taken_at : report.updated);
  json.flag("used", report.used);
  append_list(json, out, "nodes", report.nodes, append_node);
  json.key("subnets");
  append_prefixes(out, subnets);
  append_vxlan(json, out, report);
  append_list(json, out, "devices", report.devices, append_device);
  append_list(json, out, "peers", report.peers, append_peer);
  append_list(json, out, "findings", report.findings, append_finding);
  json.number("findings_not_shown", report.more_findings);
  append_text(json, "error", report.error);
  if (report.observed_at == 0)
    json.null("observed_at");
  else
    json.time("observed_at", report.observed_at);
  append_completeness(json, out, snapshot, {}, {"vxlan", "forwarding"});
  json.close();
  return out;
}

}  // namespace netprobe
