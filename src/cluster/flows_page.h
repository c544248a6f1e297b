// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cluster/page_request.h"

namespace netprobe {

/// The answer of /api/flows for the cluster; see ClusterPages::flows(). What it refers
/// to outlives the answer.
void answer_flows(PageRequest request, Roster roster, Scheduler& scheduler, const Clock& clock,
                  const ClusterPagesOptions& options, ClusterPages::Done done);

}  // namespace netprobe
