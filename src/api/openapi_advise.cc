// SPDX-License-Identifier: Apache-2.0
#include "api/description.h"

namespace netprobe {
namespace {

constexpr std::string_view kDocument =
    R"json("/api/advise/network-policy": {"get": {"summary": "The least Kubernetes NetworkPolicy that the observed traffic needs", "description": "For review: nothing is applied. docs/network-policy.md says how policies are made and what they do not know. The server answers of the whole cluster.", "parameters": [@whose@,
  {"name": "labels", "in": "query", "description": "that select the workload's pods, in place of their own: app=web,tier=front. With workload alone", "schema": {"type": "string"}},
  {"name": "any_outside", "in": "query", "description": "all addresses, where those outside do not fit into a few networks", "schema": {"type": "boolean", "default": false}},
  {"name": "include_unanswered", "in": "query", "description": "also what nobody answered, as one-way syslog", "schema": {"type": "boolean", "default": false}}
], "responses": {"200": {"description": "A policy for each workload that was seen, or why there is none", "content": {"application/json": {"schema": {"type": "object", "required": ["namespace", "workload", "policies", "without_policy", "yaml", "observed", "kubernetes", "completeness"], "properties": {
  "namespace": {"type": "string"}, "workload": {"type": ["string", "null"], "description": "as it was asked for"},
  "policies": {"type": "array", "items": {"type": "object", "required": ["workload", "workload_kind", "flows", "policy", "remarks", "replay", "yaml"], "additionalProperties": false, "properties": {
    "workload": {"type": "string"}, "workload_kind": {"type": "string"},
    "flows": {"type": "integer", "description": "that it was made of"},
    "policy": {"type": "object", "description": "a NetworkPolicy of networking.k8s.io/v1, as kubectl takes it", "required": ["apiVersion", "kind", "metadata", "spec"]},
    "remarks": {"type": "array", "description": "what was seen and is not in it, and what is wider than what was seen", "items": {"type": "string"}},
    "replay": @replay@,
    "yaml": {"type": "string", "description": "the same, with all that is said of it as comments"}}}},
  "without_policy": {"type": "array", "items": {"type": "object", "required": ["workload", "workload_kind", "why"]}},
  "yaml": {"type": "string", "description": "all policies in one file; empty: none"},
  @origin@}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"}, "422": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}},
"post": {"summary": "What policies would deny of the observed traffic", "description": "Changes nothing. The body has NetworkPolicies as YAML: several documents, Lists; other kinds are passed over.", "parameters": [@whose@],
"requestBody": {"required": true, "content": {"application/yaml": {"schema": {"type": "string", "maxLength": 65536}}, "text/plain": {"schema": {"type": "string", "maxLength": 65536}}}},
"responses": {"200": {"description": "All of them together, held against what was seen", "content": {"application/json": {"schema": {"type": "object", "required": ["namespace", "workload", "replay", "observed", "kubernetes", "completeness"], "properties": {
  "namespace": {"type": "string"}, "workload": {"type": ["string", "null"]},
  "replay": @replay@,
  @origin@}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "413": {"$ref": "#/components/responses/Problem"}, "415": {"$ref": "#/components/responses/Problem"}, "422": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
)json";

constexpr std::string_view kWhose = R"json(
  {"name": "namespace", "in": "query", "required": true, "description": "whose pods", "schema": {"type": "string"}},
  {"name": "workload", "in": "query", "description": "of this workload alone, by its name", "schema": {"type": "string"}},
  {"name": "since", "in": "query", "description": "what was seen then or later: RFC 3339, or a duration before now such as 14d", "schema": {"type": "string", "default": "7d"}})json";

constexpr std::string_view kReplay =
    R"json({"type": "object", "description": "flows that were seen, held against the policies", "required": ["allowed", "denied", "unclear", "other", "found", "not_shown", "words"], "additionalProperties": false, "properties": {
      "allowed": {"type": "integer"}, "denied": {"type": "integer"},
      "unclear": {"type": "integer", "description": "what decides is not known: a label, a port's name, a backend"},
      "other": {"type": "integer", "description": "of pods that none of the policies selects"},
      "found": {"type": "array", "description": "denied ones first", "items": {"type": "object", "required": ["ruling", "text", "flows"], "properties": {"ruling": {"enum": ["denied", "unclear"]}, "text": {"type": "string"}, "flows": {"type": "integer"}}}},
      "not_shown": {"type": "integer", "description": "more of these"},
      "words": {"type": "array", "description": "the same as text", "items": {"type": "string"}}}})json";

constexpr std::string_view kOrigin =
    R"json("observed": {"type": "array", "description": "since when, and what is missing in it, as sentences", "items": {"type": "string"}},
  "source": {"enum": ["history", "live"]}, "tier": {"enum": ["live", "raw", "1m", "1h"]},
  "resolution_seconds": {"type": "number"}, "exact": {"type": "boolean"},
  "since": {"type": ["string", "null"], "format": "date-time", "description": "what history looked at"},
  "until": {"type": ["string", "null"], "format": "date-time"}, "kept_since": {"type": ["string", "null"], "format": "date-time"}, "partial": {"type": "boolean"}, "sources": {"$ref": "#/components/schemas/Sources"},
  "warnings": {"type": "array", "items": {"type": "string"}},
  "kubernetes": {"$ref": "#/components/schemas/Kubernetes"},
  "completeness": {"$ref": "#/components/schemas/Completeness"})json";

}  // namespace

std::string openapi_advise() {
  std::string text(kDocument);
  const auto put = [&text](std::string_view mark, std::string_view part) {
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += part.size())
      text.replace(at, mark.size(), part);
  };
  put("@whose@", kWhose);
  put("@replay@", kReplay);
  put("@origin@", kOrigin);
  return text;
}

}  // namespace netprobe
