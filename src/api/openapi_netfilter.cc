// SPDX-License-Identifier: Apache-2.0
#include "api/description.h"

namespace netprobe {

std::string_view openapi_netfilter() {
  return R"json("/api/netfilter": {"get": {"summary": "The firewall: hook points, rules that drop, the connection table", "responses": {"200": {"description": "Of the agent's network namespace, since the agent started; counters of rules since the rules were loaded", "content": {"application/json": {"schema": {"type": "object", "required": ["hooks", "ruleset", "rules", "conntrack", "completeness", "last_updated"], "properties": {
  "hooks": {"type": "array", "items": {"type": "object", "required": ["family", "hook", "counted", "rung", "why", "packets", "bytes", "dropped", "dropped_is_bound"], "properties": {
    "family": {"enum": ["ipv4", "ipv6"]}, "hook": {"enum": ["prerouting", "input", "forward", "output", "postrouting"]},
    "counted": {"type": "boolean"}, "rung": {"type": "string"}, "why": {"type": "string", "description": "it is counted, or is not"},
    "packets": {"type": "integer", "description": "wire packets that reached the hook"}, "bytes": {"type": "integer", "description": "IP bytes"},
    "dropped": {"type": "integer", "description": "packets that went in and did not come out"},
    "dropped_is_bound": {"type": "boolean", "description": "something here takes packets out that are not lost: dropped is then at most"}}}},
  "ruleset": {"type": "object", "required": ["available", "why", "generation", "behind", "chains", "rules", "drop_rules", "drop_rules_without_counter", "drop_rules_not_shown", "legacy_tables"], "properties": {
    "rules_read_at": {"type": "string", "format": "date-time"}, "counters_read_at": {"type": "string", "format": "date-time"}, "behind": {"type": "boolean", "description": "rules have changed since they were read"}}},
  "rules": {"type": "array", "description": "that drop or reject, and policies that do", "items": {"type": "object", "required": ["family", "table", "chain", "rule", "handle", "verdict", "packets", "bytes", "counts_drops"], "properties": {
    "packets": {"type": ["integer", "null"], "description": "null: it has no counter"}, "bytes": {"type": ["integer", "null"]},
    "counts_drops": {"type": "boolean", "description": "the counter counts the drops and nothing else"}}}},
  "conntrack": {"type": "object", "required": ["available", "why", "entries", "limit", "insert_failed", "dropped", "early_dropped", "nat_entries", "nat_rung"]},
  "completeness": {"$ref": "#/components/schemas/Completeness"}}}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
)json";
}

}  // namespace netprobe
