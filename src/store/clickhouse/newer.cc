// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/newer.h"

#include <charconv>

namespace netprobe {
namespace {

// All of these are older; from here on they are known to be settled.
constexpr ClickHouseVersion kColumns{20, 8};  // LowCardinality, CODEC, TTL
constexpr ClickHouseVersion kAsyncInsert{21, 12};
constexpr ClickHouseVersion kToken{22, 3};

std::string_view base_type(ColumnType type) {
  switch (type) {
    case ColumnType::kU8:
      return "UInt8";
    case ColumnType::kU16:
      return "UInt16";
    case ColumnType::kU32:
      return "UInt32";
    case ColumnType::kU64:
      return "UInt64";
    case ColumnType::kI64:
      return "Int64";
    case ColumnType::kAddress:
      // IPv6 is a type of newer servers, but one that compares with other things.
      return "FixedString(16)";
    case ColumnType::kText:
    case ColumnType::kWord:
      return "String";
  }
  return "String";
}

}  // namespace

ClickHouseVersion parse_clickhouse_version(std::string_view text) {
  ClickHouseVersion version;
  const char* end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return {};
  if (std::from_chars(major.ptr + 1, end, version.minor).ec != std::errc()) return {};
  return version;
}

std::string column_type(const TableColumn& column, ClickHouseVersion version) {
  std::string type(base_type(column.type));
  if (version < kColumns) return type;
  switch (column.type) {
    case ColumnType::kWord:
      return "LowCardinality(String)";
    case ColumnType::kText:
    case ColumnType::kAddress:
      return type + " CODEC(ZSTD(1))";
    case ColumnType::kI64:
      return type + (column.name.ends_with("time") || column.name.ends_with("_seen")
                         ? " CODEC(DoubleDelta, ZSTD(1))"
                         : " CODEC(T64, ZSTD(1))");
    case ColumnType::kU64:
      return type + " CODEC(T64, ZSTD(1))";
    default:
      return type;
  }
}

bool has_ttl(ClickHouseVersion version) { return version >= kColumns; }

std::string ttl_clause(ClickHouseVersion version, Nanos keep) {
  if (!has_ttl(version) || keep <= 0) return {};
  return " TTL toDateTime(intDiv(time, 1000000)) + INTERVAL " + std::to_string(keep / kSecond) +
         " SECOND DELETE";
}

std::string ttl_settings(ClickHouseVersion version, Nanos keep) {
  return ttl_clause(version, keep).empty() ? "" : " SETTINGS ttl_only_drop_parts = 1";
}

std::string engine_of(std::string_view engine, std::string_view table, std::string_view cluster) {
  if (cluster.empty()) return std::string(engine);
  return "Replicated" + std::string(engine) + "('/clickhouse/tables/{shard}/{database}/" +
         std::string(table) + "', '{replica}')";
}

std::string on_cluster(std::string_view cluster) {
  return cluster.empty() ? "" : " ON CLUSTER " + std::string(cluster);
}

HttpParams insert_settings(ClickHouseVersion version, std::string_view token) {
  HttpParams params;
  if (version >= kAsyncInsert) params.emplace_back("async_insert", "0");
  if (version >= kToken) params.emplace_back("insert_deduplication_token", token);
  return params;
}

HttpParams query_settings(ClickHouseVersion version) {
  HttpParams params;
  // The decoder knows plain columns.
  if (version >= kColumns) params.emplace_back("low_cardinality_allow_in_native_format", "0");
  return params;
}

}  // namespace netprobe
