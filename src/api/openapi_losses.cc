// SPDX-License-Identifier: Apache-2.0
#include "api/description.h"

namespace netprobe {

std::string_view openapi_losses() {
  return R"json("/api/losses": {"get": {"summary": "Packets that were lost between two neighbouring observation points", "description": "Most first. Only what was compared is in it: docs/losses.md has the conditions.", "parameters": [
  {"$ref": "#/components/parameters/ip"}, {"$ref": "#/components/parameters/src_ip"}, {"$ref": "#/components/parameters/dst_ip"},
  {"$ref": "#/components/parameters/port"}, {"$ref": "#/components/parameters/src_port"}, {"$ref": "#/components/parameters/dst_port"},
  {"$ref": "#/components/parameters/protocol"}, @identity_filter@,
  {"name": "interface", "in": "query", "description": "a name or glob that one of the two points has", "schema": {"type": "string"}},
  {"name": "role", "in": "query", "description": "the role of one of the two points", "schema": {"type": "string", "enum": ["pod", "loopback", "bridge", "tunnel", "host", "uplink"]}},
  {"name": "since", "in": "query", "description": "lost a packet then or later: RFC 3339, or a duration before now such as 15m", "schema": {"type": "string"}},
  {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100}},
  {"name": "cursor", "in": "query", "description": "next_cursor of the page before", "schema": {"type": "string"}}
], "responses": {"200": {"description": "A page", "content": {"application/json": {"schema": {"type": "object", "required": ["losses", "next_cursor", "totals", "conditions", "kubernetes", "completeness"], "properties": {
  "losses": {"type": "array", "items": {"$ref": "#/components/schemas/PacketLoss"}},
  "total": {"type": "integer", "description": "how many match in all; of netprobe-server with the first page alone"},
  "next_cursor": {"type": ["string", "null"]},
  "totals": {"type": "array", "description": "packets by pair of roles since the start, also of losses that are no longer listed", "items": {"type": "object", "required": ["from", "to", "packets"]}},
  "conditions": {"type": "object", "description": "flows under watch; flows for which there was no room; losses no longer listed; interfaces that are up and not watched, which keep what is routed from being compared"},
  "kubernetes": {"$ref": "#/components/schemas/Kubernetes"},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
)json";
}

}  // namespace netprobe
