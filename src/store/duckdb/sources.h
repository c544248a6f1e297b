// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/sql.h"
#include "store/duckdb/catalogue.h"

namespace netprobe::duck {

/// What each tier holds, by its files and by raw files that are not in them yet.
[[nodiscard]] std::vector<TierRange> tier_ranges(RecordKind kind,
                                                 const std::vector<FileView>& files);

/// Files to read for records of a kind in a time range, from a tier: those of the
/// tier, and raw ones that are not in these.
[[nodiscard]] std::vector<FileView> files_for(RecordKind kind, Tier tier,
                                              const std::vector<FileView>& files,
                                              std::optional<Micros> since,
                                              std::optional<Micros> until);

/// Columns that a statement around from_sql() uses; perhaps more.
[[nodiscard]] std::vector<TableColumn> used_columns(RecordKind kind, Tier tier,
                                                    std::string_view statement);

/// What stands behind FROM for these files, which are attached. A raw file that is
/// summed up while this is read is still read raw: rows from it are passed over where
/// they are sums. Only columns that `statement` names are there, which stands around it.
[[nodiscard]] std::string from_sql(RecordKind kind, Tier tier, const std::vector<FileView>& files,
                                   const std::vector<FileView>& all, std::string_view statement);

}  // namespace netprobe::duck
