// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/asker.h"
#include "api/connections_query.h"
#include "api/drops_query.h"

namespace netprobe {

// What the lists of drops and of connections are made of where the range that is
// asked for is not all in memory: the question to history, and a snapshot that has
// what was found in place of what is live, so that one page serves both.

/// Drops of the range, summed up as the records in memory are.
[[nodiscard]] Ask kept_drops_ask(const DropsQuery& asked);
[[nodiscard]] SnapshotPtr with_kept_drops(const Found& found);
/// True where memory does not have all of the range. What it has is summed up
/// since the start, and of more than headers: that is told where it is enough.
[[nodiscard]] bool reaches_beyond(const Snapshot& snapshot, const DropsQuery& asked);

/// Connections that ended in the range.
[[nodiscard]] Ask kept_connections_ask(const ConnectionsQuery& asked);
[[nodiscard]] SnapshotPtr with_kept_connections(const Found& found);
[[nodiscard]] bool reaches_beyond(const Snapshot& snapshot, const ConnectionsQuery& asked);

}  // namespace netprobe
