// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"

namespace netprobe {

/// Holds the one place that an agent has in a network namespace: an abstract
/// socket's name, which the kernel scopes by namespace and frees with the
/// process however that ends. kBusy names the process that has it.
[[nodiscard]] Result<UniqueFd> claim_single_instance();

}  // namespace netprobe
