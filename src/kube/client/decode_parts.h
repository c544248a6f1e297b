// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "kube/client/decode.h"

/// Pieces that objects of several kinds share; of decode*.cc alone.
namespace netprobe::kube {

[[nodiscard]] KubeMeta decode_meta(JsonElement metadata);
/// Sorted by name.
[[nodiscard]] KubeLabels decode_labels(JsonElement from, std::string_view key);
[[nodiscard]] std::optional<KubeOwner> decode_controller(JsonElement metadata);
/// RFC 3339; 0 for anything else.
[[nodiscard]] Nanos decode_time(JsonElement from, std::string_view key);
/// TCP for what is none of the three.
[[nodiscard]] std::uint8_t decode_protocol(JsonElement from);
/// Appends an address once; an invalid one is counted, an empty one is none.
void add_address(std::vector<IpAddress>& to, std::string_view text, DecodeCounts& counts);
/// The same for every string of an array.
void add_addresses(std::vector<IpAddress>& to, JsonElement from, std::string_view key,
                   DecodeCounts& counts);

void decode_pod(JsonElement from, KubePod& pod, DecodeCounts& counts);
void decode_service(JsonElement from, KubeService& service, DecodeCounts& counts);
void decode_endpoint_slice(JsonElement from, KubeEndpointSlice& slice, DecodeCounts& counts);
void decode_node(JsonElement from, KubeNode& node, DecodeCounts& counts);
void decode_policy(JsonElement from, KubeNetworkPolicy& policy);

}  // namespace netprobe::kube
