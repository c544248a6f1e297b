// SPDX-License-Identifier: Apache-2.0
#include "api/description.h"

namespace netprobe {

std::string_view openapi_agents() {
  return R"json("/api/agents": {"get": {"summary": "The agents that this server has found", "responses": {"200": {"description": "All of them, by node", "content": {"application/json": {"schema": {"type": "object", "required": ["agents", "ready", "nodes_without_agent"], "additionalProperties": false, "properties": {
  "agents": {"type": "array", "items": {"type": "object", "required": ["node", "address", "state", "version", "protocol", "run_id", "since", "last_contact", "clock_difference_seconds", "failures", "faults", "left_out", "lost"], "properties": {
    "node": {"type": "string"}, "address": {"type": "string"}, "state": {"type": "string"},
    "problem": {"type": "string", "description": "why it does not answer; absent where it does"},
    "last_contact": {"type": ["string", "null"], "format": "date-time"},
    "clock_difference_seconds": {"type": "number", "description": "its clock less the server's"},
    "faults": {"type": "object", "additionalProperties": {"type": "integer"}},
    "lost": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "since its start, by stage/cause"}}}},
  "ready": {"type": "integer", "description": "how many answer"},
  "nodes_without_agent": {"type": "array", "items": {"type": "string"}}}}}}}, "400": {"$ref": "#/components/responses/Problem"}}}},
)json";
}

}  // namespace netprobe
