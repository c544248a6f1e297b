// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "report.h"
#include "support/netns.h"

namespace netprobe::bench {

/// Makes connections, at the budget's rate for a while, as fast as the machine
/// can, and with nobody to read, and compares what the probe says of them with
/// what was made. False where the probe does not start.
[[nodiscard]] bool account_for_connections(const test::NetNamespace& ns, std::vector<Row>& rows);

}  // namespace netprobe::bench
