// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "intel/csv_rows.h"
#include "intel/feed_parser.h"

namespace netprobe::intel {

inline constexpr std::size_t kNoColumn = SIZE_MAX;

/// Where entries and reasons stand.
struct CsvColumns {
  std::size_t entry = 0;
  std::size_t reason = kNoColumn;
  bool first_is_header = false;  ///< of the rows that were looked at
};

/// By what the settings say, by names in a header, or by what stands in the rows. `comment`:
/// the fields of the last comment before them, which may be the header.
[[nodiscard]] Result<CsvColumns> find_columns(const FeedSyntax& syntax, const CsvRow& comment,
                                              const std::vector<CsvRow>& rows);

}  // namespace netprobe::intel
