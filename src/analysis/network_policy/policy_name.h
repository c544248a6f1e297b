// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace netprobe::network_policy {

/// A name as Kubernetes takes it: "web-observed". With a hash of kind and name where another
/// workload could have the same: where it is `shared`, was cut or has other characters.
[[nodiscard]] std::string policy_name(std::string_view workload_kind, std::string_view workload,
                                      bool shared);

}  // namespace netprobe::network_policy
