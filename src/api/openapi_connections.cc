// SPDX-License-Identifier: Apache-2.0
#include "api/description.h"

namespace netprobe {

std::string_view openapi_connections() {
  return R"json("/api/connections": {"get": {"summary": "Sockets that talk: live ones and those that ended within the last minute, by id; and those that listen", "parameters": [
  {"$ref": "#/components/parameters/ip"}, {"$ref": "#/components/parameters/src_ip"}, {"$ref": "#/components/parameters/dst_ip"},
  {"$ref": "#/components/parameters/port"}, {"$ref": "#/components/parameters/src_port"}, {"$ref": "#/components/parameters/dst_port"},
  {"$ref": "#/components/parameters/protocol"}, @identity_filter@,
  {"name": "pid", "in": "query", "description": "of the process, in the initial namespace", "schema": {"type": "integer", "minimum": 1}},
  {"name": "process", "in": "query", "description": "the process's name", "schema": {"type": "string"}},
  {"name": "container", "in": "query", "description": "a container's id, or the front of one", "schema": {"type": "string"}},
  {"name": "state", "in": "query", "description": "the kernel's TCP state in small letters; listen: sockets that listen; live: all that have not ended", "schema": {"type": "string", "enum": ["established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2", "time_wait", "close", "close_wait", "last_ack", "listen", "closing", "new_syn_recv", "unconnected", "live"]}},
  {"name": "verdict", "in": "query", "description": "how it stands or ended: docs/connections.md", "schema": {"type": "string"}},
  {"name": "role", "in": "query", "schema": {"type": "string", "enum": ["client", "server", "unknown"]}},
  {"name": "netns", "in": "query", "description": "inode of the network namespace", "schema": {"type": "integer", "minimum": 1}},
  {"name": "since", "in": "query", "description": "there then or later: RFC 3339, or a duration before now such as 15m. From history: ended then or later", "schema": {"type": "string"}},
  {"name": "until", "in": "query", "description": "there before then", "schema": {"type": "string"}},
  {"name": "source", "in": "query", "description": "auto is what is live, and history where a range is given of which what is live has not all", "schema": {"type": "string", "enum": ["auto", "history", "live"], "default": "auto"}},
  {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100}},
  {"name": "cursor", "in": "query", "description": "next_cursor of the page before", "schema": {"type": "string"}}
], "responses": {"200": {"description": "A page; src is the socket's own side, bytes are payload as programs count it. listening comes with the first page.", "content": {"application/json": {"schema": {"type": "object", "required": ["connections", "listening", "listening_not_shown", "live", "ended_not_kept", "ended_from_before", "next_cursor", "kubernetes", "completeness", "last_updated"], "properties": {
  "connections": {"type": "array", "items": {"type": "object", "required": ["id", "src_ip", "dst_ip", "src_port", "dst_port", "protocol", "role", "state", "verdict", "pid", "process", "known_by", "netns", "found_later", "ended", "bytes_sent", "bytes_received"], "properties": {"pid": {"type": ["integer", "null"]}, "process": {"type": ["string", "null"]}, "known_by": {"type": ["string", "null"], "enum": ["connect", "listen", "accept", "close", "data", "file", "listener", null], "description": "how the process is known: by what it did with the socket, or (file) as it has it open; listener: it has the socket that listens, and until the one that accepted is known that is all that is"}}}},
  "listening": {"type": "array", "items": {"type": "object", "required": ["id", "ip", "port", "protocol", "pid", "process", "known_by", "shared", "netns", "receive_drops"]}},
  "listening_not_shown": {"type": "integer", "description": "sockets that listen and match, beyond the 10,000 shown: ask for fewer by port, process or netns"},
  "total": {"type": "integer", "description": "connections that match, over all pages; of netprobe-server with the first page alone"},
  "live": {"type": "integer"}, "ended_not_kept": {"type": "integer", "description": "ended connections that left the list before a minute had passed; sums have them"},
  "ended_from_before": {"type": "integer", "description": "connections that began before the agent did and that no process had open then: their end is all that was seen of them, and nothing is missing of the time since"},
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
