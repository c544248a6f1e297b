// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/network_policy/policy.h"
#include "base/result.h"

namespace netprobe::network_policy {

/// A policy as a YAML document, `comments` before it, a line each. Whatever is in names:
/// texts are in double quotes, and comments have no ends of lines of their own.
[[nodiscard]] std::string to_yaml(const Policy& policy, std::span<const std::string> comments);

/// The NetworkPolicies of a YAML file of any number of documents, also in a List; other
/// kinds are passed over. `name_space`: of those that name none. Errors are usage errors:
/// no YAML, no policy in it, or a field that does not mean what it should.
[[nodiscard]] Result<std::vector<Policy>> read_policies(std::string_view text,
                                                        const std::string& name_space);

}  // namespace netprobe::network_policy
