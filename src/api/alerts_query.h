// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "api/query.h"
#include "io/url.h"
#include "model/snapshot.h"
#include "query/evaluate.h"

namespace netprobe {

/// Which alerts: those that match all of it.
struct AlertsQuery {
  std::optional<AlertState> state;
  Severity severity = Severity::kInfo;          ///< that or worse
  std::vector<std::string> kinds;               ///< any of them; empty: all
  std::optional<Nanos> since;                   ///< wall: updated then or later
  bool muted = false;                           ///< these as well
  std::shared_ptr<const RecordMatcher> filter;  ///< `q`; null: none
  std::size_t limit = kDefaultLimit;
  std::string cursor;  ///< id of the last alert of the page before; empty: the first page

  [[nodiscard]] bool matches(const Alert& alert, std::string_view node) const;
};

/// `now`: wall, what relative times are before.
[[nodiscard]] QueryResult<AlertsQuery> parse_alerts_query(const QueryParams& params, Nanos now);

/// The answer of /api/alerts, newest update first. Pure.
[[nodiscard]] std::string alerts_page(const Snapshot& snapshot, const AlertsQuery& query);

}  // namespace netprobe
