// SPDX-License-Identifier: Apache-2.0
#include "api/description.h"

namespace netprobe {
namespace {

constexpr std::string_view kMark = "@alert_parameters@";
constexpr std::string_view kParameters = R"json(
  {"name": "state", "in": "query", "schema": {"type": "string", "enum": ["active", "resolved", "all"], "default": "all"}},
  {"name": "severity", "in": "query", "description": "that or worse", "schema": {"type": "string", "enum": ["info", "low", "medium", "high", "critical"], "default": "info"}},
  {"name": "kind", "in": "query", "description": "any of those given", "schema": {"type": "array", "items": {"type": "string"}}},
  {"name": "q", "in": "query", "description": "a filter of the query language, of alerts: src.namespace=shop", "schema": {"type": "string"}},
  {"name": "muted", "in": "query", "description": "those that a query of the configuration mutes, too", "schema": {"type": "boolean", "default": false}},
  {"name": "since", "in": "query", "description": "updated then or later: RFC 3339, or a duration before now such as 15m", "schema": {"type": "string"}},
  {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100}},
  {"name": "cursor", "in": "query", "description": "next_cursor of the page before", "schema": {"type": "string"}}
)json";

}  // namespace

std::string openapi_alerts() {
  std::string text =
      R"json("/api/alerts": {"get": {"summary": "What detectors found", "description": "Newest update first; those that are over for a while too. docs/detectors.md says what each kind means; older ones are in /api/query?q=alerts.", "parameters": [@alert_parameters@], "responses": {"200": {"description": "A page", "content": {"application/json": {"schema": {"type": "object", "required": ["alerts", "next_cursor", "totals", "muted", "not_kept", "detectors", "kubernetes", "completeness"], "properties": {
  "alerts": {"type": "array", "items": {"type": "object", "required": ["id", "kind", "severity", "technique", "state", "summary", "source", "target", "first_seen", "last_seen", "opened", "updated", "count", "evidence"], "properties": {
    "id": {"type": "string", "description": "the same for as long as it lives"}, "kind": {"type": "string"},
    "severity": {"enum": ["info", "low", "medium", "high", "critical"]}, "technique": {"type": "string", "description": "MITRE ATT&CK"}, "technique_name": {"type": "string"}, "tactic": {"type": "string", "description": "TA0007"}, "tactic_name": {"type": "string"},
    "state": {"enum": ["active", "resolved"]}, "muted": {"type": "boolean"}, "summary": {"type": "string"},
    "source": {"type": "object", "description": "who does it, which need not be who began the flow"}, "target": {"type": "object"},
    "first_seen": {"type": "string", "format": "date-time"}, "last_seen": {"type": "string", "format": "date-time"},
    "opened": {"type": "string", "format": "date-time"}, "updated": {"type": "string", "format": "date-time"}, "resolved": {"type": "string", "format": "date-time"},
    "count": {"type": "integer", "description": "events that it is made of"},
    "evidence": {"type": "object", "required": ["value", "threshold", "unit", "confidence", "spoofable", "flows"]}}}},
  "total": {"type": "integer", "description": "how many match in all; of netprobe-server with the first page alone"},
  "next_cursor": {"type": ["string", "null"]},
  "totals": {"type": "array", "description": "opened since the start", "items": {"type": "object", "required": ["kind", "severity", "count"]}},
  "muted": {"type": "integer", "description": "of these"},
  "not_kept": {"type": "integer", "description": "findings that would have been alerts of their own, and had no room"},
  "detectors": {"type": "array", "items": {"type": "object", "required": ["name", "on", "records", "findings", "not_followed", "bytes", "run_seconds"]}},
  "threat_intel": {"type": "array", "description": "lists of --threat-intel; where the last try failed, the list before stays", "items": {"type": "object", "required": ["list", "has_list", "addresses", "networks", "names", "trimmed", "refused", "failed", "matches"]}},
  "kubernetes": {"$ref": "#/components/schemas/Kubernetes"},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
"/api/alerts/stream": {"get": {"summary": "Alerts as they come", "description": "Server-sent events: `hello`, then an `alert` for each that is active, and for each that is opened, becomes worse, goes on for ten seconds, or is over. netprobe-server tells of all agents, each alert with its `node`, and as /api/stream `agent` where one comes or goes and `lost` where alerts are missing; those that are muted are in its /api/alerts alone. Of the parameters limit and cursor change nothing.", "parameters": [@alert_parameters@], "responses": {"200": {"description": "Events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
)json";
  for (std::size_t at = 0; (at = text.find(kMark, at)) != std::string::npos;)
    text.replace(at, kMark.size(), kParameters);
  return text;
}

}  // namespace netprobe
