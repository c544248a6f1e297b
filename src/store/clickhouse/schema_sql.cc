// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/schema_sql.h"

#include "query/sql.h"

#include <array>

namespace netprobe {
namespace {

constexpr std::array kKinds{RecordKind::kFlow, RecordKind::kDrop, RecordKind::kConnection,
                            RecordKind::kAlert};
constexpr std::array kRollups{Tier::kMinute, Tier::kHour};
constexpr std::string_view kByDay = " PARTITION BY intDiv(time, 86400000000)";
/// Names of its own: an alias must not hide the column that it is made of.
constexpr std::array<std::string_view, 2> kMaxima{"handshake_max", "rtt_max"};

/// A coarse slot of time first, so that a range of time is a few ranges of rows and
/// the columns behind it still compress; then whom people ask for.
std::string_view order_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::kFlow:
      return "(intDiv(time, 300000000), src_namespace, dst_namespace, src_workload, dst_workload, "
             "dst_port, time)";
    case RecordKind::kDrop:
      return "(intDiv(time, 300000000), src_namespace, dst_namespace, drop_reason, time)";
    case RecordKind::kConnection:
      return "(intDiv(time, 300000000), src_namespace, dst_namespace, src_workload, dst_workload, "
             "time)";
    case RecordKind::kAlert:
      return "(intDiv(time, 3600000000), alert_kind, time)";
  }
  return "time";
}

bool is_maximum(std::string_view column) { return column == kMaxima[0] || column == kMaxima[1]; }

std::string number(std::int64_t value) { return std::to_string(value); }

std::string_view bucket_of(Tier tier) { return tier == Tier::kMinute ? "60000000" : "3600000000"; }

std::string names_of(std::span<const TableColumn> columns) {
  std::string out;
  for (const auto& column : columns) {
    if (!out.empty()) out += ", ";
    out += column.name;
  }
  return out;
}

std::string day_range(const InsertPart& part) {
  return "time >= " + number(part.oldest) + " AND time <= " + number(part.newest);
}

}  // namespace

// Alerts are few and have longer slots.
Micros slot_of(RecordKind kind) { return kind == RecordKind::kAlert ? 3'600'000'000 : 300'000'000; }

std::string ClickHouseTables::full(std::string_view table) const {
  return options_->database + "." + std::string(table);
}

std::string ClickHouseTables::asked(std::string_view table) const {
  return full(table) + (options_->cluster.empty() ? "" : options_->distributed_suffix);
}

Nanos ClickHouseTables::keep_of(std::string_view table) const {
  if (table == "flows") return options_->keep_raw;
  if (table == "flows_1m") return options_->keep_minutes;
  if (table == "flows_1h") return options_->keep_hours;
  return options_->keep_events;
}

std::string ClickHouseTables::create_raw(RecordKind kind) const {
  const auto table = to_string(kind);
  std::string sql =
      "CREATE TABLE IF NOT EXISTS " + full(table) + on_cluster(options_->cluster) + " (";
  for (const auto& column : table_columns(kind))
    sql += std::string(column.name) + " " + column_type(column, version_) + ", ";
  const Nanos keep = keep_of(table);
  return sql + "batch " + column_type({"batch", ColumnType::kWord}, version_) +
         ") ENGINE = " + engine_of("MergeTree", table, options_->cluster) + std::string(kByDay) +
         " ORDER BY " + std::string(order_of(kind)) + ttl_clause(version_, keep) +
         ttl_settings(version_, keep);
}

std::string ClickHouseTables::create_input(RecordKind kind, std::string_view name) const {
  std::string sql =
      "CREATE TABLE IF NOT EXISTS " + full(name) + on_cluster(options_->cluster) + " (";
  // Plain types: what keeps nothing needs no codec.
  for (const auto& column : table_columns(kind))
    sql += std::string(column.name) + " " + column_type(column, {}) + ", ";
  return sql +
         "batch String, mark UInt64, send_by UInt32, "
         "late UInt8 MATERIALIZED throwIf(toUInt32(now()) > send_by)) ENGINE = Null";
}

std::string ClickHouseTables::create_rollup(Tier tier) const {
  const auto table = table_name(RecordKind::kFlow, tier);
  const auto columns = rollup_columns();
  std::string sql =
      "CREATE TABLE IF NOT EXISTS " + full(table) + on_cluster(options_->cluster) + " (";
  // What is no key is summed up by the engine, or merged where it is a state: a
  // column that is neither would keep any row's value.
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& column = columns[i];
    if (is_maximum(column.name))
      sql += std::string(column.name) + "_state AggregateFunction(max, Int64), ";
    else
      sql += std::string(column.name) + " " + column_type(column, version_) + ", ";
  }
  sql += "lane String, number_state AggregateFunction(max, UInt64), marks UInt64) ENGINE = ";
  sql += engine_of("SummingMergeTree", table, options_->cluster) + std::string(kByDay);
  sql += " ORDER BY (" + names_of(columns.first(rollup_keys())) + ", lane)";
  const Nanos keep = keep_of(table);
  return sql + ttl_clause(version_, keep) + ttl_settings(version_, keep);
}

std::string ClickHouseTables::raw_view(RecordKind kind, std::string_view input) const {
  return "CREATE MATERIALIZED VIEW IF NOT EXISTS " + full(input) + "_1" +
         on_cluster(options_->cluster) + " TO " + full(to_string(kind)) + " AS SELECT " +
         names_of(table_columns(kind)) + ", batch FROM " + full(input) + " WHERE mark = 0";
}

std::string ClickHouseTables::rollup_select(Tier tier, std::string_view from) const {
  const auto columns = rollup_columns();
  const auto bucket = std::string(bucket_of(tier));
  std::string sql = "SELECT intDiv(time, " + bucket + ") * " + bucket + " AS time, ";
  std::string keys = "time, ";
  for (const auto& column : columns.subspan(1, rollup_keys() - 1)) {
    sql += std::string(column.name) + ", ";
    keys += std::string(column.name) + ", ";
  }
  for (const auto& column : columns.subspan(rollup_keys())) {
    const std::string name(column.name);
    if (name == "records")
      sql += "toUInt64(countIf(mark = 0))";
    else if (is_maximum(name))
      sql += "maxState(" + name.substr(0, name.size() - 4) + ") AS " + name + "_state";
    else if (name.ends_with("_sum"))
      sql += "sum(" + name.substr(0, name.size() - 4) + ")";
    else if (name.ends_with("_count"))
      sql += "toUInt64(countIf(" + name.substr(0, name.size() - 6) + " > 0))";
    else
      sql += "toUInt64(sum(" + name + "))";
    if (!is_maximum(name)) sql += " AS " + name;
    sql += ", ";
  }
  return sql +
         "if(mark = 0, '', batch) AS lane, maxState(mark) AS number_state, "
         "toUInt64(countIf(mark != 0)) AS marks FROM " +
         std::string(from) + " GROUP BY " + keys + "lane";
}

std::string ClickHouseTables::rollup_view(Tier tier) const {
  return "CREATE MATERIALIZED VIEW IF NOT EXISTS " + full("flows_in_") +
         (tier == Tier::kMinute ? "2" : "3") + on_cluster(options_->cluster) + " TO " +
         full(table_name(RecordKind::kFlow, tier)) + " AS " + rollup_select(tier, full("flows_in"));
}

std::vector<std::string> ClickHouseTables::create() const {
  std::vector<std::string> all;
  const std::string cluster = on_cluster(options_->cluster);
  all.push_back("CREATE DATABASE IF NOT EXISTS " + options_->database + cluster);
  all.push_back("CREATE TABLE IF NOT EXISTS " + full("netprobe_schema") + cluster +
                " (version UInt32, made UInt32) ENGINE = " +
                engine_of("MergeTree", "netprobe_schema", options_->cluster) + " ORDER BY version");
  // Views come last: a view that is there before its target takes inserts down.
  for (const auto kind : kKinds) {
    all.push_back(create_raw(kind));
    all.push_back(create_input(kind, std::string(to_string(kind)) + "_in"));
  }
  for (const auto tier : kRollups) all.push_back(create_rollup(tier));
  all.push_back(create_input(RecordKind::kFlow, "flows_raw_in"));
  for (const auto kind : kKinds)
    all.push_back(raw_view(kind, std::string(to_string(kind)) + "_in"));
  all.push_back(raw_view(RecordKind::kFlow, "flows_raw_in"));
  for (const auto tier : kRollups) all.push_back(rollup_view(tier));
  if (!options_->cluster.empty()) {
    for (const std::string table :
         {"flows", "flows_1m", "flows_1h", "drops", "connections", "alerts"})
      all.push_back("CREATE TABLE IF NOT EXISTS " + asked(table) + cluster + " AS " + full(table) +
                    " ENGINE = Distributed(" + options_->cluster + ", " + options_->database +
                    ", " + table + ", rand())");
  }
  all.push_back("INSERT INTO " + full("netprobe_schema") + " SELECT " + number(kHistorySchema) +
                ", toUInt32(now())");
  return all;
}

std::vector<std::string> ClickHouseTables::names() const {
  std::vector<std::string> all{"netprobe_schema", "flows_1m",   "flows_1h",      "flows_raw_in",
                               "flows_in_2",      "flows_in_3", "flows_raw_in_1"};
  for (const auto kind : kKinds) {
    const std::string name(to_string(kind));
    for (const char* more : {"", "_in", "_in_1"}) all.push_back(name + more);
  }
  return all;
}

std::string ClickHouseTables::schema_version() const {
  return "SELECT max(version) FROM " + full("netprobe_schema");
}

std::string ClickHouseTables::insert(RecordKind kind, bool raw_only) const {
  return "INSERT INTO " + full(raw_only ? "flows_raw_in" : std::string(to_string(kind)) + "_in") +
         " (" + names_of(table_columns(kind)) + ", batch, mark, send_by) FORMAT Native";
}

std::string ClickHouseTables::count_rows(const InsertGroup& group, const InsertPart& part) const {
  return "SELECT count() FROM " + full(to_string(part.kind)) + " WHERE " + day_range(part) +
         " AND batch = " + sql_literal(SqlDialect::kClickHouse, group.id);
}

std::string ClickHouseTables::rolled_up(Tier tier, const InsertGroup& group,
                                        const InsertPart& part) const {
  return "SELECT max(n) FROM (SELECT finalizeAggregation(number_state) AS n FROM " +
         full(table_name(RecordKind::kFlow, tier)) +
         " WHERE time = " + number(part.day * kDayMicros) +
         " AND lane = " + sql_literal(SqlDialect::kClickHouse, lane_of(group).name) + ")";
}

std::string ClickHouseTables::roll_up_again(Tier tier, const InsertGroup& group,
                                            const InsertPart& part, std::uint32_t send_by) const {
  const Lane lane = lane_of(group);
  // The columns that the select uses, of the raw rows and of the mark. The rows are
  // found one level further in: an old server takes `batch` for the alias.
  std::string names;
  std::string of_rows;
  std::string of_mark;
  for (const auto& column : table_columns(RecordKind::kFlow)) {
    if (column.type == ColumnType::kAddress) continue;
    const bool is_text = column.type == ColumnType::kText || column.type == ColumnType::kWord;
    const std::string name(column.name);
    const std::string type = column_type({column.name, column.type}, {});
    names += (names.empty() ? "" : ", ") + name;
    of_rows += (is_text ? "toString(" + name + ") AS " + name : name) + ", ";
    of_mark += (name == "time" ? "to" + type + "(" + number(part.day * kDayMicros) + ")"
                : is_text      ? std::string("''")
                               : "to" + type + "(0)") +
               " AS " + name + ", ";
  }
  const std::string from = "(SELECT " + of_rows + "'' AS batch, toUInt64(0) AS mark FROM (SELECT " +
                           names + " FROM " + full("flows") + " WHERE " + day_range(part) +
                           " AND batch = " + sql_literal(SqlDialect::kClickHouse, group.id) +
                           ") UNION ALL SELECT " + of_mark +
                           sql_literal(SqlDialect::kClickHouse, lane.name) +
                           " AS batch, toUInt64(" + std::to_string(lane.number) + ") AS mark)";
  std::string columns;
  for (const auto& column : rollup_columns())
    columns += std::string(column.name) + (is_maximum(column.name) ? "_state, " : ", ");
  std::string select = rollup_select(tier, from);
  const std::string late =
      " WHERE throwIf(toUInt32(now()) > " + std::to_string(send_by) + ") = 0 GROUP BY ";
  select.replace(select.rfind(" GROUP BY "), 10, late);
  return "INSERT INTO " + full(table_name(RecordKind::kFlow, tier)) + " (" + columns +
         "lane, number_state, marks) " + select;
}

std::string ClickHouseTables::from(RecordKind kind, Tier tier, std::optional<Micros> since,
                                   std::optional<Micros> until) const {
  if (tier != Tier::kMinute && tier != Tier::kHour) return asked(to_string(kind));
  std::string sql = "(SELECT ";
  std::string columns;
  for (const auto& column : rollup_columns()) {
    const std::string name(column.name);
    if (!columns.empty()) columns += ", ";
    columns += is_maximum(name) ? "finalizeAggregation(" + name + "_state) AS " + name : name;
  }
  sql += columns + " FROM " + asked(table_name(RecordKind::kFlow, tier)) + " WHERE lane = ''";
  const Micros bucket = tier == Tier::kMinute ? 60'000'000 : 3'600'000'000;
  if (since) sql += " AND time > " + number(*since - std::min(*since, bucket));
  if (until) sql += " AND time < " + number(*until);
  return sql + ")";
}

std::string ClickHouseTables::with_slots(std::string sql, RecordKind kind, Tier tier,
                                         std::optional<Micros> since,
                                         std::optional<Micros> until) const {
  if (tier == Tier::kMinute || tier == Tier::kHour) return sql;
  const Micros slot = slot_of(kind);
  const std::string name = "intDiv(time, " + number(slot) + ")";
  std::string range;
  if (since && *since > 0) range += name + " >= " + number(*since / slot) + " AND ";
  if (until && *until > 0) range += name + " <= " + number(*until / slot) + " AND ";
  const std::string begin = " FROM " + from(kind, tier, since, until) + " WHERE ";
  for (auto at = sql.find(begin); at != std::string::npos && !range.empty();
       at = sql.find(begin, at + begin.size() + range.size()))
    sql.insert(at + begin.size(), range);
  return sql;
}

std::string ClickHouseTables::oldest(RecordKind kind, Tier tier, std::int64_t first_day) const {
  const bool rolled_up = tier == Tier::kMinute || tier == Tier::kHour;
  return "SELECT min(time) FROM " + asked(table_name(kind, tier)) + " WHERE time < " +
         number((first_day + 1) * kDayMicros) + (rolled_up ? " AND lane = ''" : "");
}

std::string ClickHouseTables::partitions() const {
  const std::string parts = options_->cluster.empty()
                                ? "system.parts"
                                : "cluster(" + options_->cluster + ", system, parts)";
  return "SELECT DISTINCT table, partition FROM " + parts + " WHERE active AND database = " +
         sql_literal(SqlDialect::kClickHouse, options_->database) +
         " AND table != 'netprobe_schema' ORDER BY table, partition FORMAT TabSeparated";
}

std::string ClickHouseTables::drop_partition(std::string_view table, std::int64_t day) const {
  return "ALTER TABLE " + full(table) + on_cluster(options_->cluster) + " DROP PARTITION " +
         number(day);
}

std::string ClickHouseTables::size() const {
  return "SELECT sum(bytes_on_disk), count() FROM system.parts WHERE active AND database = " +
         sql_literal(SqlDialect::kClickHouse, options_->database) + " FORMAT TabSeparated";
}

}  // namespace netprobe
