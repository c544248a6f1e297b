// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "api/description.h"

namespace netprobe {
namespace {

// What GET and POST have in common is put in for each of them.
constexpr std::string_view kPaths =
    R"json("/api/query": {"get": {"summary": "The query language, over history or over what is live", "description": "docs/query.md has the language, docs/api-query.md this page. Lists of records come newest first and in pages; groups come in the query's order and all at once, up to max_rows. Durations are in milliseconds. In CSV, JSON lines and Parquet what is not in the rows is in headers: Netprobe-Next-Cursor, Netprobe-Truncated, Netprobe-Tier.", "parameters": [
  {"name": "q", "in": "query", "description": "the query; without: all flows", "schema": {"type": "string"}, "examples": {"top": {"value": "dst.port=443 | top 10 src.workload by bytes"}}},
  @flow_filter@,
  {"name": "since", "in": "query", "description": "RFC 3339, or a duration before now such as 15m; holds beside the query's own", "schema": {"type": "string"}},
  {"name": "until", "in": "query", "description": "the end of the range, not in it", "schema": {"type": "string"}},
  {"name": "limit", "in": "query", "description": "rows at most. Of records in JSON and tables 100 where neither this nor the query says", "schema": {"type": "integer", "minimum": 1, "maximum": 100000}},
  {"name": "cursor", "in": "query", "description": "next_cursor of the page before, with the same query", "schema": {"type": "string"}},
  {"name": "timeout", "in": "query", "description": "what the query may take at most, up to 4m", "schema": {"type": "string", "default": "30s"}},
  {"name": "max_rows", "in": "query", "description": "rows of any answer at most", "schema": {"type": "integer", "minimum": 1, "maximum": 100000, "default": 10000}},
  {"name": "max_rows_read", "in": "query", "description": "rows that may be read for it, where the engine can tell", "schema": {"type": "integer", "minimum": 1, "maximum": 100000000000, "default": 200000000}},
  {"name": "format", "in": "query", "schema": {"type": "string", "enum": ["json", "jsonl", "csv", "table", "parquet"], "default": "json"}},
  {"name": "source", "in": "query", "description": "auto is history where it is on, else what is live, and then says so", "schema": {"type": "string", "enum": ["auto", "history", "live"], "default": "auto"}},
  {"name": "objects", "in": "query", "description": "rows of JSON as objects by column, rather than arrays", "schema": {"type": "string", "enum": ["true", "false"], "default": "false"}}
], "responses": {@query_answers@}}, "post": {"summary": "The same, with the query in the body", "description": "For queries that are too long for a URL. Parameters of the URL hold as well; what is given in both is given twice, which is an error.", "requestBody": @query_body@, "responses": {@query_answers@, "413": {"$ref": "#/components/responses/Problem"}, "415": {"$ref": "#/components/responses/Problem"}}}},
"/api/query/validate": {"get": {"summary": "Is a text a query, and if not, where is it wrong", "parameters": [
  {"name": "q", "in": "query", "required": true, "schema": {"type": "string"}}
], "responses": {@validate_answers@}}, "post": {"summary": "The same of a text in the body", "requestBody": @query_body@, "responses": {@validate_answers@, "413": {"$ref": "#/components/responses/Problem"}, "415": {"$ref": "#/components/responses/Problem"}}}},
"/api/query/complete": {"get": {"summary": "What may stand at a place of a query", "parameters": [
  {"name": "q", "in": "query", "required": true, "schema": {"type": "string"}},
  {"name": "at", "in": "query", "description": "the place, in bytes from the beginning; without, the end", "schema": {"type": "integer", "minimum": 0}}
], "responses": {"200": {"description": "Words that may stand there instead of what is between from and to", "content": {"application/json": {"schema": {"type": "object", "required": ["from", "to", "words"], "additionalProperties": false, "properties": {
  "from": {"type": "integer"}, "to": {"type": "integer"},
  "words": {"type": "array", "items": {"type": "string"}}}}}}}, "400": {"$ref": "#/components/responses/Problem"}}}},
"/api/query/fields": {"get": {"summary": "The fields that queries know", "responses": {"200": {"description": "In the order of docs/query.md", "content": {"application/json": {"schema": {"type": "object", "required": ["fields"], "additionalProperties": false, "properties": {
  "fields": {"type": "array", "items": {"$ref": "#/components/schemas/QueryField"}}}}}}}, "400": {"$ref": "#/components/responses/Problem"}}}},
)json";

constexpr std::string_view kBody =
    R"json({"required": true, "content": {"text/plain": {"schema": {"type": "string", "description": "the query, at most 16 KiB"}}, "application/json": {"schema": {"type": "object", "description": "the parameters by their names; a list is one that is given more than once", "properties": {"q": {"type": "string"}}, "additionalProperties": {"type": ["string", "integer", "boolean", "array", "null"]}}}}})json";

constexpr std::string_view kAnswers =
    R"json("200": {"description": "The answer. One that is long comes in chunks, lists of records with the store asked 5,000 at a time; in CSV and JSON lines Netprobe-Truncated and Netprobe-Next-Cursor are then trailers. An answer that cannot be ended is cut off without its last chunk", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/QueryAnswer"}}, "application/x-ndjson": {}, "text/csv": {}, "text/plain": {}, "application/vnd.apache.parquet": {}}}, "400": {"$ref": "#/components/responses/Problem"}, "422": {"$ref": "#/components/responses/Problem"}, "500": {"$ref": "#/components/responses/Problem"}, "501": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"})json";

constexpr std::string_view kValidateAnswers =
    R"json("200": {"description": "Its canonical form, or the error", "content": {"application/json": {"schema": {"type": "object", "required": ["valid"], "additionalProperties": false, "properties": {
  "valid": {"type": "boolean"}, "query": {"type": "string", "description": "canonical"}, "kind": {"enum": ["flows", "drops", "connections", "alerts"]},
  "aggregate": {"type": "boolean", "description": "it groups records; else it lists them"},
  "error": {"type": "object", "required": ["detail", "column", "length", "expected"], "additionalProperties": false, "properties": {
    "detail": {"type": "string"}, "column": {"type": "integer", "minimum": 1}, "length": {"type": "integer"}, "expected": {"type": "array", "items": {"type": "string"}}}}}}}}}, "400": {"$ref": "#/components/responses/Problem"})json";

}  // namespace

std::string openapi_query() {
  std::string text(kPaths);
  const auto put = [&text](std::string_view mark, std::string_view part) {
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += part.size())
      text.replace(at, mark.size(), part);
  };
  put("@query_body@", kBody);
  put("@query_answers@", kAnswers);
  put("@validate_answers@", kValidateAnswers);
  return text;
}

std::string_view openapi_query_schemas() {
  return R"json(  "LiveWindow": {"type": "object", "description": "what flows gained in one step of a stream of sums", "required": ["since", "until", "columns", "rows", "total", "truncated", "partial", "left_out", "late", "missing"], "additionalProperties": false, "properties": {
    "since": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"},
    "columns": {"type": "array", "items": {"type": "object"}}, "rows": {"type": "array", "items": {"type": "array"}},
    "total": {"type": "integer", "description": "groups that there were"}, "truncated": {"type": "boolean", "description": "limit left groups out"},
    "partial": {"type": "boolean", "description": "the stream began within the step; of a cluster's server also: some nodes did not tell"}, "sources": {"$ref": "#/components/schemas/Sources"},
    "left_out": {"type": "object", "description": "gains that are in no group, as there were too many groups or values", "required": ["records", "packets", "bytes"], "additionalProperties": false, "properties": {"records": {"type": "integer"}, "packets": {"type": "integer"}, "bytes": {"type": "integer"}}},
    "late": {"type": "integer", "description": "gains that were learnt when their step was told already: they are in this one"},
    "missing": {"type": "integer", "description": "changes of flows that nobody had time or room for"}}},
  "QueryField": {"type": "object", "required": ["name", "type", "kinds", "words", "in_rollups", "help"], "additionalProperties": false, "properties": {
    "name": {"type": "string"}, "type": {"enum": ["time", "duration", "count", "number", "protocol", "flags", "address", "text", "label", "bool"]},
    "unit": {"const": "ms"}, "kinds": {"type": "array", "items": {"enum": ["flows", "drops", "connections", "alerts"]}},
    "words": {"type": "array", "items": {"type": "string"}, "description": "all that it can be; empty: anything"},
    "in_rollups": {"type": "boolean", "description": "kept as long as the roll-ups by minute and hour are"}, "help": {"type": "string"}}},
  "Sources": {"type": "object", "description": "who answered, where several nodes were asked", "required": ["agents", "answered", "missing", "lost"], "additionalProperties": false, "properties": {
    "agents": {"type": "integer", "description": "nodes that should answer"}, "answered": {"type": "integer"},
    "missing": {"type": "array", "description": "50 of the others", "items": {"type": "object", "required": ["node", "address", "problem"], "additionalProperties": false, "properties": {
      "node": {"type": "string", "description": "empty: it never told"}, "address": {"type": "string", "description": "empty: the node has no agent"}, "problem": {"type": "string"}}}},
    "lost": {"type": "object", "description": "by those that answered since their start, by stage and cause", "additionalProperties": {"type": "integer"}}}},
  "QueryAnswer": {"type": "object", "required": ["query", "kind", "columns", "rows", "total", "truncated", "next_cursor", "source", "tier", "resolution_seconds", "exact", "since", "until", "kept_since", "warnings", "took_ms", "kubernetes", "completeness"], "additionalProperties": false, "properties": {
    "query": {"type": "string", "description": "in its canonical form, with what parameters added"}, "kind": {"enum": ["flows", "drops", "connections", "alerts"]},
    "columns": {"type": "array", "items": {"type": "object", "required": ["name", "type"], "additionalProperties": false, "properties": {
      "name": {"type": "string"}, "type": {"enum": ["time", "duration", "count", "number", "real", "protocol", "flags", "address", "text", "bool"]}, "unit": {"const": "ms"}}}},
    "rows": {"type": "array", "items": {"type": ["array", "object"]}, "description": "values in the order of columns, or objects by their names; null is not known"},
    "total": {"type": "integer", "description": "rows of this answer"},
    "truncated": {"type": "boolean", "description": "there is more"}, "next_cursor": {"type": ["string", "null"]},
    "source": {"enum": ["history", "live"]}, "tier": {"enum": ["live", "raw", "1m", "1h"]},
    "resolution_seconds": {"type": "number", "description": "of time in this tier; 0: exact"}, "exact": {"type": "boolean"},
    "since": {"type": ["string", "null"], "format": "date-time", "description": "what was looked at: whole buckets of the tier"},
    "until": {"type": ["string", "null"], "format": "date-time"},
    "kept_since": {"type": ["string", "null"], "format": "date-time", "description": "nothing is known before"},
    "partial": {"type": "boolean", "description": "of a cluster's server: some nodes did not answer"}, "sources": {"$ref": "#/components/schemas/Sources"},
    "warnings": {"type": "array", "items": {"type": "string"}}, "rows_read": {"type": "integer"}, "took_ms": {"type": "number"},
    "kubernetes": {"$ref": "#/components/schemas/Kubernetes"}, "completeness": {"$ref": "#/components/schemas/Completeness"}}})json";
}

}  // namespace netprobe
