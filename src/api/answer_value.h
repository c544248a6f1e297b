// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "query/answer.h"

namespace netprobe {

/// What a column's values are: "time", "duration", "count", "number", "real",
/// "protocol", "flags", "address", "text", "bool".
[[nodiscard]] std::string_view type_name(const Column& column);
/// "ms" of durations, else empty.
[[nodiscard]] std::string_view unit_name(const Column& column);

/// TCP flags as the language has them: "syn+ack"; empty for none.
[[nodiscard]] std::string flag_words(std::uint64_t flags);

/// Appends a value as JSON. Times are RFC 3339, durations milliseconds,
/// protocols and flags their names; none is null.
void append_json_value(std::string& out, const Column& column, const Value& value);
/// The same without quotes, for CSV and tables; none is empty.
[[nodiscard]] std::string plain_value(const Column& column, const Value& value);
/// Text that came from outside, which no program may take for its own.
[[nodiscard]] bool is_foreign_text(const Column& column);

}  // namespace netprobe
