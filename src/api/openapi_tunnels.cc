// SPDX-License-Identifier: Apache-2.0
#include "api/description.h"

namespace netprobe {

std::string_view openapi_tunnels() {
  return R"json("/api/tunnels": {"get": {"summary": "Tunnels by network id and outer addresses, new ones, and MTUs that are too small", "description": "VXLAN, Geneve, GRE and IP in IP, as the outer packets pass an interface. Packets are wire packets, bytes those of the outer IP packet.", "parameters": [
  {"$ref": "#/components/parameters/vni"},
  {"name": "tunnel", "in": "query", "schema": {"type": "string", "enum": ["vxlan", "geneve", "gre", "ipip"]}},
  {"name": "outer_ip", "in": "query", "description": "either outer address is this one or in this prefix; may be repeated, all must hold", "schema": {"type": "string"}},
  {"name": "direction", "in": "query", "schema": {"type": "string", "enum": ["ingress", "egress"]}},
  {"name": "interface", "in": "query", "description": "a name or glob", "schema": {"type": "string"}},
  {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100}},
  {"name": "cursor", "in": "query", "description": "next_cursor of the page before", "schema": {"type": "string"}}
], "responses": {"200": {"description": "Tunnels", "content": {"application/json": {"schema": {"type": "object", "required": ["active", "new_tunnels", "folded", "tunnels", "next_cursor", "totals", "newest", "mtu", "path_mtu_errors", "completeness", "last_updated"], "properties": {
  "active": {"type": "integer", "description": "pairs of endpoints and network id seen within a minute, both directions as one"},
  "new_tunnels": {"type": "integer", "description": "such pairs that began"},
  "folded": {"type": "integer", "description": "packets of tunnels that there was no room for; the flows have them"},
  "tunnels": {"type": "array", "items": {"type": "object", "required": ["tunnel", "vni", "outer_src_ip", "outer_dst_ip", "direction", "interface", "ifindex", "packets", "bytes", "fragments", "counted_above", "first_seen", "last_seen"], "properties": {
    "fragments": {"type": "integer", "description": "of the packets, those whose outer packet came in fragments"},
    "counted_above": {"type": "boolean", "description": "the same packets are counted at the bridge, bond or VLAN that stands on this interface"}}}},
  "total": {"type": "integer", "description": "how many match in all; of netprobe-server with the first page alone"},
  "next_cursor": {"type": ["string", "null"]},
  "totals": {"type": "array", "description": "since the start, each packet once", "items": {"type": "object", "required": ["tunnel", "vni", "direction", "packets", "bytes"]}},
  "newest": {"type": "array", "description": "the newest first packets of tunnels, newest first", "items": {"type": "object", "required": ["timestamp", "tunnel", "vni", "direction", "interface", "outer_src_ip", "outer_dst_ip", "packet_len"]}},
  "mtu": {"type": "array", "items": {"type": "object", "required": ["kind", "what"], "properties": {
    "kind": {"enum": ["device", "fragmented", "reported"], "description": "a tunnel device whose MTU does not fit its underlay; tunnel packets that are fragmented; a flow whose sender was told that its packets are too big"},
    "what": {"type": "string", "description": "one sentence with the numbers"}}}},
  "path_mtu_errors": {"type": "integer"},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
)json";
}

}  // namespace netprobe
