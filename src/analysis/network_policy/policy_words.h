// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "analysis/network_policy/policy.h"

namespace netprobe::network_policy {

/// As Kubernetes writes them: "NotIn", "TCP".
[[nodiscard]] std::string_view word_of(Requirement::Operator op);
[[nodiscard]] std::string protocol_word(std::uint8_t protocol);

}  // namespace netprobe::network_policy
