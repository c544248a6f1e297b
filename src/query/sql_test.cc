// SPDX-License-Identifier: Apache-2.0
// Statements as text; that they mean what they should is tests/history's.
#include "query/sql.h"

#include <gtest/gtest.h>

#include "query/schema.h"
#include "query/testing/sql_check.h"

namespace netprobe {
namespace {

using namespace std::string_literals;

constexpr Nanos kNow = 1'764'000'000LL * kSecond;
constexpr auto kDialects = {SqlDialect::kDuckDb, SqlDialect::kClickHouse};

const std::vector<std::string> kHostile{
    "'",
    "\\",
    "\\'",
    "'' OR 1=1",
    "x'; DROP TABLE flows; --",
    "x\\'; DROP TABLE flows; --",
    "\n; SELECT 1",
    "/* */ -- #",
    "nul\0'; DROP"s,
    "\0"s,
    "\xff'\xfe",
    "\xe2\x82'",  // cut off within a character
    "\xbf\x27",   // a quote behind half a character of other encodings
    "\x1a\x08\r\t",
    "$$x$$",
    "E'\\x27'",
    "{id:UInt64}",
    "?",
    "ünï",
};

Query parsed(std::string_view text) {
  const auto query = parse_query(text, kNow);
  EXPECT_TRUE(query) << text << ": " << (query ? "" : query.error().message);
  return query ? *query : Query{};
}

std::string sql_of(const Query& query, SqlDialect dialect, Tier tier = Tier::kRaw) {
  const auto sql = to_sql(query, dialect, tier, "flows", 100, std::nullopt);
  EXPECT_TRUE(sql) << (sql ? "" : sql.error().message);
  return sql ? sql->text : "";
}

std::string refusal(const Query& query, Tier tier = Tier::kRaw,
                    const std::optional<RecordCursor>& after = std::nullopt) {
  const auto sql = to_sql(query, SqlDialect::kDuckDb, tier, "flows", 100, after);
  EXPECT_FALSE(sql);
  if (sql) return {};
  EXPECT_EQ(sql.error().kind, QueryFailure::Kind::kBadQuery);
  return sql.error().message;
}

TEST(SqlLiteral, IsWhatTheDialectsOwnParserReads) {
  const auto duckdb = [](std::string_view text) { return sql_literal(SqlDialect::kDuckDb, text); };
  EXPECT_EQ(duckdb("it's"), "'it''s'");
  EXPECT_EQ(duckdb("back\\slash"), "'back\\slash'");
  EXPECT_EQ(duckdb("a\0b"s), "('a' || chr(0) || 'b')");
  EXPECT_EQ(duckdb("\xff"), "'\xef\xbf\xbd'");
  EXPECT_EQ(duckdb("ü"), "'ü'");
  const auto clickhouse = [](std::string_view text) {
    return sql_literal(SqlDialect::kClickHouse, text);
  };
  EXPECT_EQ(clickhouse("it's"), "'it\\'s'");
  EXPECT_EQ(clickhouse("back\\slash"), "'back\\\\slash'");
  EXPECT_EQ(clickhouse("a\0b\n"s), "'a\\x00b\\x0a'");
  EXPECT_EQ(clickhouse("\xff"), "'\\xff'");
}

/// Every field that takes a text, and keys of labels, with every way to compare.
TEST(Sql, NoTextLeavesItsLiteral) {
  for (const std::string& text : kHostile) {
    for (const Field& field : fields()) {
      if (field.type != FieldType::kText && field.type != FieldType::kLabel) continue;
      for (const CompareOp op : {CompareOp::kEqual, CompareOp::kIn, CompareOp::kLess,
                                 CompareOp::kGlob, CompareOp::kMatch}) {
        Expr::Compare compare{.field = {field.id, field.type == FieldType::kLabel ? text : ""},
                              .op = op,
                              .values = {Value(op == CompareOp::kGlob ? text + "*?" : text)}};
        Query query{.kind = field.of(RecordKind::kFlow)         ? RecordKind::kFlow
                            : field.of(RecordKind::kDrop)       ? RecordKind::kDrop
                            : field.of(RecordKind::kConnection) ? RecordKind::kConnection
                                                                : RecordKind::kAlert,
                    .filter = std::make_shared<const Expr>(Expr{compare}),
                    .by = {compare.field}};
        for (const SqlDialect dialect : kDialects) {
          const std::string sql = sql_of(query, dialect);
          EXPECT_EQ(testing::trouble_in(dialect, sql), "") << sql;
        }
      }
    }
  }
}

TEST(Sql, TheCheckFindsWhatItIsFor) {
  EXPECT_NE(testing::trouble_in(SqlDialect::kDuckDb, "SELECT 'it's'"), "");
  EXPECT_NE(testing::trouble_in(SqlDialect::kDuckDb, "SELECT 1; DROP TABLE flows"), "");
  EXPECT_NE(testing::trouble_in(SqlDialect::kClickHouse, "SELECT 'x\\'"), "");
  EXPECT_NE(testing::trouble_in(SqlDialect::kClickHouse, "SELECT 1 -- 'x'"), "");
}

TEST(Sql, HasOneRowMoreThanIsWanted) {
  EXPECT_TRUE(sql_of(parsed("| count by src.ip"), SqlDialect::kDuckDb).ends_with(" LIMIT 101"));
  EXPECT_TRUE(
      sql_of(parsed("| count by src.ip | limit 7"), SqlDialect::kDuckDb).ends_with(" LIMIT 8"));
  EXPECT_TRUE(sql_of(parsed("flows"), SqlDialect::kClickHouse).contains(" LIMIT 101)"));
}

TEST(Sql, LooksIntoWholeBucketsOfATier) {
  Query query = parsed("| sum bytes by src.namespace");
  query.since = 90'000'000;
  query.until = 200'000'000;
  EXPECT_TRUE(sql_of(query, SqlDialect::kDuckDb).contains("time >= 90000000 AND time < 200000000"));
  EXPECT_TRUE(sql_of(query, SqlDialect::kDuckDb, Tier::kMinute)
                  .contains("time >= 60000000 AND time < 240000000"));
  query.until = 240'000'000;
  EXPECT_TRUE(sql_of(query, SqlDialect::kDuckDb, Tier::kMinute).contains("time < 240000000"));
}

TEST(Sql, RefusesWhatItCannotAnswer) {
  EXPECT_TRUE(refusal(parsed("src.ip=10.0.0.1 | count"), Tier::kMinute).contains("1m"));
  EXPECT_TRUE(refusal(parsed("| rate bytes")).contains("every 1m"));
  Query query = parsed("| count by src.ip");
  query.order = {{"nothing", true}};
  EXPECT_TRUE(refusal(query).contains("'nothing'"));
  EXPECT_TRUE(refusal(parsed("| count by src.ip"), Tier::kRaw, RecordCursor{}).contains("cursor"));
  EXPECT_TRUE(refusal(parsed("| order by bytes"), Tier::kRaw, RecordCursor{}).contains("cursor"));
  query = parsed("| count every 1m");
  query.every = 0;
  EXPECT_TRUE(refusal(query).contains("step"));
}

TEST(Sql, ARollUpHasItsColumnsInOrder) {
  for (const SqlDialect dialect : kDialects) {
    for (const bool from_rollup : {false, true}) {
      const std::string sql = rollup_sql(dialect, "source", from_rollup, 60'000'000);
      EXPECT_EQ(testing::trouble_in(dialect, sql), "");
      std::size_t at = 0;
      for (const TableColumn& column : rollup_columns()) {
        const auto found = sql.find(std::string(column.name), at);
        ASSERT_NE(found, std::string::npos) << column.name << " in " << sql;
        at = found;
      }
    }
  }
}

TEST(FinishAnswer, CutsAndTellsWhereTheNextPageBegins) {
  const Query query = parsed("| fields nat, bytes");
  const auto sql = to_sql(query, SqlDialect::kDuckDb, Tier::kRaw, "flows", 3, std::nullopt);
  ASSERT_TRUE(sql);
  const auto row = [](std::uint64_t nat, std::uint64_t bytes, Micros time) {
    return std::vector<Value>{nat, bytes, time};
  };
  QueryAnswer answer;
  answer.rows = {row(1, 10, 9), row(0, 20, 8), row(0, 30, 8), row(0, 40, 8)};
  finish_answer(query, *sql, 3, std::nullopt, answer);
  ASSERT_EQ(answer.rows.size(), 3U);
  EXPECT_EQ(answer.columns.size(), 2U);
  EXPECT_EQ(answer.rows[0], (std::vector<Value>{true, std::uint64_t{10}}));
  EXPECT_TRUE(answer.truncated);
  auto cursor = parse_record_cursor(answer.cursor);
  ASSERT_TRUE(cursor);
  EXPECT_EQ(cursor->time, 8);
  EXPECT_EQ(cursor->skip, 2U);

  // A page of that moment alone: all before it are still to be passed over.
  answer.rows = {row(0, 40, 8), row(0, 50, 8), row(0, 60, 8), row(0, 70, 8)};
  finish_answer(query, *sql, 3, *cursor, answer);
  cursor = parse_record_cursor(answer.cursor);
  ASSERT_TRUE(cursor);
  EXPECT_EQ(cursor->skip, 5U);

  answer.rows = {row(0, 70, 8), row(0, 80, 7)};
  finish_answer(query, *sql, 3, *cursor, answer);
  EXPECT_FALSE(answer.truncated);
  EXPECT_EQ(answer.cursor, "");
}

TEST(RecordCursorText, IsReadStrictly) {
  const auto cursor = parse_record_cursor(format_record_cursor({1'764'000'000'000'000, 12}));
  ASSERT_TRUE(cursor);
  EXPECT_EQ(cursor->time, 1'764'000'000'000'000);
  EXPECT_EQ(cursor->skip, 12U);
  for (const char* text : {"", ".", "1", "1.", ".1", "1.2.3", "01.2", "1.+2", "1.2 ", " 1.2",
                           "-0.1", "1.99999999999", "99999999999999999999.1", "1;DROP.2"})
    EXPECT_FALSE(parse_record_cursor(text)) << text;
  EXPECT_FALSE(read_record_cursor("1").has_value());
  ASSERT_TRUE(read_record_cursor("").has_value());
  EXPECT_FALSE(read_record_cursor("")->has_value());
}

}  // namespace
}  // namespace netprobe
