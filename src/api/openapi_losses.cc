// SPDX-License-Identifier: Apache-2.0
#include "api/description.h"

namespace netprobe {

std::string_view openapi_losses() {
  return R"json("/api/losses": {"get": {"summary": "Packets that were lost between two neighbouring observation points", "description": "Most first. Only what was compared is in it: docs/losses.md has the conditions.", "parameters": [
  {"$ref": "#/components/parameters/ip"}, {"$ref": "#/components/parameters/src_ip"}, {"$ref": "#/components/parameters/dst_ip"},
  {"$ref": "#/components/parameters/port"}, {"$ref": "#/components/parameters/src_port"}, {"$ref": "#/components/parameters/dst_port"},
  {"$ref": "#/components/parameters/protocol"}, {"$ref": "#/components/parameters/node"},
  {"name": "interface", "in": "query", "description": "a name or glob that one of the two points has", "schema": {"type": "string"}},
  {"name": "role", "in": "query", "description": "the role of one of the two points", "schema": {"type": "string", "enum": ["pod", "loopback", "bridge", "tunnel", "host", "uplink"]}},
  {"name": "since", "in": "query", "description": "lost a packet then or later: RFC 3339, or a duration before now such as 15m", "schema": {"type": "string"}},
  {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100}},
  {"name": "cursor", "in": "query", "description": "next_cursor of the page before", "schema": {"type": "string"}}
], "responses": {"200": {"description": "A page", "content": {"application/json": {"schema": {"type": "object", "required": ["losses", "total", "next_cursor", "totals", "conditions", "completeness"], "properties": {
  "losses": {"type": "array", "items": {"type": "object", "required": ["from", "to", "flow", "packets", "entered", "left", "last_seen", "explained_by", "unexplained"], "properties": {
    "from": {"type": "object", "description": "the last point that saw the packets: interface, role, direction"},
    "to": {"type": ["object", "null"], "description": "the next point, which did not; null where none is known"},
    "flow": {"type": "object", "description": "id, addresses, ports and protocol, in the direction of the lost packets"},
    "packets": {"type": "integer", "description": "lost, without doubt: packets on their way are no loss"},
    "entered": {"type": "integer", "description": "packets at from when the loss was last told"},
    "left": {"type": "integer", "description": "packets behind it then"},
    "last_seen": {"type": "string", "format": "date-time"},
    "explained_by": {"type": "array", "items": {"type": "object", "required": ["reason", "location", "packets"]}},
    "unexplained": {"type": "integer"}}}},
  "total": {"type": "integer", "description": "how many match in all"},
  "next_cursor": {"type": ["string", "null"]},
  "totals": {"type": "array", "description": "packets by pair of roles since the start, also of losses that are no longer listed", "items": {"type": "object", "required": ["from", "to", "packets"]}},
  "conditions": {"type": "object", "description": "flows under watch; flows for which there was no room; losses no longer listed; interfaces that are up and not watched, which keep what is routed from being compared"},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
)json";
}

}  // namespace netprobe
