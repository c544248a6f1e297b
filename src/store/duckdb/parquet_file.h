// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "query/answer.h"

namespace netprobe {

/// Writes an answer, of whatever engine, to a new Parquet file (zstd). Times are
/// TIMESTAMP (microseconds, UTC), durations BIGINT microseconds, addresses text,
/// none is NULL. kNotFound: DuckDB's library is not there. Any thread; takes as
/// long as the answer is large, and memory like it.
[[nodiscard]] Status write_parquet(const QueryAnswer& answer, const std::string& path);

}  // namespace netprobe
