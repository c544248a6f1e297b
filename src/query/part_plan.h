// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "query/query.h"

namespace netprobe {

/// Rows that one store answers a part with, at most: it bounds memory.
inline constexpr std::size_t kMaxPartRows = 100'000;

/// What a query that groups asks of each store, and where in the answer what the
/// merged one needs stands. Every part is a query that canonical() can write: it
/// travels as text.
struct GroupPlan {
  /// Columns of the part that one aggregate is worked out from.
  struct Source {
    std::optional<std::size_t> value;  ///< the key whose values are told apart
    std::optional<std::size_t> count;  ///< of records
    std::optional<std::size_t> sum;
    std::optional<std::size_t> average;  ///< of what is known: with `sum`, how many are
    std::optional<std::size_t> extreme;
  };
  Query part;
  std::optional<std::size_t> time;  ///< start of the part's step
  std::optional<std::size_t> le;
  std::vector<std::size_t> by;  ///< for each of the query's
  std::vector<Source> sources;  ///< for each of its aggregates
  /// Of `new`: the query's, in whole buckets where roll-ups shall do.
  std::optional<Micros> new_since;
};
/// `now`: wall; 0 not known.
[[nodiscard]] GroupPlan plan_groups(const Query& query, Micros now);

/// The same of one for records: what it shows, and what they are ordered by.
struct RecordPlan {
  Query part;
  std::vector<std::size_t> shown;  ///< column of the part for each of the answer's
  struct Order {
    std::size_t column = 0;
    FieldId field{};
    bool descending = false;
  };
  std::vector<Order> order;
  std::size_t time = 0;  ///< column
};
[[nodiscard]] RecordPlan plan_records(const Query& query);

}  // namespace netprobe
