// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/snapshot.h"

namespace netprobe {

/// The answer of /api/flannel: what nodes declare, what this node has, and
/// where they disagree. Pure.
[[nodiscard]] std::string flannel_page(const Snapshot& snapshot);

}  // namespace netprobe
