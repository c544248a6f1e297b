// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "analysis/network_policy/policy.h"

namespace netprobe::network_policy {

/// Appends a policy as Kubernetes has it in JSON, without remarks.
void append_json(std::string& out, const Policy& policy);

}  // namespace netprobe::network_policy
