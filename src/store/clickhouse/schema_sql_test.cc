// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/schema_sql.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "query/sql.h"
#include "store/clickhouse/http.h"

namespace netprobe {
namespace {

const std::string& statement(const std::vector<std::string>& all, std::string_view begin) {
  static const std::string kNone;
  const auto found =
      std::ranges::find_if(all, [&](const auto& one) { return one.starts_with(begin); });
  return found == all.end() ? kNone : *found;
}

TEST(ClickHouseTables, KeysOfRollUpsAreAllThatIsNotSummedUp) {
  const ClickHouseOptions options;
  const auto all = ClickHouseTables(options, {18, 16}).create();
  const auto& sql = statement(all, "CREATE TABLE IF NOT EXISTS netprobe.flows_1h ");
  const auto order = sql.substr(sql.find("ORDER BY"));
  for (const auto& column : rollup_columns().first(rollup_keys()))
    EXPECT_TRUE(order.contains(column.name)) << column.name;
  EXPECT_TRUE(order.contains("lane"));
  EXPECT_TRUE(sql.contains("SummingMergeTree PARTITION BY intDiv(time, 86400000000)")) << sql;
  EXPECT_TRUE(sql.contains("rtt_max_state AggregateFunction(max, Int64)"));
}

TEST(ClickHouseTables, OldServersGetNothingOfNewerOnes) {
  const ClickHouseOptions options;
  for (const auto& sql : ClickHouseTables(options, {18, 16}).create())
    for (const char* newer : {"CODEC", "TTL", "LowCardinality", "Replicated", "CLUSTER"})
      EXPECT_FALSE(sql.contains(newer)) << sql;
  EXPECT_TRUE(insert_settings({18, 16}, "t").empty());
  EXPECT_TRUE(query_settings({18, 16}).empty());
}

TEST(ClickHouseTables, NewerOnesGetWhatTheyHave) {
  ClickHouseOptions options;
  options.cluster = "main";
  const ClickHouseTables tables(options, {24, 8});
  const auto all = tables.create();
  const auto& flows = statement(all, "CREATE TABLE IF NOT EXISTS netprobe.flows ON CLUSTER main ");
  EXPECT_TRUE(flows.contains("src_namespace LowCardinality(String)")) << flows;
  EXPECT_TRUE(flows.contains("ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/flows'"));
  EXPECT_TRUE(flows.contains("TTL toDateTime(intDiv(time, 1000000)) + INTERVAL 604800 SECOND"));
  EXPECT_FALSE(statement(all, "CREATE TABLE IF NOT EXISTS netprobe.flows_all ").empty());
  EXPECT_EQ(tables.from(RecordKind::kDrop, Tier::kRaw, {}, {}), "netprobe.drops_all");
}

TEST(ClickHouseTables, LiteralsEndWhereTheyShould) {
  EXPECT_EQ(sql_literal(SqlDialect::kClickHouse, "a'b\\c"), R"('a\'b\\c')");
  EXPECT_EQ(sql_literal(SqlDialect::kClickHouse, std::string_view("\0\n\x1f", 3)),
            R"('\x00\x0a\x1f')");
}

TEST(ClickHouseVersions, AreRead) {
  EXPECT_EQ(parse_clickhouse_version("18.16.1"), (ClickHouseVersion{18, 16}));
  EXPECT_EQ(parse_clickhouse_version("24.3.5.46-lts"), (ClickHouseVersion{24, 3}));
  for (const char* text : {"", "<html>", "24", "24.", "x.1"})
    EXPECT_EQ(parse_clickhouse_version(text), ClickHouseVersion{}) << text;
}

TEST(ClickHouseErrors, AreToldInOneLine) {
  const std::string_view text =
      "Code: 60, e.displayText() = DB::Exception: Table a.b doesn't exist., e.what() = "
      "DB::Exception\n";
  EXPECT_EQ(clickhouse_error_code(text), 60);
  EXPECT_EQ(clickhouse_error_text(text), "Table a.b doesn't exist.");
  EXPECT_EQ(clickhouse_error_code("<html>"), 0);
  EXPECT_EQ(clickhouse_error_text("\x01<b>\xff"), "?<b>?");
}

}  // namespace
}  // namespace netprobe
