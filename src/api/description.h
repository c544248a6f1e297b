// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace netprobe {

/// The OpenAPI 3.1 description, with the metrics path in use. `routes`: what this program
/// serves; what the agent or the server alone has is left out where it is not among them.
[[nodiscard]] std::string openapi_document(std::string_view metrics_path,
                                           std::span<const std::string> routes);

// The paths of one stage each: `"/path": {…},` with a comma and a line end
// behind each.
[[nodiscard]] std::string_view openapi_agents();
[[nodiscard]] std::string_view openapi_connections();
[[nodiscard]] std::string_view openapi_drops();
[[nodiscard]] std::string_view openapi_netfilter();
[[nodiscard]] std::string_view openapi_tunnels();
[[nodiscard]] std::string_view openapi_losses();
[[nodiscard]] std::string openapi_advise();
[[nodiscard]] std::string openapi_alerts();
[[nodiscard]] std::string_view openapi_blocks();
[[nodiscard]] std::string_view openapi_flannel();
[[nodiscard]] std::string_view openapi_cluster();
[[nodiscard]] std::string openapi_query();

// What paths refer to: `"parameters": {…}` and `"schemas": {…}`.
[[nodiscard]] std::string_view openapi_parameters();
[[nodiscard]] std::string openapi_schemas();
[[nodiscard]] std::string_view openapi_cluster_schemas();
[[nodiscard]] std::string_view openapi_query_schemas();
[[nodiscard]] std::string_view openapi_block_schemas();
/// References to these, commas between.
[[nodiscard]] std::string openapi_references(const std::vector<std::string_view>& parameters);

/// A page of plain text that lists those of the endpoints that are in `routes`, one a line.
[[nodiscard]] std::string index_page(std::string_view metrics_path,
                                     std::span<const std::string> routes);

}  // namespace netprobe
