// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "api/description.h"

namespace netprobe {
namespace {

constexpr std::string_view kDocument = R"json({
"openapi": "3.1.0",
"info": {
  "title": "NetProbe agent",
  "version": "1",
  "description": "Reads only. JSON is snake_case, times are RFC 3339 in UTC, counters are integers of up to 64 bits. Errors are RFC 9457 problem details. An unknown parameter or a bad value is a 400 that names it. HEAD works wherever GET does."
},
"paths": {
"/metrics": {"get": {"summary": "Counters for Prometheus", "responses": {"200": {"description": "Prometheus text 0.0.4, or OpenMetrics 1.0 where Accept asks for it", "content": {"text/plain": {}, "application/openmetrics-text": {}}}}}},
"/health": {"get": {"summary": "Liveness", "responses": {"200": {"$ref": "#/components/responses/Alive"}}}},
"/healthz": {"get": {"summary": "Liveness", "responses": {"200": {"$ref": "#/components/responses/Alive"}}}},
"/livez": {"get": {"summary": "Liveness", "responses": {"200": {"$ref": "#/components/responses/Alive"}}}},
"/ready": {"get": {"summary": "Readiness", "responses": {"200": {"$ref": "#/components/responses/Ready"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/readyz": {"get": {"summary": "Readiness", "responses": {"200": {"$ref": "#/components/responses/Ready"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/flows": {"get": {"summary": "Flows that match all given conditions, a page at a time", "parameters": [
  {"$ref": "#/components/parameters/ip"}, {"$ref": "#/components/parameters/src_ip"}, {"$ref": "#/components/parameters/dst_ip"},
  {"$ref": "#/components/parameters/port"}, {"$ref": "#/components/parameters/src_port"}, {"$ref": "#/components/parameters/dst_port"},
  {"$ref": "#/components/parameters/protocol"}, {"$ref": "#/components/parameters/interface"}, {"$ref": "#/components/parameters/direction"},
  {"$ref": "#/components/parameters/vni"}, {"$ref": "#/components/parameters/verdict"}, {"$ref": "#/components/parameters/process"}, {"$ref": "#/components/parameters/namespace"}, {"$ref": "#/components/parameters/node"},
  {"name": "since", "in": "query", "description": "last seen then or later: RFC 3339, or a duration before now such as 15m", "schema": {"type": "string"}},
  {"name": "until", "in": "query", "description": "first seen then or earlier", "schema": {"type": "string"}},
  {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100}},
  {"name": "cursor", "in": "query", "description": "next_cursor of the page before, with the same sort", "schema": {"type": "string"}},
  {"name": "sort", "in": "query", "description": "by id (the order in which they began), or most first. Sorted by id, pages neither repeat nor miss a flow while flows change", "schema": {"type": "string", "enum": ["id", "bytes", "packets", "rate", "last_seen"], "default": "id"}}
], "responses": {"200": {"description": "A page", "content": {"application/json": {"schema": {"type": "object", "required": ["flows", "total", "next_cursor", "completeness"], "properties": {
  "flows": {"type": "array", "items": {"$ref": "#/components/schemas/Flow"}},
  "total": {"type": "integer", "description": "how many match in all"},
  "next_cursor": {"type": ["string", "null"]},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/top": {"get": {"summary": "The flows that move most", "parameters": [
  {"$ref": "#/components/parameters/ip"}, {"$ref": "#/components/parameters/src_ip"}, {"$ref": "#/components/parameters/dst_ip"},
  {"$ref": "#/components/parameters/port"}, {"$ref": "#/components/parameters/src_port"}, {"$ref": "#/components/parameters/dst_port"},
  {"$ref": "#/components/parameters/protocol"}, {"$ref": "#/components/parameters/interface"}, {"$ref": "#/components/parameters/direction"},
  {"$ref": "#/components/parameters/vni"}, {"$ref": "#/components/parameters/verdict"}, {"$ref": "#/components/parameters/process"}, {"$ref": "#/components/parameters/namespace"}, {"$ref": "#/components/parameters/node"},
  {"name": "by", "in": "query", "schema": {"type": "string", "enum": ["rate", "bytes", "packets"], "default": "rate"}},
  {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10}}
], "responses": {"200": {"description": "Most first", "content": {"application/json": {"schema": {"type": "object", "required": ["by", "flows", "completeness"], "properties": {
  "by": {"type": "string"},
  "flows": {"type": "array", "items": {"$ref": "#/components/schemas/Flow"}},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/stream": {"get": {"summary": "Flows as they change", "description": "Server-sent events. First `hello` with the completeness so far, then one `flow` for each changed flow, its data one Flow. `lost` with {\"lost\": n} stands where n events are missing because the client read too slowly. A comment comes every 15 seconds.", "parameters": [
  {"$ref": "#/components/parameters/ip"}, {"$ref": "#/components/parameters/src_ip"}, {"$ref": "#/components/parameters/dst_ip"},
  {"$ref": "#/components/parameters/port"}, {"$ref": "#/components/parameters/src_port"}, {"$ref": "#/components/parameters/dst_port"},
  {"$ref": "#/components/parameters/protocol"}, {"$ref": "#/components/parameters/interface"}, {"$ref": "#/components/parameters/direction"},
  {"$ref": "#/components/parameters/vni"}, {"$ref": "#/components/parameters/verdict"}, {"$ref": "#/components/parameters/process"}, {"$ref": "#/components/parameters/namespace"}, {"$ref": "#/components/parameters/node"}
], "responses": {"200": {"description": "Until the client leaves", "content": {"text/event-stream": {}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/stats": {"get": {"summary": "Sums over the flows that there are, and where every packet went", "responses": {"200": {"description": "Sums", "content": {"application/json": {"schema": {"type": "object", "required": ["total_flows", "intra_node_flows", "inter_node_flows", "pod_to_pod_flows", "service_flows", "external_flows", "vxlan_flows", "protocol_distribution", "port_distribution", "node_traffic_matrix", "accounting", "flow_table", "losses", "completeness", "last_updated"], "properties": {
  "node_name": {"type": "string"}, "version": {"type": "string"}, "kernel": {"type": "string"},
  "started_at": {"type": "string", "format": "date-time"}, "last_updated": {"type": "string", "format": "date-time"},
  "total_flows": {"type": "integer", "description": "live now; of all since the start tells flow_table.total_flows"},
  "intra_node_flows": {"type": "integer"}, "inter_node_flows": {"type": "integer"}, "pod_to_pod_flows": {"type": "integer"},
  "service_flows": {"type": "integer", "description": "to an address that is known to be a service's; none is without a cluster's data"},
  "external_flows": {"type": "integer"}, "vxlan_flows": {"type": "integer"},
  "protocol_distribution": {"type": "object", "description": "flows by protocol", "additionalProperties": {"type": "integer"}},
  "port_distribution": {"type": "object", "description": "flows by destination port: the 100 most used, the rest in ~other", "additionalProperties": {"type": "integer"}},
  "node_traffic_matrix": {"type": "object", "description": "bytes by sending and by receiving side: node names, other-node, external", "additionalProperties": {"type": "object", "additionalProperties": {"type": "integer"}}},
  "accounting": {"type": "object", "description": "total, interfaces and retired, each with packets, flow_packets, unattributed by cause, and difference: packets that are in neither"},
  "flow_table": {"type": "object", "additionalProperties": {"type": "integer"}},
  "losses": {"type": "array", "items": {"$ref": "#/components/schemas/Loss"}},
  "packet_classes": {"type": "object", "additionalProperties": {"type": "integer"}},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/interfaces": {"get": {"summary": "Interfaces: what is attached to them and what was counted", "responses": {"200": {"description": "Interfaces by index; retired sums those that are gone", "content": {"application/json": {"schema": {"type": "object", "required": ["interfaces", "retired", "completeness", "last_updated"], "properties": {
  "interfaces": {"type": "array", "items": {"$ref": "#/components/schemas/Interface"}},
  "retired": {"type": "object"},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/probes": {"get": {"summary": "Probes: state, rung taken and why, programs, losses", "responses": {"200": {"description": "Probes", "content": {"application/json": {"schema": {"type": "object", "required": ["probes", "completeness", "last_updated"], "properties": {
  "probes": {"type": "array", "items": {"type": "object", "required": ["name", "state", "rung", "why", "kernel_need", "programs", "runs", "run_time_ns", "events", "lost"], "properties": {"state": {"enum": ["off", "on", "failed"]}}}},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
)json";

constexpr std::string_view kRest =
    R"json("/api/openapi.json": {"get": {"summary": "This description", "responses": {"200": {"description": "OpenAPI", "content": {"application/json": {}}}}}},
"/": {"get": {"summary": "The endpoints, as plain text", "responses": {"200": {"description": "Text", "content": {"text/plain": {}}}}}}
},
"components": {
"parameters": {
  "ip": {"name": "ip", "in": "query", "description": "either side is this address or in this prefix; may be repeated, all must hold", "schema": {"type": "string"}},
  "src_ip": {"name": "src_ip", "in": "query", "schema": {"type": "string"}},
  "dst_ip": {"name": "dst_ip", "in": "query", "schema": {"type": "string"}},
  "port": {"name": "port", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 65535}},
  "src_port": {"name": "src_port", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 65535}},
  "dst_port": {"name": "dst_port", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 65535}},
  "protocol": {"name": "protocol", "in": "query", "description": "a name (tcp, udp, icmp, icmp6, sctp) or a number", "schema": {"type": "string"}},
  "interface": {"name": "interface", "in": "query", "description": "a name or glob that one of the flow's observations has", "schema": {"type": "string"}},
  "direction": {"name": "direction", "in": "query", "schema": {"type": "string", "enum": ["intra-node", "inter-node", "ingress", "egress"]}},
  "vni": {"name": "vni", "in": "query", "schema": {"type": "integer", "minimum": 0}},
  "verdict": {"name": "verdict", "in": "query", "description": "how it ended or stands: any of these, with commas between", "schema": {"type": "string", "pattern": "^[a-z_,]+$", "examples": ["refused,no_answer"]}},
  "process": {"name": "process", "in": "query", "description": "a pid, or a name or glob of a command, of either side; may be repeated, all must hold", "schema": {"type": "string"}},
  "namespace": {"name": "namespace", "in": "query", "description": "a Kubernetes namespace; without a cluster's data no flow is in one", "schema": {"type": "string"}},
  "node": {"name": "node", "in": "query", "description": "the node that observed it", "schema": {"type": "string"}}
},
"responses": {
  "Alive": {"description": "The agent answers", "content": {"application/json": {"schema": {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}}}}},
  "Ready": {"description": "The agent observes", "content": {"application/json": {"schema": {"type": "object", "required": ["status"], "properties": {"status": {"const": "ready"}, "reason": {"type": "string"}}}}}},
  "Problem": {"description": "RFC 9457 problem details", "content": {"application/problem+json": {"schema": {"type": "object", "required": ["type", "title", "status", "detail"], "properties": {
    "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
    "parameter": {"type": "string"}, "allowed": {"type": "array", "items": {"type": "string"}}}}}}}
},
"schemas": {
  "Loss": {"type": "object", "required": ["stage", "cause", "count"], "properties": {"stage": {"type": "string"}, "cause": {"type": "string"}, "count": {"type": "integer"}}},
  "Completeness": {"type": "object", "required": ["since", "until", "lost_since", "lost", "complete"], "properties": {
    "since": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"},
    "lost_since": {"type": "string", "format": "date-time", "description": "since when losses are counted"},
    "lost": {"type": "object", "description": "what was lost that could have been in the answer: stage.cause to count", "additionalProperties": {"type": "integer"}},
    "complete": {"type": "boolean", "description": "nothing that was asked for can be missing"}}},
  "Flow": {"type": "object", "description": "A connection seen both ways (RFC 5103): src is the side that began it; bytes are IP bytes.", "required": ["id", "src_ip", "dst_ip", "src_port", "dst_port", "protocol", "direction", "packets", "bytes", "reverse_packets", "reverse_bytes", "first_seen", "last_seen", "timestamp", "packets_per_second", "bytes_per_second", "tcp_flags", "vni", "ended", "observations"], "properties": {
    "id": {"type": "integer"}, "src_ip": {"type": "string"}, "dst_ip": {"type": "string"}, "src_port": {"type": "integer"}, "dst_port": {"type": "integer"},
    "protocol": {"type": "string"}, "direction": {"enum": ["intra-node", "inter-node", "ingress", "egress"]},
    "packets": {"type": "integer"}, "bytes": {"type": "integer"}, "reverse_packets": {"type": "integer"}, "reverse_bytes": {"type": "integer"},
    "first_seen": {"type": "string", "format": "date-time"}, "last_seen": {"type": "string", "format": "date-time"},
    "nat": {"type": "object", "description": "what the other side sees, where addresses are translated on the way: src_ip, dst_ip, src_port, dst_port; observations with translated saw these"},
    "merged_into": {"type": "integer", "description": "in a stream: this flow turned out to be another, which has its counters now"},
    "tcp_flags": {"type": "string"}, "vni": {"type": "integer"}, "ended": {"type": "boolean"},
    "verdict": {"enum": ["connecting", "open", "half_closed", "closed", "refused", "no_answer", "unreachable", "aborted", "half_open", "reset_by_client", "reset_by_server", "reset", "timed_out", "failed", "idle", "answered", "port_unreachable", "no_local_port"]},
    "retransmit_ratio": {"type": "number"}, "reverse_retransmit_ratio": {"type": "number"}, "resets": {"type": "integer"}, "reverse_resets": {"type": "integer"},
    "rtt_ms": {"type": "number", "description": "smoothed, as this node's own socket has it"},
    "client_process": {"$ref": "#/components/schemas/Process"}, "server_process": {"$ref": "#/components/schemas/Process"},
    "observations": {"type": "array", "items": {"type": "object", "required": ["interface", "ifindex", "role", "direction", "packets", "bytes", "reverse_packets", "reverse_bytes"]}}}},
  "Process": {"type": "object", "description": "A process of this node behind one side; absent where it is not surely known.", "required": ["pid", "comm"], "properties": {"pid": {"type": "integer"}, "comm": {"type": "string"}, "known_by": {"type": "string", "enum": ["connect", "accept", "close", "data", "file", "listener"], "description": "listener: it has the socket that listens, and who accepted is not known yet"}, "container": {"type": "string"}, "cgroup": {"type": "string"}}},
  "LinkUse": {"type": "object", "description": "Use of a link in one direction over the last interval: docs/bandwidth.md. Speed 0: the device has none.", "required": ["speed_bits_per_second", "utilisation", "peak_100ms_bits_per_second", "peak_1s_bits_per_second", "microbursts", "unmeasured_windows"], "properties": {
    "speed_bits_per_second": {"type": "integer"}, "utilisation": {"type": "number"}, "peak_100ms_bits_per_second": {"type": "number"}, "peak_1s_bits_per_second": {"type": "number"},
    "microbursts": {"type": "integer"}, "unmeasured_windows": {"type": "integer"}}},
  "Interface": {"type": "object", "required": ["name", "ifindex", "role", "kind", "mtu", "attached", "mode", "reason", "hooks", "xdp", "rx", "tx", "rx_use", "tx_use"], "properties": {
    "name": {"type": "string"}, "ifindex": {"type": "integer"}, "role": {"enum": ["pod", "loopback", "bridge", "tunnel", "host", "uplink"]},
    "kind": {"type": "string"}, "mtu": {"type": "integer"}, "attached": {"type": "boolean"}, "mode": {"type": "string"}, "reason": {"type": "string"},
    "hooks": {"type": "array"},
    "xdp": {"type": "object", "description": "earliest ingress: where it is, or why not", "required": ["mode", "reason", "packets", "bytes", "dropped", "classes"], "properties": {"mode": {"enum": ["", "native", "generic"]}}},
    "rx": {"type": "object"}, "tx": {"type": "object"},
    "rx_use": {"$ref": "#/components/schemas/LinkUse"}, "tx_use": {"$ref": "#/components/schemas/LinkUse"}}}
}
}
}
)json";

constexpr std::string_view kMetricsKey = "\n\"/metrics\":";

}  // namespace

std::string openapi_document(std::string_view metrics_path) {
  std::string document(kDocument);
  document += openapi_connections();
  document += openapi_drops();
  document += openapi_netfilter();
  document += openapi_tunnels();
  document += openapi_flannel();
  document += openapi_losses();
  document += kRest;
  document.replace(document.find(kMetricsKey), kMetricsKey.size(),
                   "\n\"" + std::string(metrics_path) + "\":");
  return document;
}

}  // namespace netprobe
