// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/sources.h"

#include <fmt/format.h>

#include <algorithm>

#include "query/tier.h"
#include "store/duckdb/appender.h"
#include "store/duckdb/raw_layout.h"
#include "store/duckdb/tables.h"

namespace netprobe::duck {
namespace {

bool is_summed(const FileView& file, FileKind kind) {
  return file.summed.at(static_cast<std::size_t>(kind));
}

/// The file's records of this kind are read for this tier.
bool serves(const FileView& file, RecordKind kind, Tier tier) {
  const FileKind sums = file_kind(kind, tier);
  if (file.name.kind == sums) return true;
  return file.name.kind == FileKind::kRaw && sums != FileKind::kRaw && !is_summed(file, sums);
}

RawSource raw_source(const FileView& file) {
  return {.database = file.file->alias,
          .schema = file.file->schema,
          .names = file.names,
          .where = file.where};
}

const TimeRange& range_of(const FileView& file, RecordKind kind) {
  return file.ranges.at(static_cast<std::size_t>(kind));
}

}  // namespace

std::vector<TierRange> tier_ranges(RecordKind kind, const std::vector<FileView>& files) {
  std::vector<TierRange> tiers;
  const auto add = [&](Tier tier) {
    TimeRange range;
    for (const FileView& file : files)
      if (serves(file, kind, tier)) range.add(range_of(file, kind));
    TierRange result{.tier = tier, .bucket = bucket_of(tier)};
    if (range.rows > 0)
      result.since = range.oldest - (result.bucket > 0 ? range.oldest % result.bucket : 0);
    tiers.push_back(result);
  };
  add(Tier::kRaw);
  if (kind == RecordKind::kFlow) {
    add(Tier::kMinute);
    add(Tier::kHour);
  }
  return tiers;
}

std::vector<FileView> files_for(RecordKind kind, Tier tier, const std::vector<FileView>& files,
                                std::optional<Micros> since, std::optional<Micros> until) {
  std::vector<FileView> result;
  for (const FileView& file : files)
    if (serves(file, kind, tier) && range_of(file, kind).meets(since, until))
      result.push_back(file);
  return result;
}

std::vector<TableColumn> used_columns(RecordKind kind, Tier tier, std::string_view statement) {
  const FileKind sums = file_kind(kind, tier);
  const bool rolled = sums == FileKind::kMinute || sums == FileKind::kHour;
  return named_columns(rolled ? rollup_columns() : table_columns(kind), statement);
}

std::string from_sql(RecordKind kind, Tier tier, const std::vector<FileView>& files,
                     const std::vector<FileView>& all, std::string_view statement) {
  const FileKind sums = file_kind(kind, tier);
  const bool rolled = sums == FileKind::kMinute || sums == FileKind::kHour;
  const auto used = used_columns(kind, tier, statement);
  const std::string columns = column_list(used);
  // Of raw files that are read here: their sums may be committed before this is read.
  std::string not_from;
  for (const FileView& file : all) {
    if (file.name.kind != FileKind::kRaw || !serves(file, kind, tier)) continue;
    not_from += fmt::format("{}{}", not_from.empty() ? "" : ", ", file.name.sequence);
  }
  std::string sql;
  for (const FileView& file : files) {
    if (!sql.empty()) sql += " UNION ALL ";
    if (file.name.kind == FileKind::kRaw) {
      std::string rows = raw_rows_sql(kind, raw_source(file));
      if (rolled)
        rows = rollup_rows_sql(SqlDialect::kDuckDb, "(" + rows + ") AS flows", bucket_of(tier));
      sql += fmt::format("SELECT {} FROM ({})", columns, rows);
    } else {
      sql += fmt::format("SELECT {} FROM {}.main.{}", columns, file.file->alias,
                         table_name(kind, tier));
      std::string where = file.where;
      if (!not_from.empty())
        where += fmt::format("{}source NOT IN ({})", where.empty() ? "" : " AND ", not_from);
      if (!where.empty()) sql += " WHERE " + where;
    }
  }
  if (sql.empty()) {
    // Nothing is kept of that time: the same columns without rows.
    for (const TableColumn& column : used)
      sql += fmt::format("{}NULL::{} AS \"{}\"", sql.empty() ? "SELECT " : ", ",
                         sql_type(column.type), column.name);
    sql += " WHERE false";
  }
  return "(" + sql + ") AS records";
}

}  // namespace netprobe::duck
