// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>

#include "query/sql.h"

namespace netprobe {

/// Length of a tier's buckets in Micros; 0 for what is exact.
[[nodiscard]] Micros bucket_of(Tier tier);

/// The query with its time range widened to whole buckets.
[[nodiscard]] Query in_whole_buckets(Query query, Micros bucket);

/// What no engine can answer, whoever made the tree: a rate without seconds, an
/// order by what is no column, a step that is none.
[[nodiscard]] std::expected<void, QueryFailure> check_answerable(const Query& query);

/// A cursor goes with the usual order of records alone.
[[nodiscard]] std::expected<void, QueryFailure> check_cursor(
    const Query& query, const std::optional<RecordCursor>& after);

/// What a rate is divided by.
[[nodiscard]] double rate_seconds(const Query& query);

}  // namespace netprobe
