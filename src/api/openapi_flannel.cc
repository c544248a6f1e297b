// SPDX-License-Identifier: Apache-2.0
#include "api/description.h"

namespace netprobe {

std::string_view openapi_flannel() {
  return R"json("/api/flannel": {"get": {"summary": "Flannel: what nodes declare, what this node has, and where they disagree", "description": "Declared is what the nodes' annotations say; without Kubernetes there is none, and what this node has is shown all the same. Observed are its devices, routes, neighbours and forwarding entries, and the tunnel packets that its interfaces saw.", "responses": {"200": {"description": "Declared and observed", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Flannel"}}}}, "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}}}},
)json";
}

}  // namespace netprobe
