// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "api/query.h"
#include "query/expr.h"
#include "query/parameters.h"

namespace netprobe {

QueryResult<void> narrow(Query& query, std::span<const NamedValue> conditions, Nanos now) {
  if (conditions.empty()) return {};
  std::vector<QueryParameter> parameters;
  for (const auto& [name, value] : conditions) parameters.push_back({name, *value});
  auto more = query_of_parameters(parameters, query.kind, now);
  if (!more)
    return std::unexpected(BadQuery{.parameter = more.error().name,
                                    .detail = more.error().message,
                                    .allowed = FlowFilter::words_of(more.error().name)});
  if (!more->filter) return {};
  query.filter = query.filter ? all_of({query.filter, more->filter}) : more->filter;
  return {};
}

void narrow_time(Query& query, std::optional<Nanos> since, std::optional<Nanos> until) {
  // Rounded so that nothing in between is left out.
  if (since) {
    const Micros from = *since / kMicrosecond;
    query.since = std::max(from, query.since.value_or(from));
  }
  if (until) {
    const Micros to = *until / kMicrosecond + (*until % kMicrosecond != 0 ? 1 : 0);
    query.until = std::min(to, query.until.value_or(to));
  }
}

}  // namespace netprobe
