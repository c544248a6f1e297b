// SPDX-License-Identifier: Apache-2.0
#include "api/description.h"

namespace netprobe {

std::string_view openapi_drops() {
  return R"json("/api/drops": {"get": {"summary": "Packets that the kernel dropped, by reason, place, interface and flow, most first. Conditions on addresses, ports and protocol hold for a packet's outermost header or for what is in its tunnel", "parameters": [
  {"name": "by", "in": "query", "description": "sum records that have the same of this; reason means reason and hook, location means reason, hook and location", "schema": {"type": "string", "enum": ["record", "reason", "location", "interface", "flow"], "default": "record"}},
  {"$ref": "#/components/parameters/ip"}, {"$ref": "#/components/parameters/src_ip"}, {"$ref": "#/components/parameters/dst_ip"},
  {"$ref": "#/components/parameters/port"}, {"$ref": "#/components/parameters/src_port"}, {"$ref": "#/components/parameters/dst_port"},
  {"$ref": "#/components/parameters/protocol"}, @identity_filter@,
  {"name": "reason", "in": "query", "description": "the kernel's name without SKB_DROP_REASON_, or a glob; may be repeated, one must hold", "schema": {"type": "string"}},
  {"name": "hook", "in": "query", "description": "the layer that dropped, or a glob; may be repeated", "schema": {"type": "string"}},
  {"name": "location", "in": "query", "description": "symbol+offset, or a glob such as ip_forward*; may be repeated", "schema": {"type": "string"}},
  {"name": "interface", "in": "query", "description": "a name or glob; may be repeated", "schema": {"type": "string"}},
  {"name": "netns", "in": "query", "description": "inode of the device's network namespace", "schema": {"type": "integer"}},
  {"name": "since", "in": "query", "description": "last seen then or later: RFC 3339, or a duration before now such as 15m", "schema": {"type": "string"}},
  {"name": "until", "in": "query", "description": "first seen then or earlier", "schema": {"type": "string"}},
  {"name": "source", "in": "query", "description": "auto is what is live, and history where a range is given of which what is live has not all", "schema": {"type": "string", "enum": ["auto", "history", "live"], "default": "auto"}},
  {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100}},
  {"name": "cursor", "in": "query", "description": "next_cursor of the page before, with the same by", "schema": {"type": "string"}}
], "responses": {"200": {"description": "A page", "content": {"application/json": {"schema": {"type": "object", "required": ["drops", "totals", "next_cursor", "kubernetes", "completeness"], "properties": {
  "drops": {"type": "array", "items": {"type": "object", "description": "with by, only the fields that are summed by, and count, bytes, first_seen, last_seen", "required": ["count", "bytes", "first_seen", "last_seen"], "properties": {
    "reason": {"type": "string", "description": "as the running kernel names it"}, "hook": {"enum": ["device", "xdp", "qdisc", "netfilter", "bridge", "tunnel", "neighbour", "ip", "icmp", "tcp", "udp", "socket", "other"]},
    "location": {"type": "string", "description": "symbol+offset of the kernel code that dropped; empty where not known"},
    "interface": {"type": "string"}, "ifindex": {"type": "integer"}, "netns": {"type": "integer"},
    "src_ip": {"type": ["string", "null"]}, "dst_ip": {"type": ["string", "null"]}, "src_port": {"type": "integer"}, "dst_port": {"type": "integer"},
    "protocol": {"type": "string", "description": "of IP packets as in flows; else the EtherType's name or number; empty where not known"},
    "tunnel": {"type": "string", "description": "vxlan, geneve, gre or ipip: what was dropped is its packet. This and the inner_ fields only where what is inside is known"}, "vni": {"type": "integer", "description": "of VXLAN and Geneve; GRE's key where it has one"},
    "inner_src_ip": {"type": "string", "description": "of the first IP header behind the outermost"}, "inner_dst_ip": {"type": "string"}, "inner_src_port": {"type": "integer"}, "inner_dst_port": {"type": "integer"}, "inner_protocol": {"type": "string"},
    "count": {"type": "integer", "description": "wire packets"}, "bytes": {"type": "integer", "description": "IP bytes"},
    "first_seen": {"type": "string", "format": "date-time"}, "last_seen": {"type": "string", "format": "date-time"},
    "stack": {"type": "array", "items": {"type": "string"}, "description": "newest frame first; with --drop-stacks"}}}},
  "total": {"type": "integer", "description": "how many rows match in all; of netprobe-server with the first page alone"},
  "totals": {"type": "array", "description": "packets since the start by reason and hook, also of records that are no longer kept", "items": {"type": "object", "required": ["reason", "hook", "count"]}},
  "blocked": {"type": "array", "description": "frames that blocks and limits dropped at the XDP hook, by interface: docs/response.md. In native mode the kernel has not made packets of them and they are in no drop above; in generic mode they are there, too, with reason XDP", "items": {"type": "object", "required": ["interface", "mode", "packets"]}},
  "next_cursor": {"type": ["string", "null"]},
  "source": {"enum": ["history", "live"]}, "tier": {"enum": ["live", "raw", "1m", "1h"]},
  "resolution_seconds": {"type": "number"}, "exact": {"type": "boolean"},
  "since": {"type": ["string", "null"], "format": "date-time", "description": "what history looked at"},
  "until": {"type": ["string", "null"], "format": "date-time"}, "kept_since": {"type": ["string", "null"], "format": "date-time"}, "partial": {"type": "boolean"}, "sources": {"$ref": "#/components/schemas/Sources"},
  "warnings": {"type": "array", "items": {"type": "string"}},
  "kubernetes": {"$ref": "#/components/schemas/Kubernetes"},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
)json";
}

}  // namespace netprobe
