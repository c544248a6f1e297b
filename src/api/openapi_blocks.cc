// SPDX-License-Identifier: Apache-2.0
#include "api/description.h"

namespace netprobe {

std::string_view openapi_blocks() {
  return R"json("/api/blocks": {
"get": {"summary": "Blocks and limits that are in force", "description": "Blocks in order of their prefix, then limits; a page is of both together. docs/response.md says how a packet is decided.", "parameters": [
  {"name": "what", "in": "query", "description": "only what shares an address with this address or network", "schema": {"type": "string"}},
  {"name": "since", "in": "query", "description": "made then or later: RFC 3339, or a duration before now such as 15m", "schema": {"type": "string"}},
  {"name": "until", "in": "query", "description": "made then or earlier", "schema": {"type": "string"}},
  {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100}},
  {"name": "cursor", "in": "query", "description": "next_cursor of the page before", "schema": {"type": "string"}}
], "responses": {"200": {"description": "A page", "content": {"application/json": {"schema": {"type": "object", "required": ["response", "blocks", "limits", "total", "next_cursor", "list", "allowed", "dropped", "would_drop", "looked_at", "refused", "audit_errors", "audit_damaged", "room", "completeness"], "additionalProperties": false, "properties": {
  "response": {"type": "object", "required": ["mode", "why", "interfaces"], "properties": {"mode": {"enum": ["off", "dry-run", "enforce"]}, "why": {"type": "string", "description": "off: why, and the way out"}, "interfaces": {"type": "array", "description": "where it is carried out", "items": {"type": "string"}}}},
  "blocks": {"type": "array", "items": {"$ref": "#/components/schemas/Block"}},
  "limits": {"type": "array", "items": {"$ref": "#/components/schemas/Limit"}},
  "total": {"type": "integer", "description": "how many match in all"},
  "next_cursor": {"type": ["string", "null"]},
  "list": {"type": ["object", "null"], "description": "of --response-block-lists", "required": ["name", "mode", "entries", "refused", "why", "until"]},
  "allowed": {"type": "array", "description": "never blocked, and why", "items": {"type": "object", "required": ["network", "reason"]}},
  "dropped": {"type": "array", "description": "by cause, since the start, over all interfaces", "items": {"type": "object", "required": ["cause", "packets", "bytes"], "properties": {"cause": {"enum": ["address", "network", "feed_address", "feed_network", "source_limit", "target_limit", "syn_limit"]}}}},
  "would_drop": {"type": "array", "description": "the same of what is a dry run", "items": {"type": "object", "required": ["cause", "packets", "bytes"]}},
  "looked_at": {"type": "object", "description": "packets that the first test did not let through, and what came of them", "required": ["packets", "allowed", "clean", "too_deep", "contended", "challenged", "proven"]},
  "refused": {"type": "object", "description": "requests, by cause"},
  "audit_errors": {"type": "integer", "description": "changes that were made and could not be written down"},
  "audit_damaged": {"type": "integer", "description": "lines of the audit trail that could not be read at the start"},
  "room": {"type": "object", "required": ["blocks", "limits", "a_minute", "list_addresses", "list_networks", "longest_seconds"]},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}},
"post": {"summary": "Block an address or a network, or limit what an address sends or gets", "description": "Needs the agent's token, and comes from the agent's machine unless --response-remote=true. With --response=dry-run everything is a dry run.", "security": [{"token": []}], "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["what", "reason"], "additionalProperties": false, "properties": {
  "what": {"type": "string", "description": "an address or a network; of a limit an address"},
  "for": {"type": "string", "description": "how long: 10m, 1h, 7d; or until", "examples": ["1h"]},
  "until": {"type": "string", "format": "date-time"},
  "reason": {"type": "string"}, "who": {"type": "string", "description": "who asks, for the audit trail"},
  "mode": {"enum": ["dry-run", "enforce"], "default": "enforce"},
  "limit": {"type": "object", "required": ["rate"], "additionalProperties": false, "properties": {
    "rate": {"type": "integer", "minimum": 1, "description": "a second"}, "burst": {"type": "integer", "minimum": 1, "description": "at once; without it a second of the rate"},
    "unit": {"enum": ["packets", "bytes"], "default": "packets"},
    "kind": {"enum": ["source", "target", "syn"], "default": "source", "description": "of all that the address sends, of all that it gets, of the connections that are asked of it at the port"},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535, "description": "of kind syn"}}},
  "protect": {"type": "array", "maxItems": 4, "description": "addresses from where somebody works: from now on not blocked", "items": {"type": "string"}}}}}}},
  "responses": {"200": {"description": "It is in force", "content": {"application/json": {"schema": {"type": "object", "required": ["mode", "interfaces", "note"], "properties": {"block": {"$ref": "#/components/schemas/Block"}, "limit": {"$ref": "#/components/schemas/Limit"}, "mode": {"enum": ["dry-run", "enforce"]}, "interfaces": {"type": "array", "description": "that hold it: those with the XDP program", "items": {"type": "string"}}, "note": {"type": "string", "description": "how it is carried out; says so where no interface holds it"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"}, "413": {"$ref": "#/components/responses/Problem"}, "415": {"$ref": "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}, "507": {"$ref": "#/components/responses/Problem"}}},
"delete": {"summary": "End a block, a limit, or everything", "security": [{"token": []}], "parameters": [
  {"name": "what", "in": "query", "schema": {"type": "string"}},
  {"name": "all", "in": "query", "description": "blocks, limits and the list", "schema": {"type": "boolean"}},
  {"name": "kind", "in": "query", "description": "of a limit", "schema": {"enum": ["source", "target", "syn"]}},
  {"name": "port", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 65535}},
  {"name": "who", "in": "query", "schema": {"type": "string"}},
  {"name": "reason", "in": "query", "schema": {"type": "string"}}
], "responses": {"200": {"description": "It is over", "content": {"application/json": {"schema": {"type": "object", "required": ["status"]}}}}, "400": {"$ref": "#/components/responses/Problem"}, "401": {"$ref": "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
)json";
}

std::string_view openapi_block_schemas() {
  return R"json(  "Block": {"type": "object", "required": ["what", "kind", "mode", "reason", "who", "since", "until", "packets", "bytes"], "additionalProperties": false, "properties": {
    "what": {"type": "string"}, "kind": {"enum": ["address", "network"]}, "mode": {"enum": ["dry-run", "enforce"]},
    "reason": {"type": "string"}, "who": {"type": "string"},
    "since": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"},
    "packets": {"type": "integer", "description": "that it dropped, or would have"}, "bytes": {"type": "integer", "description": "of the frames"}}},
  "Limit": {"type": "object", "required": ["what", "kind", "mode", "reason", "who", "since", "until", "rate", "burst", "unit", "packets", "bytes"], "additionalProperties": false, "properties": {
    "what": {"type": "string"}, "kind": {"enum": ["source", "target", "syn"]}, "port": {"type": "integer"}, "mode": {"enum": ["dry-run", "enforce"]},
    "reason": {"type": "string"}, "who": {"type": "string"},
    "since": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"},
    "rate": {"type": "integer"}, "burst": {"type": "integer"}, "unit": {"enum": ["packets", "bytes"]},
    "packets": {"type": "integer", "description": "beyond it: dropped, or would have been"}, "bytes": {"type": "integer"}}})json";
}

}  // namespace netprobe
