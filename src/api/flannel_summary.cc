// SPDX-License-Identifier: Apache-2.0
#include "api/flannel_summary.h"

#include "base/json_writer.h"

namespace netprobe {
namespace {

void append_node(std::string& out, const FlannelNode& node) {
  JsonObject json(out);
  json.text("node_name", node.node);
  json.address("internal_ip", node.internal_ip);
  json.text("pod_cidr", node.pod_cidrs.empty() ? "" : node.pod_cidrs.front().to_string());
  json.number("vni", node.vni);
  json.text("vtep_mac", node.vtep_mac);
  json.text("backend_type", node.backend_type);
  json.close();
}

}  // namespace

void append_flannel_summary(std::string& out, const Snapshot& snapshot) {
  const FlannelReport& flannel = snapshot.flannel;
  JsonObject json(out);
  json.key("nodes");
  JsonArray nodes(out);
  for (const FlannelNode& node : flannel.nodes) {
    nodes.next();
    append_node(out, node);
  }
  nodes.close();
  json.key("subnets");
  JsonArray subnets(out);
  for (const FlannelNode& node : flannel.nodes)
    for (const IpPrefix& cidr : node.pod_cidrs) subnets.text(cidr.to_string());
  subnets.close();
  json.key("vxlan_info");
  JsonObject vxlan(out);
  vxlan.number("vni", flannel.vni);
  vxlan.number("port", flannel.port);
  vxlan.close();
  json.number("finding_count", flannel.findings.size());
  json.time("last_updated", flannel.updated != 0 ? flannel.updated : snapshot.taken_at);
  json.close();
}

}  // namespace netprobe
