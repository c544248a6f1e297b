// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>

#include "api/cluster_pages.h"
#include "api/completeness.h"
#include "api/kube_json.h"

namespace netprobe {
namespace {

/// `"name":{"10.244.0.2":"default/web",…}`: who has each address now. An
/// address that several claim is told once, or it would be one key twice.
void append_holders(JsonObject& json, std::string& out, std::string_view name,
                    const std::vector<AddressClaim>& claims, IdentityKind kind, Nanos now) {
  json.key(name);
  JsonObject map(out);
  const IpAddress* told = nullptr;
  std::string address;
  for (const AddressClaim& claim : claims) {
    if (claim.identity->kind != kind || (claim.until != 0 && claim.until <= now)) continue;
    if (told != nullptr && *told == claim.address) continue;
    told = &claim.address;
    address.clear();
    claim.address.append_to(address);
    map.text(address, claim.identity->full_name());
  }
  map.close();
}

void append_cidrs(JsonObject& json, std::string& out, const KubeView& view) {
  std::map<std::string, std::string_view> nodes;
  for (const auto& node : view.nodes)
    for (const IpPrefix& cidr : node->pod_cidrs) nodes.emplace(cidr.to_string(), node->meta.name);
  json.key("cidr_to_node");
  JsonObject map(out);
  for (const auto& [cidr, node] : nodes) map.text(cidr, node);
  map.close();
}

/// A Flannel network has one VNI for all its nodes.
void append_vnis(JsonObject& json, std::string& out, const FlannelReport& flannel) {
  std::map<std::uint32_t, std::set<std::string_view>> nodes;
  for (const FlannelNode& node : flannel.nodes) {
    if (node.backend_type != "vxlan") continue;
    if (node.vni != 0) nodes[node.vni].insert(node.node);
    if (node.vni_v6 != 0) nodes[node.vni_v6].insert(node.node);
  }
  json.key("vni_to_node");
  JsonObject map(out);
  for (const auto& [vni, names] : nodes) {
    map.key(std::to_string(vni));
    JsonArray list(out);
    for (const auto name : names) list.text(name);
    list.close();
  }
  map.close();
}

}  // namespace

QueryResult<GraphOf> parse_topology_query(const QueryParams& params) {
  static constexpr std::array<std::string_view, 1> kNames{"graph"};
  static constexpr std::array<std::string_view, 2> kWords{"since_start", "live"};
  const auto values = named_values(params, kNames, {});
  if (!values) return std::unexpected(values.error());
  if (values->empty() || *values->front().value == kWords[0]) return GraphOf::kSinceStart;
  const std::string& value = *values->front().value;
  if (value == kWords[1]) return GraphOf::kLive;
  return std::unexpected(
      BadQuery{"graph",
               "'" + value + "' is not a value for graph: use one of since_start, live",
               {kWords.begin(), kWords.end()}});
}

std::string topology_page(const Snapshot& snapshot, GraphOf of) {
  const KubeView& view = *snapshot.kube;
  std::string out;
  out.reserve(1024 + 64 * (view.claims.size() + view.service_addresses.size()));
  JsonObject json(out);
  json.text("node_name", snapshot.node_name);
  const Nanos now = snapshot.taken_at;
  append_holders(json, out, "ip_to_pod", view.claims, IdentityKind::kPod, now);
  append_holders(json, out, "ip_to_node", view.claims, IdentityKind::kNode, now);
  append_holders(json, out, "ip_to_service", view.service_addresses, IdentityKind::kService, now);
  append_cidrs(json, out, view);
  append_vnis(json, out, snapshot.flannel);
  append_graph(json, out, snapshot, of);
  json.time("last_updated", last_updated(snapshot));
  append_kubernetes(json, out, view.status);
  append_completeness(json, out, snapshot, {}, {"flow"}, missing_names(view));
  json.close();
  return out;
}

}  // namespace netprobe
