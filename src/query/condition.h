// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "query/field.h"
#include "query/query.h"

namespace netprobe {

/// What stands right of an operator.
struct Operand {
  std::string text;
  bool quoted = false;  ///< then it is a text as it stands: no glob, no `none`
};

/// Why a condition cannot be.
struct Refusal {
  std::string message;
  std::vector<std::string> expected;
  std::string fragment;  ///< of the operand, that is wrong; empty: all of it
};
using Condition = std::expected<ExprPtr, Refusal>;

/// A field, and how the user called it.
struct Subject {
  FieldRef ref;
  std::string_view shown;
};

/// `=`: also prefixes, ranges, globs, `none`, and what means several conditions:
/// pod=shop/web, direction=external.
[[nodiscard]] Condition equal_to(const Subject& subject, const Operand& operand, Nanos now);
/// `in (…)`: equal to any of them.
[[nodiscard]] Condition equal_to_any(const Subject& subject, const std::vector<Operand>& operands,
                                     Nanos now);
/// kLess to kGreaterEqual.
[[nodiscard]] Condition ordered(const Subject& subject, CompareOp op, const Operand& operand,
                                Nanos now);
/// `~`: a pattern, or flags that must be among the field's.
[[nodiscard]] Condition matching(const Subject& subject, const Operand& operand);

/// What the field takes, for people: "a number from 0 to 65535".
[[nodiscard]] std::string takes(FieldId id);
/// The words that `=` takes with it, as far as they can be told: for completion.
[[nodiscard]] std::vector<std::string> words_for(FieldId id);
[[nodiscard]] bool can_be_none(FieldId id);
[[nodiscard]] bool can_be_ordered(FieldId id);
[[nodiscard]] bool can_be_matched(FieldId id);

}  // namespace netprobe
