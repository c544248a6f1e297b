// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "query/getters.h"
#include "query/query.h"

namespace netprobe {

/// One group of an answer. `keys` outlives it.
struct GroupRow {
  const std::vector<Raw>* keys = nullptr;
  std::vector<Value> row;
};

/// A group's key as the answer shows it: those of `every`, `histogram` and `by`, in
/// this order.
[[nodiscard]] Value group_key_value(const Query& query, std::size_t key, const Raw& raw);

/// The rows, in the order that the query asks for, then by their keys.
[[nodiscard]] std::vector<std::vector<Value>> groups_in_order(const Query& query,
                                                              std::vector<GroupRow> groups);

}  // namespace netprobe
