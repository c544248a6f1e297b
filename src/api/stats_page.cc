// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "api/accounting.h"
#include "api/completeness.h"
#include "api/kube_json.h"
#include "api/pages.h"
#include "model/identity_names.h"

namespace netprobe {
namespace {

/// Ports that are listed by themselves; a scan would otherwise list 65,536.
constexpr std::size_t kMaxPorts = 100;

/// What one end of a flow is called in the traffic matrix where it is not this
/// node itself and no node of the cluster is known for it.
constexpr std::string_view kOutside = "external";
constexpr std::string_view kOtherNode = "other-node";

using Matrix = std::map<std::string, std::map<std::string, std::uint64_t>>;

struct FlowCounts {
  std::uint64_t intra_node = 0;
  std::uint64_t inter_node = 0;
  std::uint64_t external = 0;
  std::uint64_t pod_to_pod = 0;
  std::uint64_t service = 0;
  std::uint64_t vxlan = 0;
  std::map<std::string, std::uint64_t> protocols;
  std::map<std::uint16_t, std::uint64_t> ports;
  Matrix matrix;
};

bool has_ports(const Flow& flow) {
  const auto protocol = flow.tuple.protocol;
  return !flow.no_ports &&
         (protocol == kProtoTcp || protocol == kProtoUdp || protocol == kProtoSctp);
}

/// Seen at the edges of two pods of this node, or at one on its way to or from
/// a tunnel, at whose other end there is a pod too.
bool crosses_two_pods(const Flow& flow) {
  std::uint32_t pod = 0;
  bool tunnelled = flow.tunnel != Tunnel::kNone;
  for (const auto& point : flow.observations) {
    tunnelled = tunnelled || point.role == Role::kTunnel || point.tunnel != Tunnel::kNone;
    if (point.role != Role::kPod) continue;
    if (pod != 0 && pod != point.ifindex) return true;
    pod = point.ifindex;
  }
  return pod != 0 && tunnelled;
}

/// By names where there are any; the path tells it where nobody knows names.
bool between_pods(const Flow& flow) {
  return flow.src_identity || flow.dst_identity ? is_pod_to_pod(flow) : crosses_two_pods(flow);
}

/// The node of one end, or what stands for it.
std::string place_of(const IdentityPtr& identity, std::string_view otherwise) {
  if (!identity) return std::string(otherwise);
  if (identity->kind == IdentityKind::kExternal) return std::string(kOutside);
  const auto node = node_of(*identity);
  return std::string(node.empty() ? otherwise : node);
}

bool in_vxlan(const Flow& flow) {
  return flow.tunnel == Tunnel::kVxlan ||
         std::ranges::any_of(flow.observations,
                             [](const Observation& o) { return o.tunnel == Tunnel::kVxlan; });
}

void count_matrix(FlowCounts& counts, const Flow& flow, const std::string& node) {
  const auto from =
      place_of(flow.src_identity, flow.direction == "ingress" ? kOutside : std::string_view(node));
  const auto to =
      place_of(flow.dst_identity, flow.direction == "egress"       ? kOutside
                                  : flow.direction == "inter-node" ? kOtherNode
                                                                   : std::string_view(node));
  counts.matrix[from][to] += flow.forward.bytes;
  counts.matrix[to][from] += flow.reverse.bytes;
}

FlowCounts count(const Snapshot& snapshot) {
  FlowCounts counts;
  for (const Flow& flow : snapshot.flows) {
    if (flow.direction == "intra-node") {
      ++counts.intra_node;
    } else if (flow.direction == "inter-node") {
      ++counts.inter_node;
    }
    if (is_external_flow(flow)) ++counts.external;
    if (is_service_flow(flow)) ++counts.service;
    if (between_pods(flow)) ++counts.pod_to_pod;
    if (in_vxlan(flow)) ++counts.vxlan;
    ++counts.protocols[protocol_name(flow.tuple.protocol)];
    if (has_ports(flow)) ++counts.ports[flow.tuple.dst_port];
    count_matrix(counts, flow, snapshot.node_name);
  }
  return counts;
}

void append_ports(JsonObject& json, std::string& out, const FlowCounts& counts) {
  std::vector<std::pair<std::uint16_t, std::uint64_t>> ports(counts.ports.begin(),
                                                             counts.ports.end());
  std::ranges::sort(ports, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  std::uint64_t other = 0;
  json.key("port_distribution");
  JsonObject list(out);
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (i < kMaxPorts) {
      list.number(std::to_string(ports[i].first), ports[i].second);
    } else {
      other += ports[i].second;
    }
  }
  if (other > 0) list.number("~other", other);
  list.close();
}

void append_matrix(JsonObject& json, std::string& out, const Matrix& matrix) {
  json.key("node_traffic_matrix");
  JsonObject rows(out);
  for (const auto& [from, row] : matrix) {
    rows.foreign_key(from);
    JsonObject cells(out);
    for (const auto& [to, bytes] : row) {
      cells.foreign_key(to);
      out += std::to_string(bytes);
    }
    cells.close();
  }
  rows.close();
}

void append_table(JsonObject& json, std::string& out, const FlowTableStats& table) {
  json.key("flow_table");
  JsonObject stats(out);
  stats.number("live_flows", table.live_flows);
  stats.number("total_flows", table.total_flows);
  stats.number("ended_flows", table.ended_flows);
  stats.number("evicted_flows", table.evicted_flows);
  stats.number("records", table.records);
  stats.number("capacity", table.capacity);
  stats.close();
}

/// The same counts of all flows since the start, each once; only where a
/// cluster's names are there to count by.
void append_since_start(JsonObject& json, std::string& out, const Snapshot& snapshot) {
  if (snapshot.kube->status.state == KubeState::kOff) return;
  const FlowKinds& kinds = snapshot.workloads.kinds;
  json.key("since_start");
  JsonObject inner(out);
  inner.number("total_flows", kinds.total);
  inner.number("intra_node_flows", kinds.intra_node);
  inner.number("inter_node_flows", kinds.inter_node);
  inner.number("ingress_flows", kinds.ingress);
  inner.number("egress_flows", kinds.egress);
  inner.number("pod_to_pod_flows", kinds.pod_to_pod);
  inner.number("service_flows", kinds.service);
  inner.number("external_flows", kinds.external);
  inner.number("vxlan_flows", kinds.vxlan);
  inner.number("unnamed_ends", kinds.unnamed_ends);
  inner.close();
}

}  // namespace

std::string stats_page(const Snapshot& snapshot) {
  const FlowCounts counts = count(snapshot);
  std::string out;
  JsonObject json(out);
  json.text("node_name", snapshot.node_name);
  json.text("version", snapshot.version);
  json.text("kernel", snapshot.kernel);
  json.number("resident_bytes", snapshot.resident_bytes);
  json.real("cpu_seconds", snapshot.cpu_seconds);
  json.time("started_at", snapshot.started_at);
  json.time("last_updated", snapshot.taken_at);
  json.number("total_flows", snapshot.flows.size());
  json.number("intra_node_flows", counts.intra_node);
  json.number("inter_node_flows", counts.inter_node);
  json.number("pod_to_pod_flows", counts.pod_to_pod);
  json.number("service_flows", counts.service);
  json.number("external_flows", counts.external);
  json.number("vxlan_flows", counts.vxlan);
  json.key("protocol_distribution");
  JsonObject protocols(out);
  for (const auto& [name, flows] : counts.protocols) protocols.number(name, flows);
  protocols.close();
  append_ports(json, out, counts);
  append_matrix(json, out, counts.matrix);
  append_since_start(json, out, snapshot);
  append_accounting(json, out, snapshot);
  append_table(json, out, snapshot.table);
  json.key("losses");
  JsonArray losses(out);
  for (const auto& loss : snapshot.losses) {
    losses.next();
    JsonObject entry(out);
    entry.text("stage", loss.stage);
    entry.text("cause", loss.cause);
    entry.number("count", loss.count);
    entry.close();
  }
  losses.close();
  json.key("packet_classes");
  JsonObject classes(out);
  for (const auto& [name, packets] : snapshot.packet_classes) {
    classes.foreign_key(name);
    out += std::to_string(packets);
  }
  classes.close();
  append_kubernetes(json, out, snapshot.kube->status);
  append_completeness(json, out, snapshot);
  json.close();
  return out;
}

}  // namespace netprobe
