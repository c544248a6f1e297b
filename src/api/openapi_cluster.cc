// SPDX-License-Identifier: Apache-2.0
#include "api/description.h"

namespace netprobe {

std::string_view openapi_cluster() {
  return R"json("/api/cluster": {"get": {"summary": "The cluster as this agent knows it: nodes, namespaces, counts", "responses": {"200": {"description": "Without a cluster all lists are empty and kubernetes says why", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Cluster"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/topology": {"get": {"summary": "Which address is whose, and who talks to whom", "parameters": [
  {"name": "graph", "in": "query", "description": "the graph is of all flows since the start, or of those that are live", "schema": {"type": "string", "enum": ["since_start", "live"], "default": "since_start"}}
], "responses": {"200": {"description": "As of last_updated", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Topology"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/query/pod": {"get": {"summary": "The pod that has an address, or had it", "parameters": [
  {"name": "ip", "in": "query", "required": true, "description": "the address", "schema": {"type": "string"}},
  {"name": "at", "in": "query", "description": "who had it then: RFC 3339, or a duration before now such as 15m; without, who has it now", "schema": {"type": "string"}}
], "responses": {"200": {"description": "The pod", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WhichPod"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/query/service": {"get": {"summary": "The service that an address is of", "parameters": [
  {"name": "ip", "in": "query", "required": true, "description": "the address", "schema": {"type": "string"}},
  {"name": "at", "in": "query", "description": "who had it then: RFC 3339, or a duration before now such as 15m; without, who has it now", "schema": {"type": "string"}}
], "responses": {"200": {"description": "The service", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WhichService"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/query/node": {"get": {"summary": "The node that an address is of, or of a pod on it", "parameters": [
  {"name": "ip", "in": "query", "required": true, "description": "the address", "schema": {"type": "string"}},
  {"name": "at", "in": "query", "description": "who had it then: RFC 3339, or a duration before now such as 15m; without, who has it now", "schema": {"type": "string"}}
], "responses": {"200": {"description": "The node", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WhichNode"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/report": {"get": {"summary": "All of it in one: cluster, topology, Flannel, traffic, top talkers", "responses": {"200": {"description": "As of generated_at", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Report"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
)json";
}

std::string_view openapi_cluster_schemas() {
  return R"json(  "Cluster": {"type": "object", "required": ["node_name", "node_count", "namespace_count", "pod_count", "service_count", "endpoint_slice_count", "network_policy_count", "pods_by_phase", "nodes", "namespaces", "identity", "resources", "last_updated", "kubernetes", "completeness"], "additionalProperties": false, "properties": {
    "node_name": {"type": "string", "description": "of this agent"}, "node_count": {"type": "integer"}, "namespace_count": {"type": "integer"},
    "pod_count": {"type": "integer"}, "service_count": {"type": "integer"}, "endpoint_slice_count": {"type": "integer"},
    "network_policy_count": {"type": "integer"}, "pods_by_phase": {"type": "object", "additionalProperties": {"type": "integer"}},
    "nodes": {"type": "array", "items": {"type": "object", "required": ["name", "uid", "ready", "internal_ips", "external_ips", "pod_cidrs", "zone", "kubelet_version", "kernel_version", "created", "labels", "pod_count"], "additionalProperties": false, "properties": {
    "name": {"type": "string"}, "uid": {"type": "string"}, "ready": {"type": "boolean"}, "internal_ips": {"type": "array", "items": {"type": "string"}},
    "external_ips": {"type": "array", "items": {"type": "string"}}, "pod_cidrs": {"type": "array", "items": {"type": "string"}}, "zone": {"type": "string"},
    "kubelet_version": {"type": "string"}, "kernel_version": {"type": "string"}, "created": {"type": ["string", "null"], "format": "date-time"},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}}, "pod_count": {"type": "integer"}}}},
    "namespaces": {"type": "array", "items": {"type": "object", "required": ["name", "pod_count", "service_count"], "additionalProperties": false, "properties": {
    "name": {"type": "string"}, "pod_count": {"type": "integer"}, "service_count": {"type": "integer"}}}},
    "identity": {"type": "object", "description": "the index of who had which address", "required": ["addresses", "claims", "bytes", "changes", "conflicts", "skipped", "evicted"], "additionalProperties": false, "properties": {
    "addresses": {"type": "integer"}, "claims": {"type": "integer"}, "bytes": {"type": "integer"}, "changes": {"type": "integer"},
    "conflicts": {"type": "integer"}, "skipped": {"type": "integer"}, "evicted": {"type": "integer"}}},
    "resources": {"type": "array", "items": {"type": "object", "required": ["name", "synced", "objects", "lists", "watches", "events", "skipped", "failures", "last_contact", "error"], "additionalProperties": false, "properties": {
    "name": {"type": "string"}, "synced": {"type": "boolean"}, "objects": {"type": "integer"}, "lists": {"type": "integer"}, "watches": {"type": "integer"},
    "events": {"type": "integer"}, "skipped": {"type": "integer"}, "failures": {"type": "integer"},
    "last_contact": {"type": ["string", "null"], "format": "date-time"}, "error": {"type": "string"}}}},
    "last_updated": {"type": "string", "format": "date-time"}, "kubernetes": {"$ref": "#/components/schemas/Kubernetes"},
    "completeness": {"$ref": "#/components/schemas/Completeness"}}},
  "Topology": {"type": "object", "required": ["node_name", "ip_to_pod", "ip_to_node", "ip_to_service", "cidr_to_node", "vni_to_node", "graph", "last_updated", "kubernetes", "completeness"], "additionalProperties": false, "properties": {
    "node_name": {"type": "string"},
    "ip_to_pod": {"type": "object", "additionalProperties": {"type": "string"}, "description": "namespace/name of the pod that has the address now"},
    "ip_to_node": {"type": "object", "additionalProperties": {"type": "string"}},
    "ip_to_service": {"type": "object", "additionalProperties": {"type": "string"}},
    "cidr_to_node": {"type": "object", "additionalProperties": {"type": "string"}},
    "vni_to_node": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}, "description": "nodes that declare a VXLAN network by Flannel's annotations"},
    "graph": {"type": "object", "description": "who talks to whom, by workload", "required": ["of", "edges", "nodes", "unnamed_flows", "folded_flows"], "additionalProperties": false, "properties": {
    "of": {"enum": ["since_start", "live"]},
    "edges": {"type": "array", "items": {"type": "object", "required": ["source", "target", "direction", "flows", "connections", "packets", "bytes", "reverse_packets", "reverse_bytes", "retransmits", "resets"], "additionalProperties": false, "properties": {
    "source": {"type": "string", "description": "id of a node of this graph: the side that began"}, "target": {"type": "string"},
    "direction": {"enum": ["intra-node", "inter-node", "ingress", "egress"]}, "flows": {"type": "integer"},
    "connections": {"type": "integer", "description": "TCP handshakes that were completed"}, "packets": {"type": "integer"}, "bytes": {"type": "integer"},
    "reverse_packets": {"type": "integer"}, "reverse_bytes": {"type": "integer"}, "retransmits": {"type": "integer"}, "resets": {"type": "integer"},
    "handshake_ms": {"type": "number", "description": "mean; absent where none was seen"},
    "dropped": {"type": "integer", "description": "packets that the kernel dropped; since the start only"}}}},
    "nodes": {"type": "array", "items": {"type": "object", "required": ["id", "namespace", "kind", "name"], "additionalProperties": false, "properties": {
    "id": {"type": "string"}, "namespace": {"type": "string"}, "kind": {"type": "string"}, "name": {"type": "string"}}}},
    "unnamed_flows": {"type": "integer", "description": "flows of which neither end is known: they have no edge"},
    "folded_flows": {"type": "integer", "description": "flows that count in ~other, as there was no room for their pair"}}},
    "last_updated": {"type": "string", "format": "date-time"}, "kubernetes": {"$ref": "#/components/schemas/Kubernetes"},
    "completeness": {"$ref": "#/components/schemas/Completeness"}}},
  "AddressClaim": {"type": "object", "required": ["from", "until"], "additionalProperties": false, "properties": {
    "from": {"type": ["string", "null"], "format": "date-time"},
    "until": {"type": ["string", "null"], "format": "date-time", "description": "null: it still has it"}}},
  "AddressHistory": {"type": "array", "items": {"type": "object", "required": ["kind", "name", "uid", "from", "until"], "additionalProperties": false, "properties": {
    "kind": {"enum": ["pod", "service", "node", "external"]}, "name": {"type": "string"}, "uid": {"type": "string"},
    "from": {"type": ["string", "null"], "format": "date-time"}, "until": {"type": ["string", "null"], "format": "date-time"}}}, "description": "all who are known to have had the address, oldest first"},
  "WhichPod": {"type": "object", "required": ["ip", "at", "claim", "history", "kubernetes", "completeness", "pod"], "additionalProperties": false, "properties": {
    "ip": {"type": "string"}, "at": {"type": "string", "format": "date-time", "description": "the time asked for"},
    "claim": {"$ref": "#/components/schemas/AddressClaim"},
    "history": {"$ref": "#/components/schemas/AddressHistory"},
    "kubernetes": {"$ref": "#/components/schemas/Kubernetes"}, "completeness": {"$ref": "#/components/schemas/Completeness"},
    "pod": {"type": "object", "required": ["name", "namespace", "uid", "workload", "node", "zone", "node_pool", "labels", "host_network", "exists"], "additionalProperties": false, "properties": {
    "name": {"type": "string"}, "namespace": {"type": "string"}, "uid": {"type": "string"}, "workload": {"type": "string"}, "node": {"type": "string"},
    "zone": {"type": "string"}, "node_pool": {"type": "string"}, "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "host_network": {"type": "boolean"}, "exists": {"type": "boolean", "description": "the cluster still has it; if not, what follows is absent"},
    "phase": {"type": "string"}, "ips": {"type": "array", "items": {"type": "string"}}, "created": {"type": ["string", "null"], "format": "date-time"},
    "started": {"type": ["string", "null"], "format": "date-time"},
    "containers": {"type": "array", "items": {"type": "object", "required": ["name", "id", "started", "finished"], "additionalProperties": false, "properties": {
    "name": {"type": "string"}, "id": {"type": "string"}, "started": {"type": ["string", "null"], "format": "date-time"},
    "finished": {"type": ["string", "null"], "format": "date-time"}}}},
    "ports": {"type": "array", "items": {"type": "object", "required": ["name", "port", "protocol"], "additionalProperties": false, "properties": {
    "name": {"type": "string"}, "port": {"type": "integer"}, "protocol": {"type": "string"}, "node_port": {"type": "integer"}}}},
    "services": {"type": "array", "items": {"type": "string"}, "description": "that send to it"}}}}},
  "WhichService": {"type": "object", "required": ["ip", "at", "claim", "history", "kubernetes", "completeness", "service"], "additionalProperties": false, "properties": {
    "ip": {"type": "string"}, "at": {"type": "string", "format": "date-time", "description": "the time asked for"},
    "claim": {"$ref": "#/components/schemas/AddressClaim"},
    "history": {"$ref": "#/components/schemas/AddressHistory"},
    "kubernetes": {"$ref": "#/components/schemas/Kubernetes"}, "completeness": {"$ref": "#/components/schemas/Completeness"},
    "service": {"type": "object", "required": ["name", "namespace", "uid", "labels", "exists"], "additionalProperties": false, "properties": {
    "name": {"type": "string"}, "namespace": {"type": "string"}, "uid": {"type": "string"},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}}, "exists": {"type": "boolean"}, "type": {"type": "string"},
    "headless": {"type": "boolean"}, "cluster_ips": {"type": "array", "items": {"type": "string"}},
    "external_ips": {"type": "array", "items": {"type": "string"}}, "load_balancer_ips": {"type": "array", "items": {"type": "string"}},
    "ports": {"type": "array", "items": {"type": "object", "required": ["name", "port", "protocol"], "additionalProperties": false, "properties": {
    "name": {"type": "string"}, "port": {"type": "integer"}, "protocol": {"type": "string"}, "node_port": {"type": "integer"}}}},
    "selector": {"type": "object", "additionalProperties": {"type": "string"}},
    "endpoints": {"type": "array", "items": {"type": "object", "required": ["ip", "ready"], "additionalProperties": false, "properties": {
    "ip": {"type": "string"}, "ready": {"type": "boolean"}, "pod": {"type": "string"}, "node": {"type": "string"}}}}}}}},
  "WhichNode": {"type": "object", "required": ["ip", "at", "claim", "history", "kubernetes", "completeness", "by", "node"], "additionalProperties": false, "properties": {
    "ip": {"type": "string"}, "at": {"type": "string", "format": "date-time", "description": "the time asked for"},
    "claim": {"$ref": "#/components/schemas/AddressClaim"},
    "history": {"$ref": "#/components/schemas/AddressHistory"},
    "kubernetes": {"$ref": "#/components/schemas/Kubernetes"}, "completeness": {"$ref": "#/components/schemas/Completeness"},
    "by": {"enum": ["address", "pod"], "description": "it is the node's own address, or that of a pod on it"},
    "node": {"type": "object", "required": ["name", "exists"], "additionalProperties": false, "properties": {
    "name": {"type": "string"}, "exists": {"type": "boolean", "description": "the cluster still has it"}, "uid": {"type": "string"},
    "ready": {"type": "boolean"}, "internal_ips": {"type": "array", "items": {"type": "string"}},
    "external_ips": {"type": "array", "items": {"type": "string"}}, "pod_cidrs": {"type": "array", "items": {"type": "string"}}, "zone": {"type": "string"},
    "kubelet_version": {"type": "string"}, "kernel_version": {"type": "string"}, "created": {"type": ["string", "null"], "format": "date-time"},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}}}},
    "pod": {"type": "string"}}},
  "Flannel": {"type": "object", "required": ["used", "nodes", "subnets", "vxlan_info", "devices", "peers", "findings", "findings_not_shown", "error", "observed_at", "completeness", "last_updated"], "properties": {
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
  "completeness": {"$ref": "#/components/schemas/Completeness"}}},
  "Report": {"type": "object", "required": ["node_name", "generated_at", "cluster_info", "topology", "flannel_topology", "traffic_stats", "top_talkers", "kubernetes", "completeness"], "additionalProperties": false, "properties": {
    "node_name": {"type": "string"}, "generated_at": {"type": "string", "format": "date-time"}, "cluster_info": {"$ref": "#/components/schemas/Cluster"},
    "topology": {"$ref": "#/components/schemas/Topology"}, "flannel_topology": {"$ref": "#/components/schemas/Flannel"},
    "traffic_stats": {"$ref": "#/components/schemas/Stats"},
    "top_talkers": {"type": "array", "items": {"$ref": "#/components/schemas/Flow"}, "description": "the ten that moved most bytes"},
    "kubernetes": {"$ref": "#/components/schemas/Kubernetes"}, "completeness": {"$ref": "#/components/schemas/Completeness"}}})json";
}

}  // namespace netprobe
