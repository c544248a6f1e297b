// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "api/description.h"
#include "model/flow_filter.h"

namespace netprobe {
namespace {

constexpr std::string_view kDocument = R"json({
"openapi": "3.1.0",
"info": {
  "title": "NetProbe",
  "version": "1",
  "description": "Reads only, but for an agent's /api/blocks. JSON is snake_case, times are RFC 3339 in UTC, counters are integers of up to 64 bits. Errors are RFC 9457 problem details. An unknown parameter or a bad value is a 400 that names it. HEAD works wherever GET does."
},
"paths": {
"/metrics": {"get": {"summary": "Counters for Prometheus", "responses": {"200": {"description": "Prometheus text 0.0.4, or OpenMetrics 1.0 where Accept asks for it", "content": {"text/plain": {}, "application/openmetrics-text": {}}}}}},
"/health": {"get": {"summary": "Liveness", "responses": {"200": {"$ref": "#/components/responses/Alive"}}}},
"/healthz": {"get": {"summary": "Liveness", "responses": {"200": {"$ref": "#/components/responses/Alive"}}}},
"/livez": {"get": {"summary": "Liveness", "responses": {"200": {"$ref": "#/components/responses/Alive"}}}},
"/ready": {"get": {"summary": "Readiness", "responses": {"200": {"$ref": "#/components/responses/Ready"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/readyz": {"get": {"summary": "Readiness", "responses": {"200": {"$ref": "#/components/responses/Ready"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/flows": {"get": {"summary": "Flows that match all given conditions, a page at a time", "parameters": [
  @flow_filter@,
  {"name": "q", "in": "query", "description": "a filter of the query language, without a pipe: docs/query.md; holds beside the other conditions", "schema": {"type": "string"}},
  {"name": "source", "in": "query", "description": "auto is what is live, and history where a range is given of which what is live has not all. From history a flow has what it gained in the range, and no points", "schema": {"type": "string", "enum": ["auto", "history", "live"], "default": "auto"}},
  {"name": "since", "in": "query", "description": "last seen then or later: RFC 3339, or a duration before now such as 15m", "schema": {"type": "string"}},
  {"name": "until", "in": "query", "description": "first seen then or earlier", "schema": {"type": "string"}},
  {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100}},
  {"name": "cursor", "in": "query", "description": "next_cursor of the page before, with the same sort", "schema": {"type": "string"}},
  {"name": "sort", "in": "query", "description": "by id (the order in which they began), or most first. Sorted by id, pages neither repeat nor miss a flow while flows change", "schema": {"type": "string", "enum": ["id", "bytes", "packets", "rate", "last_seen"], "default": "id"}}
], "responses": {"200": {"description": "A page", "content": {"application/json": {"schema": {"type": "object", "required": ["flows", "total", "next_cursor", "kubernetes", "completeness"], "additionalProperties": false, "properties": {
  "flows": {"type": "array", "items": {"$ref": "#/components/schemas/Flow"}},
  "total": {"type": ["integer", "null"], "description": "how many match in all; null where history has more than were counted"},
  "next_cursor": {"type": ["string", "null"]},
  "source": {"enum": ["history", "live"]}, "tier": {"enum": ["live", "raw", "1m", "1h"]},
  "resolution_seconds": {"type": "number"}, "exact": {"type": "boolean"},
  "since": {"type": ["string", "null"], "format": "date-time", "description": "what history looked at"},
  "until": {"type": ["string", "null"], "format": "date-time"}, "kept_since": {"type": ["string", "null"], "format": "date-time"}, "partial": {"type": "boolean"}, "sources": {"$ref": "#/components/schemas/Sources"},
  "warnings": {"type": "array", "items": {"type": "string"}},
  "kubernetes": {"$ref": "#/components/schemas/Kubernetes"},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/top": {"get": {"summary": "The flows that move most", "parameters": [
  @flow_filter@,
  {"name": "by", "in": "query", "schema": {"type": "string", "enum": ["rate", "bytes", "packets"], "default": "rate"}},
  {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10}}
], "responses": {"200": {"description": "Most first", "content": {"application/json": {"schema": {"type": "object", "required": ["by", "flows", "kubernetes", "completeness"], "additionalProperties": false, "properties": {
  "by": {"enum": ["rate", "bytes", "packets"]},
  "flows": {"type": "array", "items": {"$ref": "#/components/schemas/Flow"}},
  "kubernetes": {"$ref": "#/components/schemas/Kubernetes"},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/stream": {"get": {"summary": "Flows as they change", "description": "Server-sent events, one for each change of a flow that matches all that is given. First `hello` with the completeness so far, then one `flow` for each changed flow, its data one Flow. `lost` with {\"lost\": n} stands where n events are missing because the client read too slowly. A comment comes every 15 seconds. Where `q` sums up by steps of time, one `window` comes for each step that ended instead, its data a LiveWindow.", "parameters": [
  @flow_filter@,
  {"name": "q", "in": "query", "description": "a filter of the query language, or sums with a step from 1s to 1h: docs/query.md", "schema": {"type": "string"}, "examples": {"flows": {"value": "dst.port=443 bytes>1M"}, "sums": {"value": "dst.port=443 | sum bytes by src.workload every 5s"}}}
], "responses": {"200": {"description": "Until the client leaves", "content": {"text/event-stream": {}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/stats": {"get": {"summary": "Sums over the flows that there are, and where every packet went", "responses": {"200": {"description": "Sums", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Stats"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/interfaces": {"get": {"summary": "Interfaces: what is attached to them and what was counted", "responses": {"200": {"description": "Interfaces by index; retired sums those that are gone", "content": {"application/json": {"schema": {"type": "object", "required": ["interfaces", "retired", "completeness", "last_updated"], "properties": {
  "interfaces": {"type": "array", "items": {"$ref": "#/components/schemas/Interface"}},
  "retired": {"type": "object"},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/probes": {"get": {"summary": "Probes: state, rung taken and why, programs, losses", "responses": {"200": {"description": "Probes", "content": {"application/json": {"schema": {"type": "object", "required": ["probes", "completeness", "last_updated"], "properties": {
  "probes": {"type": "array", "items": {"type": "object", "required": ["name", "state", "rung", "why", "kernel_need", "programs", "runs", "run_time_ns", "events", "lost"], "properties": {"state": {"enum": ["off", "on", "failed"]}, "seen": {"type": "object", "description": "what the kernel's side met, by kind, also what it did not tell of"}}}},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
)json";

constexpr std::string_view kRest =
    R"json("/api/openapi.json": {"get": {"summary": "This description", "responses": {"200": {"description": "OpenAPI", "content": {"application/json": {}}}}}},
"/": {"get": {"summary": "The endpoints, as plain text", "responses": {"200": {"description": "Text", "content": {"text/plain": {}}}}}}
},
"components": {
"securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "what the file of --response-token-file has (default: response.token in --data-dir)"}},
@parameters@,
"responses": {
  "Alive": {"description": "The agent answers", "content": {"application/json": {"schema": {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}}}}},
  "Ready": {"description": "The agent observes", "content": {"application/json": {"schema": {"type": "object", "required": ["status"], "properties": {"status": {"const": "ready"}, "reason": {"type": "string"}}}}}},
  "Problem": {"description": "RFC 9457 problem details", "content": {"application/problem+json": {"schema": {"type": "object", "required": ["type", "title", "status", "detail"], "properties": {
    "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
    "parameter": {"type": "string"}, "allowed": {"type": "array", "items": {"type": "string"}},
    "column": {"type": "integer", "description": "where the query is wrong, from 1, in bytes"}, "length": {"type": "integer", "description": "of the part that is wrong; 0: something is missing there"},
    "expected": {"type": "array", "items": {"type": "string"}, "description": "what may stand there"}}}}}}
},
@schemas@
}
}
)json";

constexpr std::string_view kMetricsKey = "\n\"/metrics\":";

}  // namespace

std::string openapi_document(std::string_view metrics_path, std::span<const std::string> routes) {
  const auto has = [&](std::string_view path) {
    return std::ranges::find(routes, path) != routes.end();
  };
  std::string document(kDocument);
  if (has("/api/agents")) document += openapi_agents();
  document += openapi_connections();
  document += openapi_drops();
  document += openapi_netfilter();
  document += openapi_tunnels();
  document += openapi_flannel();
  document += openapi_losses();
  document += openapi_alerts();
  if (has("/api/blocks")) document += openapi_blocks();
  document += openapi_advise();
  document += openapi_cluster();
  document += openapi_query();
  document += kRest;
  const auto put = [&document](std::string_view mark, const std::string& text) {
    for (std::size_t at = 0; (at = document.find(mark, at)) != std::string::npos; at += text.size())
      document.replace(at, mark.size(), text);
  };
  put("@flow_filter@", openapi_references(FlowFilter::keys()));
  put("@identity_filter@", openapi_references(IdentityFilter::keys()));
  put("@parameters@", std::string(openapi_parameters()));
  put("@schemas@", openapi_schemas());
  put(kMetricsKey, "\n\"" + std::string(metrics_path) + "\":");
  return document;
}

}  // namespace netprobe
