// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "api/query.h"
#include "base/ip_address.h"
#include "io/http_message.h"
#include "model/snapshot.h"

namespace netprobe {

/// A reverse look-up: who has an address, or had it.
struct WhoQuery {
  IpAddress ip;
  std::optional<Nanos> at;  ///< wall; without: now
};

/// `now`: wall, what relative times are before. ip must be there.
[[nodiscard]] QueryResult<WhoQuery> parse_who_query(const QueryParams& params, Nanos now);

/// The answers of /api/query/pod, …/service, …/node: 404 where nobody of that
/// kind had it then. Pure.
[[nodiscard]] HttpResponse pod_answer(const Snapshot& snapshot, const WhoQuery& query);
[[nodiscard]] HttpResponse service_answer(const Snapshot& snapshot, const WhoQuery& query);
[[nodiscard]] HttpResponse node_answer(const Snapshot& snapshot, const WhoQuery& query);

}  // namespace netprobe
