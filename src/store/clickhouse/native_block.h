// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/answer.h"

namespace netprobe {

/// Reads what a ClickHouse server answers in FORMAT Native: blocks of columns with
/// their names and types, so that numbers of 64 bits and texts of any bytes come
/// as they are. Of types: (U)Int8 to 64, Float64, String, FixedString, and
/// Nullable of these; what is NULL is none. Errors where it is something else, cut
/// off, has other columns than `columns`, or more than `most_rows`.
/// Source: clickhouse.com/docs/interfaces/formats/Native.
[[nodiscard]] Result<std::vector<std::vector<Value>>> decode_native(
    std::string_view bytes, const std::vector<Column>& columns, std::size_t most_rows);

}  // namespace netprobe
