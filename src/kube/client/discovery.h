// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace netprobe::kube {

/// gitVersion of an answer to /version; nothing where that is not from an API
/// server.
[[nodiscard]] std::optional<std::string> parse_version(std::string_view body);

/// Of an answer to /apis/discovery.k8s.io: has the server EndpointSlices in
/// v1beta1 alone?
[[nodiscard]] bool only_older_slices(std::string_view body);

}  // namespace netprobe::kube
