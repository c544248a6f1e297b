// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "api/tunnels_query.h"
#include "model/snapshot.h"

namespace netprobe {

/// The answer of /api/tunnels: one page of the tunnels that match, sums, new
/// ones, and what is wrong with MTUs. Pure. Wants the snapshot's flows.
[[nodiscard]] std::string tunnels_page(const Snapshot& snapshot, const TunnelsQuery& query);

}  // namespace netprobe
