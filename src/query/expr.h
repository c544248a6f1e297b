// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "query/query.h"

namespace netprobe {

/// Conditions joined. What is of the same kind inside becomes part of it, so that
/// no And is in an And, no Or in an Or and no Not in a Not; one alone is itself.
/// None may be null.
[[nodiscard]] ExprPtr all_of(std::vector<ExprPtr> all);
[[nodiscard]] ExprPtr any_of(std::vector<ExprPtr> any);
[[nodiscard]] ExprPtr negate(ExprPtr what);

[[nodiscard]] ExprPtr compare(FieldRef field, CompareOp op, Value value);
/// The field is not known.
[[nodiscard]] ExprPtr is_none(FieldRef field);

/// Comparisons in it.
[[nodiscard]] std::size_t count_compares(const Expr& expr);

}  // namespace netprobe
