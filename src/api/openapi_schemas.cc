// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "api/description.h"

namespace netprobe {
namespace {

constexpr std::string_view kRecords =
    R"json(  "Loss": {"type": "object", "required": ["stage", "cause", "count"], "additionalProperties": false, "properties": {
    "stage": {"type": "string"}, "cause": {"type": "string"}, "count": {"type": "integer"}}},
  "Completeness": {"type": "object", "required": ["since", "until", "lost_since", "lost", "complete"], "additionalProperties": false, "properties": {
    "since": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"},
    "lost_since": {"type": "string", "format": "date-time", "description": "since when losses are counted"},
    "lost": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "what was lost that could have been in the answer: stage.cause to count"},
    "complete": {"type": "boolean", "description": "nothing that was asked for can be missing"}}},
  "Kubernetes": {"type": "object", "description": "how the connection goes that names come from", "required": ["state"], "additionalProperties": false, "properties": {
    "state": {"enum": ["off", "connecting", "synced", "retrying", "failed"], "description": "off: no cluster was asked for; retrying: names may be old"},
    "server": {"type": "string"}, "source": {"type": "string"}, "error": {"type": "string", "description": "one sentence; empty: all is well"},
    "server_version": {"type": "string"}, "synced_at": {"type": ["string", "null"], "format": "date-time"},
    "last_contact": {"type": ["string", "null"], "format": "date-time"}}},
  "Process": {"type": "object", "description": "A process of this node behind one side; absent where it is not surely known.", "required": ["pid", "comm"], "properties": {"pid": {"type": "integer"}, "comm": {"type": "string"}, "known_by": {"type": "string", "enum": ["connect", "listen", "accept", "close", "data", "file", "listener"], "description": "listener: it has the socket that listens, and who accepted is not known yet"}, "container": {"type": "string"}, "cgroup": {"type": "string"}}},
  "Observation": {"type": "object", "required": ["interface", "ifindex", "role", "direction", "depth", "packets", "bytes", "reverse_packets", "reverse_bytes"], "additionalProperties": false, "properties": {
    "interface": {"type": "string"}, "ifindex": {"type": "integer"}, "role": {"enum": ["pod", "loopback", "bridge", "tunnel", "host", "uplink"]},
    "direction": {"enum": ["ingress", "egress"]}, "depth": {"type": "integer", "description": "0 the packet itself, 1 inside a tunnel, 2 inside two"},
    "packets": {"type": "integer"}, "bytes": {"type": "integer"}, "reverse_packets": {"type": "integer"}, "reverse_bytes": {"type": "integer"},
    "translated": {"type": "boolean"}, "tunnel": {"enum": ["vxlan", "geneve", "gre", "ipip"]}, "vlan": {"type": "integer"},
    "inner_vlan": {"type": "integer"}, "mpls_label": {"type": "integer"}, "vni": {"type": "integer"}, "outer_src_ip": {"type": "string"},
    "outer_dst_ip": {"type": "string"}}},
  "Point": {"type": "object", "required": ["interface", "role", "direction"], "additionalProperties": false, "properties": {
    "interface": {"type": "string"}, "role": {"enum": ["pod", "loopback", "bridge", "tunnel", "host", "uplink"]},
    "direction": {"enum": ["ingress", "egress"]}}},
  "PacketLoss": {"type": "object", "required": ["from", "to", "flow", "packets", "entered", "left", "last_seen", "explained_by", "unexplained"], "additionalProperties": false, "properties": {
    "from": {"$ref": "#/components/schemas/Point"},
    "to": {"oneOf": [{"$ref": "#/components/schemas/Point"}, {"type": "null"}], "description": "the next point, which did not see the packets; null where none is known"},
    "flow": {"type": "object", "description": "in the direction of the lost packets", "required": ["id", "src_ip", "dst_ip", "src_port", "dst_port", "protocol"], "additionalProperties": false, "properties": {
    "id": {"type": "integer"}, "src_ip": {"type": "string"}, "dst_ip": {"type": "string"}, "src_port": {"type": "integer"}, "dst_port": {"type": "integer"},
    "protocol": {"type": "string"}, "src_kind": {"enum": ["pod", "service", "node", "external"]},
    "src_name": {"type": "string", "description": "of src: namespace/name, or the name alone where there is no namespace"},
    "src_pod": {"type": "string", "description": "namespace/name, where it is a pod"}, "src_namespace": {"type": "string"},
    "src_workload": {"type": "string", "description": "Kind/name"}, "src_node": {"type": "string", "description": "that it is on, or that it is"},
    "dst_kind": {"enum": ["pod", "service", "node", "external"]},
    "dst_name": {"type": "string", "description": "of dst: behind translation, the backend: namespace/name, or the name alone where there is no namespace"},
    "dst_pod": {"type": "string", "description": "namespace/name, where it is a pod"}, "dst_namespace": {"type": "string"},
    "dst_workload": {"type": "string", "description": "Kind/name"}, "dst_node": {"type": "string", "description": "that it is on, or that it is"},
    "service": {"type": "string"},
    "service_by": {"enum": ["address", "node_port", "endpoints"], "description": "how that is known: by the address, by the port at a node, or as the backend is of this service alone"}}},
    "packets": {"type": "integer", "description": "lost, without doubt: packets on their way are no loss"},
    "entered": {"type": "integer", "description": "packets at from when the loss was last told"},
    "left": {"type": "integer", "description": "packets behind it then"}, "last_seen": {"type": "string", "format": "date-time"},
    "explained_by": {"type": "array", "items": {"type": "object", "required": ["reason", "location", "packets"], "additionalProperties": false, "properties": {
    "reason": {"type": "string"}, "location": {"type": "string"}, "packets": {"type": "integer"}}}},
    "unexplained": {"type": "integer"}}})json";

constexpr std::string_view kFlowsAndInterfaces =
    R"json(  "Flow": {"type": "object", "description": "A connection seen both ways (RFC 5103): src is the side that began it; bytes are IP bytes. Names of the ends are those of who had the addresses when it flowed, and are absent where nobody is known: docs/api-kubernetes.md", "required": ["id", "src_ip", "dst_ip", "src_port", "dst_port", "protocol", "direction", "traffic", "packets", "bytes", "reverse_packets", "reverse_bytes", "first_seen", "last_seen", "timestamp", "packets_per_second", "bytes_per_second", "tcp_flags", "dscp", "min_ttl", "vni", "ended", "observations"], "additionalProperties": false, "properties": {
    "id": {"type": "integer"}, "src_ip": {"type": "string"}, "dst_ip": {"type": "string"}, "src_port": {"type": "integer"}, "dst_port": {"type": "integer"},
    "protocol": {"type": "string"}, "direction": {"enum": ["intra-node", "inter-node", "ingress", "egress"]},
    "traffic": {"type": "array", "items": {"enum": ["pod-to-pod", "service", "external"]}, "description": "what it is by its ends"},
    "packets": {"type": "integer"}, "bytes": {"type": "integer"}, "reverse_packets": {"type": "integer"}, "reverse_bytes": {"type": "integer"},
    "first_seen": {"type": "string", "format": "date-time"}, "last_seen": {"type": "string", "format": "date-time"},
    "timestamp": {"type": "string", "format": "date-time"}, "packets_per_second": {"type": "number"}, "bytes_per_second": {"type": "number"},
    "tcp_flags": {"type": "string"}, "dscp": {"type": "integer"}, "min_ttl": {"type": "integer"}, "vni": {"type": "integer"}, "ended": {"type": "boolean"},
    "observations": {"type": "array", "items": {"$ref": "#/components/schemas/Observation"}}, "src_kind": {"enum": ["pod", "service", "node", "external"]},
    "src_name": {"type": "string", "description": "of src: namespace/name, or the name alone where there is no namespace"},
    "src_pod": {"type": "string", "description": "namespace/name, where it is a pod"}, "src_namespace": {"type": "string"},
    "src_workload": {"type": "string", "description": "Kind/name"}, "src_node": {"type": "string", "description": "that it is on, or that it is"},
    "src_zone": {"type": "string"}, "src_node_pool": {"type": "string"}, "src_host_network": {"type": "boolean"},
    "src_labels": {"type": "object", "additionalProperties": {"type": "string"}}, "dst_kind": {"enum": ["pod", "service", "node", "external"]},
    "dst_name": {"type": "string", "description": "of dst: behind translation, the backend: namespace/name, or the name alone where there is no namespace"},
    "dst_pod": {"type": "string", "description": "namespace/name, where it is a pod"}, "dst_namespace": {"type": "string"},
    "dst_workload": {"type": "string", "description": "Kind/name"}, "dst_node": {"type": "string", "description": "that it is on, or that it is"},
    "dst_zone": {"type": "string"}, "dst_node_pool": {"type": "string"}, "dst_host_network": {"type": "boolean"},
    "dst_labels": {"type": "object", "additionalProperties": {"type": "string"}},
    "service": {"type": "string", "description": "namespace/name of the service that it was sent to"},
    "service_by": {"enum": ["address", "node_port", "endpoints"], "description": "how that is known: by the address, by the port at a node, or as the backend is of this service alone"},
    "nat": {"type": "object", "description": "what the other side sees, where addresses are translated on the way; observations with translated saw these", "required": ["src_ip", "dst_ip", "src_port", "dst_port"], "additionalProperties": false, "properties": {
    "src_ip": {"type": "string"}, "dst_ip": {"type": "string"}, "src_port": {"type": "integer"}, "dst_port": {"type": "integer"}}},
    "merged_into": {"type": "integer", "description": "in a stream: this flow turned out to be another, which has its counters now"},
    "reverse_tcp_flags": {"type": "string"}, "syns": {"type": "integer"}, "fins": {"type": "integer"}, "rsts": {"type": "integer"},
    "resets": {"type": "integer"}, "reverse_resets": {"type": "integer"}, "retransmits": {"type": "integer"}, "reverse_retransmits": {"type": "integer"},
    "out_of_order": {"type": "integer"}, "reverse_out_of_order": {"type": "integer"}, "zero_windows": {"type": "integer"},
    "reverse_zero_windows": {"type": "integer"}, "retransmit_ratio": {"type": "number"}, "reverse_retransmit_ratio": {"type": "number"},
    "handshake_rtt_ms": {"type": "number"}, "handshake_server_ms": {"type": "number"}, "handshake_client_ms": {"type": "number"},
    "rtt_ms": {"type": "number", "description": "smoothed, as this node's own socket has it"}, "icmp_type": {"type": "integer"},
    "icmp_code": {"type": "integer"}, "icmp_errors": {"type": "integer"}, "last_icmp_error_type": {"type": "integer"},
    "last_icmp_error_code": {"type": "integer"}, "path_mtu": {"type": "integer"}, "path_mtu_errors": {"type": "integer"},
    "tunnel": {"enum": ["vxlan", "geneve", "gre", "ipip"]}, "carries": {"enum": ["vxlan", "geneve", "gre", "ipip"]}, "vlan": {"type": "integer"},
    "inner_vlan": {"type": "integer"}, "mpls_label": {"type": "integer"}, "fragments": {"type": "integer"}, "no_ports": {"type": "boolean"},
    "verdict": {"enum": ["unknown", "connecting", "open", "half_closed", "closed", "refused", "no_answer", "unreachable", "aborted", "half_open", "reset_by_client", "reset_by_server", "reset", "timed_out", "failed", "idle", "answered", "port_unreachable", "no_local_port"]},
    "client_process": {"$ref": "#/components/schemas/Process"}, "server_process": {"$ref": "#/components/schemas/Process"},
    "losses": {"type": "array", "items": {"$ref": "#/components/schemas/PacketLoss"}}}},
  "LinkUse": {"type": "object", "description": "Use of a link in one direction over the last interval: docs/bandwidth.md. Speed 0: the device has none.", "required": ["speed_bits_per_second", "utilisation", "peak_100ms_bits_per_second", "peak_1s_bits_per_second", "microbursts", "unmeasured_windows"], "properties": {
    "speed_bits_per_second": {"type": "integer"}, "utilisation": {"type": "number"}, "peak_100ms_bits_per_second": {"type": "number"}, "peak_1s_bits_per_second": {"type": "number"},
    "microbursts": {"type": "integer"}, "unmeasured_windows": {"type": "integer"}}},
  "Interface": {"type": "object", "required": ["name", "ifindex", "role", "kind", "mtu", "attached", "mode", "reason", "hooks", "xdp", "rx", "tx", "rx_use", "tx_use"], "properties": {
    "name": {"type": "string"}, "ifindex": {"type": "integer"}, "role": {"enum": ["pod", "loopback", "bridge", "tunnel", "host", "uplink"]},
    "kind": {"type": "string"}, "mtu": {"type": "integer"}, "attached": {"type": "boolean"}, "mode": {"type": "string"}, "reason": {"type": "string"},
    "hooks": {"type": "array"},
    "xdp": {"type": "object", "description": "earliest ingress: where it is, or why not", "required": ["mode", "reason", "packets", "bytes", "dropped", "classes"], "properties": {"mode": {"enum": ["", "native", "generic"]}}},
    "rx": {"type": "object"}, "tx": {"type": "object"},
    "rx_use": {"$ref": "#/components/schemas/LinkUse"}, "tx_use": {"$ref": "#/components/schemas/LinkUse"}}},
  "Accounting": {"type": "object", "required": ["packets", "flow_packets", "unattributed", "difference"], "additionalProperties": false, "properties": {
    "packets": {"type": "integer"}, "flow_packets": {"type": "integer"}, "unattributed": {"type": "object", "additionalProperties": {"type": "integer"}},
    "difference": {"type": "integer"}, "interface": {"type": "string"}, "direction": {"enum": ["ingress", "egress"]}}},
  "Stats": {"type": "object", "required": ["node_name", "version", "kernel", "resident_bytes", "cpu_seconds", "started_at", "last_updated", "total_flows", "intra_node_flows", "inter_node_flows", "pod_to_pod_flows", "service_flows", "external_flows", "vxlan_flows", "protocol_distribution", "port_distribution", "node_traffic_matrix", "accounting", "flow_table", "losses", "packet_classes", "kubernetes", "completeness"], "additionalProperties": false, "properties": {
    "node_name": {"type": "string"}, "version": {"type": "string"}, "kernel": {"type": "string"}, "resident_bytes": {"type": "integer"},
    "cpu_seconds": {"type": "number"}, "started_at": {"type": "string", "format": "date-time"}, "last_updated": {"type": "string", "format": "date-time"},
    "total_flows": {"type": "integer", "description": "live now; since_start and flow_table have all since the start"},
    "intra_node_flows": {"type": "integer"}, "inter_node_flows": {"type": "integer"},
    "pod_to_pod_flows": {"type": "integer", "description": "both ends are pods: by their names, and by the way that packets take where neither has one"},
    "service_flows": {"type": "integer", "description": "sent to a service; none is known without a cluster"},
    "external_flows": {"type": "integer", "description": "one end is outside the cluster; without a cluster, outside the node"},
    "vxlan_flows": {"type": "integer"},
    "protocol_distribution": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "flows by protocol"},
    "port_distribution": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "flows by destination port: the 100 most used, the rest in ~other"},
    "node_traffic_matrix": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": {"type": "integer"}}, "description": "bytes by sending and by receiving side: names of nodes, other-node (which one is not known), external"},
    "accounting": {"type": "object", "required": ["total", "interfaces", "retired"], "additionalProperties": false, "properties": {
    "total": {"$ref": "#/components/schemas/Accounting"}, "interfaces": {"type": "array", "items": {"$ref": "#/components/schemas/Accounting"}},
    "retired": {"type": "array", "items": {"$ref": "#/components/schemas/Accounting"}}}},
    "flow_table": {"type": "object", "additionalProperties": {"type": "integer"}},
    "losses": {"type": "array", "items": {"$ref": "#/components/schemas/Loss"}},
    "packet_classes": {"type": "object", "additionalProperties": {"type": "integer"}}, "kubernetes": {"$ref": "#/components/schemas/Kubernetes"},
    "completeness": {"$ref": "#/components/schemas/Completeness"},
    "since_start": {"type": "object", "description": "the same counts of all flows since the start, each once; with a cluster only", "required": ["total_flows", "intra_node_flows", "inter_node_flows", "pod_to_pod_flows", "service_flows", "external_flows", "vxlan_flows", "ingress_flows", "egress_flows", "unnamed_ends"], "additionalProperties": false, "properties": {
    "total_flows": {"type": "integer"}, "intra_node_flows": {"type": "integer"}, "inter_node_flows": {"type": "integer"},
    "pod_to_pod_flows": {"type": "integer"}, "service_flows": {"type": "integer"}, "external_flows": {"type": "integer"}, "vxlan_flows": {"type": "integer"},
    "ingress_flows": {"type": "integer"}, "egress_flows": {"type": "integer"},
    "unnamed_ends": {"type": "integer", "description": "ends that nobody was known for: two a flow at most"}}}}})json";

}  // namespace

std::string openapi_schemas() {
  std::string schemas = "\"schemas\": {\n";
  for (const auto part : {kRecords, kFlowsAndInterfaces, openapi_cluster_schemas(),
                          openapi_query_schemas(), openapi_block_schemas()}) {
    if (!schemas.ends_with("{\n")) schemas += ",\n";
    schemas += part;
  }
  return schemas + "\n}";
}

}  // namespace netprobe
