// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "detect/flood/flood_target.h"
#include "model/finding.h"

namespace netprobe {

/// What there is to say of a target that is flooded.
[[nodiscard]] Finding flood_finding(const FloodKey& key, const FloodTarget& target,
                                    const FloodOptions& options);

}  // namespace netprobe
