// SPDX-License-Identifier: Apache-2.0
#include "api/description.h"

namespace netprobe {

std::string_view openapi_flannel() {
  return R"json("/api/flannel": {"get": {"summary": "Flannel: what nodes declare, what this node has, and where they disagree", "description": "Declared is what the nodes' annotations say; without Kubernetes there is none, and what this node has is shown all the same. Observed are its devices, routes, neighbours and forwarding entries, and the tunnel packets that its interfaces saw.", "responses": {"200": {"description": "Declared and observed", "content": {"application/json": {"schema": {"type": "object", "required": ["used", "nodes", "subnets", "vxlan_info", "devices", "peers", "findings", "findings_not_shown", "error", "observed_at", "completeness", "last_updated"], "properties": {
  "used": {"type": "boolean", "description": "a node has annotations of Flannel, or there is a device of Flannel here"},
  "nodes": {"type": "array", "items": {"type": "object", "required": ["node_name", "internal_ip", "pod_cidr", "pod_cidrs", "backend_type", "vni", "vtep_mac", "public_ip", "vni_v6", "vtep_mac_v6", "public_ipv6", "public_ip_overwrite", "public_ipv6_overwrite", "kube_subnet_manager", "error"], "properties": {
    "pod_cidr": {"type": ["string", "null"], "description": "the first of pod_cidrs"},
    "backend_type": {"type": ["string", "null"], "description": "vxlan, host-gw, wireguard, ipip, udp …"},
    "vni": {"type": ["integer", "null"]}, "vtep_mac": {"type": ["string", "null"]}, "public_ip": {"type": ["string", "null"]},
    "error": {"type": ["string", "null"], "description": "why its annotations could not be read"}}}},
  "subnets": {"type": "array", "description": "all pod CIDRs", "items": {"type": "string"}},
  "vxlan_info": {"type": ["object", "null"], "description": "vni, port, interface, local_ip, vtep_mac and mtu of this node's tunnel; null without VXLAN"},
  "devices": {"type": "array", "description": "Flannel's devices of this node", "items": {"type": "object", "required": ["interface", "ifindex", "kind", "up", "vni", "port", "local_ip", "mac", "mtu", "underlay", "underlay_mtu", "overhead", "addresses"]}},
  "peers": {"type": "array", "items": {"type": "object", "required": ["node_name", "self", "interface", "route", "neighbour", "forwarding_entry", "packets_sent", "bytes_sent", "packets_received", "bytes_received", "last_seen"], "properties": {
    "route": {"type": ["boolean", "null"], "description": "every subnet has its route; null where none is expected"},
    "neighbour": {"type": ["boolean", "null"]}, "forwarding_entry": {"type": ["boolean", "null"]},
    "packets_sent": {"type": "integer", "description": "tunnel packets"}}}},
  "findings": {"type": "array", "items": {"type": "object", "required": ["kind", "node_name", "what"], "properties": {
    "kind": {"type": "string", "description": "missing_route, wrong_vtep_mac, mtu_mismatch, undeclared_tunnel …: docs/flannel.md has them all"},
    "what": {"type": "string", "description": "one sentence with both values"}}}},
  "findings_not_shown": {"type": "integer"},
  "error": {"type": ["string", "null"], "description": "why nothing could be compared"},
  "observed_at": {"type": ["string", "null"], "format": "date-time", "description": "when the kernel was asked"},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
)json";
}

}  // namespace netprobe
