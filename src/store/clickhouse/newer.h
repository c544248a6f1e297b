// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "query/schema.h"

namespace netprobe {

// What servers newer than 18.16 have, and all that NetProbe does differently for
// them. None of it is exercised by the tests: they run on Debian's 18.16. Nothing
// in here changes what a table means or what a query answers.

struct ClickHouseVersion {
  int major = 0;
  int minor = 0;
  auto operator<=>(const ClickHouseVersion&) const = default;
};
/// "18.16.1"; 0.0 where it is no version.
[[nodiscard]] ClickHouseVersion parse_clickhouse_version(std::string_view text);

using HttpParams = std::vector<std::pair<std::string, std::string>>;

/// Type of a column, with its codec: words are LowCardinality, times are kept as
/// differences, on servers that have that.
[[nodiscard]] std::string column_type(const TableColumn& column, ClickHouseVersion version);
/// " TTL …", so that the server itself removes what is older; empty where it
/// cannot, or `keep` is 0: then the agent drops partitions.
[[nodiscard]] std::string ttl_clause(ClickHouseVersion version, Nanos keep);
/// " SETTINGS …" of tables that have a TTL: whole parts go, none is rewritten.
[[nodiscard]] std::string ttl_settings(ClickHouseVersion version, Nanos keep);
[[nodiscard]] bool has_ttl(ClickHouseVersion version);
/// "MergeTree" or "SummingMergeTree" as it is replicated where there is a cluster.
[[nodiscard]] std::string engine_of(std::string_view engine, std::string_view table,
                                    std::string_view cluster);
/// " ON CLUSTER name", or nothing.
[[nodiscard]] std::string on_cluster(std::string_view cluster);
/// For inserts: at once and in one block, whatever the server's defaults are;
/// `token` names the block to servers that drop what they had.
[[nodiscard]] HttpParams insert_settings(ClickHouseVersion version, std::string_view token);
/// For queries.
[[nodiscard]] HttpParams query_settings(ClickHouseVersion version);

}  // namespace netprobe
