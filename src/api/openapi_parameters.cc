// SPDX-License-Identifier: Apache-2.0
#include "api/description.h"

namespace netprobe {

std::string openapi_references(const std::vector<std::string_view>& parameters) {
  std::string references;
  for (const auto name : parameters) {
    references += references.empty() ? "" : ", ";
    references += R"({"$ref": "#/components/parameters/)" + std::string(name) + "\"}";
  }
  return references;
}

std::string_view openapi_parameters() {
  return R"json("parameters": {
  "ip": {"name": "ip", "in": "query", "description": "either side is this address or in this prefix; may be repeated, all must hold", "schema": {"type": "string"}},
  "src_ip": {"name": "src_ip", "in": "query", "schema": {"type": "string"}},
  "dst_ip": {"name": "dst_ip", "in": "query", "schema": {"type": "string"}},
  "port": {"name": "port", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 65535}},
  "src_port": {"name": "src_port", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 65535}},
  "dst_port": {"name": "dst_port", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 65535}},
  "protocol": {"name": "protocol", "in": "query", "description": "a name (tcp, udp, icmp, icmp6, sctp) or a number", "schema": {"type": "string"}},
  "interface": {"name": "interface", "in": "query", "description": "a name or glob that one of the flow's observations has", "schema": {"type": "string"}},
  "direction": {"name": "direction", "in": "query", "description": "as this node sees it; or by its ends: both are pods, it was sent to a service, one end is outside the cluster. May be repeated, all must hold", "schema": {"type": "string", "enum": ["intra-node", "inter-node", "ingress", "egress", "pod-to-pod", "service", "external"]}},
  "vni": {"name": "vni", "in": "query", "schema": {"type": "integer", "minimum": 0}},
  "verdict": {"name": "verdict", "in": "query", "description": "how it ended or stands: any of these, with commas between", "schema": {"type": "string", "pattern": "^[a-z_,]+$", "examples": ["refused,no_answer"]}},
  "process": {"name": "process", "in": "query", "description": "a pid, or a name or glob of a command, of either side; may be repeated, all must hold", "schema": {"type": "string"}},
  "pod": {"name": "pod", "in": "query", "description": "a pod: its name, or namespace/name, of either side; * stands for any text; may be repeated, all must hold", "schema": {"type": "string"}},
  "src_pod": {"name": "src_pod", "in": "query", "description": "a pod: its name, or namespace/name, of the side that began it", "schema": {"type": "string"}},
  "dst_pod": {"name": "dst_pod", "in": "query", "description": "a pod: its name, or namespace/name, of the other side", "schema": {"type": "string"}},
  "namespace": {"name": "namespace", "in": "query", "description": "a Kubernetes namespace, of either side or of the service; * stands for any text; may be repeated, all must hold", "schema": {"type": "string"}},
  "src_namespace": {"name": "src_namespace", "in": "query", "description": "a Kubernetes namespace, of the side that began it", "schema": {"type": "string"}},
  "dst_namespace": {"name": "dst_namespace", "in": "query", "description": "a Kubernetes namespace, of the other side", "schema": {"type": "string"}},
  "workload": {"name": "workload", "in": "query", "description": "a workload: its name, or kind/name such as deployment/web, of either side; * stands for any text; may be repeated, all must hold", "schema": {"type": "string"}},
  "src_workload": {"name": "src_workload", "in": "query", "description": "a workload: its name, or kind/name such as deployment/web, of the side that began it", "schema": {"type": "string"}},
  "dst_workload": {"name": "dst_workload", "in": "query", "description": "a workload: its name, or kind/name such as deployment/web, of the other side", "schema": {"type": "string"}},
  "label": {"name": "label", "in": "query", "description": "a label: its key, or key=value, of either side; * stands for any text; may be repeated, all must hold", "schema": {"type": "string"}},
  "src_label": {"name": "src_label", "in": "query", "description": "a label: its key, or key=value, of the side that began it", "schema": {"type": "string"}},
  "dst_label": {"name": "dst_label", "in": "query", "description": "a label: its key, or key=value, of the other side", "schema": {"type": "string"}},
  "service": {"name": "service", "in": "query", "description": "the service that it was sent to: its name, or namespace/name; * stands for any text", "schema": {"type": "string"}},
  "node": {"name": "node", "in": "query", "description": "a node, on which either side is, or which observed it; * stands for any text; may be repeated, all must hold", "schema": {"type": "string"}},
  "src_node": {"name": "src_node", "in": "query", "description": "a node, of the side that began it", "schema": {"type": "string"}},
  "dst_node": {"name": "dst_node", "in": "query", "description": "a node, of the other side", "schema": {"type": "string"}},
  "zone": {"name": "zone", "in": "query", "description": "a zone, of either side; * stands for any text; may be repeated, all must hold", "schema": {"type": "string"}},
  "src_zone": {"name": "src_zone", "in": "query", "description": "a zone, of the side that began it", "schema": {"type": "string"}},
  "dst_zone": {"name": "dst_zone", "in": "query", "description": "a zone, of the other side", "schema": {"type": "string"}}
})json";
}

}  // namespace netprobe
