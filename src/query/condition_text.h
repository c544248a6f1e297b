// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/condition.h"

namespace netprobe {

/// Parts of condition.h: what concerns names and words.

/// Wildcards in one name; more ask for a pattern, which takes linear time.
inline constexpr std::size_t kMaxWildcards = 16;

[[nodiscard]] Condition text_equal_to(const Subject& subject, const Operand& operand);
[[nodiscard]] Condition text_matching(const Subject& subject, const Operand& operand);
/// None where it is none of the field's words.
[[nodiscard]] std::optional<ExprPtr> word_equal_to(const Subject& subject, const Operand& operand);
[[nodiscard]] std::string text_takes(FieldId id);

/// "pod-to-pod", "service", "external": as directions they are conditions.
[[nodiscard]] std::vector<std::string_view> traffic_kinds();
/// Also capital letters; -1 for what is none.
[[nodiscard]] int protocol_of(std::string_view text);

/// Any of them holds; comparisons of one field with one value each are one
/// comparison with several.
[[nodiscard]] ExprPtr merged_any(std::vector<ExprPtr> any);

}  // namespace netprobe
