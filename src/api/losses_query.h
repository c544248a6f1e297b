// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "api/cursor.h"
#include "api/query.h"
#include "io/url.h"
#include "model/flow_filter.h"
#include "model/snapshot.h"

namespace netprobe {

/// Which losses: those whose flow and points match all of it.
struct LossesQuery {
  FlowFilter filter;  ///< addresses, ports, protocol, names, interface of either point
  std::optional<std::string> role;  ///< that either point has
  std::optional<Nanos> since;       ///< wall: lost a packet then or later
  std::size_t limit = kDefaultLimit;
  std::optional<FlowCursor> cursor;  ///< by packets and the loss's own id
};

/// `now`: wall, what relative times are before.
[[nodiscard]] QueryResult<LossesQuery> parse_losses_query(const QueryParams& params, Nanos now);

/// The answer of /api/losses. Pure.
[[nodiscard]] std::string losses_page(const Snapshot& snapshot, const LossesQuery& query);

}  // namespace netprobe
