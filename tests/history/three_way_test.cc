// SPDX-License-Identifier: Apache-2.0
// One language, three engines: memory, DuckDB and a real ClickHouse are asked the
// same of the same records, and must give the same answers, row by row.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <future>

#include "engines.h"
#include "query_texts.h"
#include "random_queries.h"

namespace netprobe::test {
namespace {

/// The same in every run, unless NETPROBE_TEST_SEED is another one.
std::uint32_t seed() {
  const char* other = std::getenv("NETPROBE_TEST_SEED");
  return other != nullptr ? static_cast<std::uint32_t>(std::atoi(other)) : 20'260U;
}
/// NETPROBE_TEST_LONG: all there is to ask, and more at random.
bool is_long() { return std::getenv("NETPROBE_TEST_LONG") != nullptr; }
std::size_t records_of_a_kind() { return is_long() ? 1'500 : 600; }
constexpr Nanos kNow = RandomRecords::kUntil * 1'000;

std::string shown(const Value& value) {
  if (std::holds_alternative<std::monostate>(value)) return "none";
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return std::to_string(*number) + "u";
  if (const auto* number = std::get_if<double>(&value)) return std::to_string(*number) + "f";
  if (const auto* address = std::get_if<IpAddress>(&value)) return address->to_string();
  return '"' + std::get<std::string>(value) + '"';
}

std::string shown(const std::vector<Value>& row) {
  std::string text;
  for (const Value& value : row) text += (text.empty() ? "" : ", ") + shown(value);
  return text;
}

bool equal(const Value& a, const Value& b) {
  const auto* x = std::get_if<double>(&a);
  const auto* y = std::get_if<double>(&b);
  if (x == nullptr || y == nullptr) return a == b;
  return std::abs(*x - *y) <= 1e-9 * std::max(std::abs(*x), std::abs(*y));
}

/// What is different, in words; empty: nothing.
std::string difference(const QueryAnswer& expected, const QueryAnswer& got) {
  if (expected.columns != got.columns) return "other columns";
  if (expected.truncated != got.truncated) return "not agreed on whether there is more";
  if (expected.cursor != got.cursor) return "cursor " + expected.cursor + " and " + got.cursor;
  const std::size_t rows = std::min(expected.rows.size(), got.rows.size());
  for (std::size_t i = 0; i < rows; ++i) {
    if (!std::ranges::equal(expected.rows[i], got.rows[i], equal))
      return "row " + std::to_string(i) + "\n  expected " + shown(expected.rows[i]) +
             "\n  got      " + shown(got.rows[i]);
  }
  if (expected.rows.size() == got.rows.size()) return {};
  return std::to_string(expected.rows.size()) + " rows expected, got " +
         std::to_string(got.rows.size());
}

class ThreeWays : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    records_ = new RandomRecords(seed(), records_of_a_kind());
    memory_ = memory_engine(*records_);
    const auto add = [](Result<std::unique_ptr<Engine>> engine, const char* name) {
      if (engine) {
        engines_.push_back(std::move(*engine));
      } else {
        missing_ += std::string(name) + ": " + engine.error().message + "\n";
        failed_ = failed_ || engine.error().kind == ErrorKind::kFailed;
      }
    };
    add(duckdb_engine(*records_), "DuckDB");
    add(clickhouse_engine(*records_), "ClickHouse");
  }
  static void TearDownTestSuite() {
    engines_.clear();
    memory_.reset();
    delete records_;
    records_ = nullptr;
  }
  void SetUp() override {
    ASSERT_FALSE(failed_) << missing_;
    if (engines_.empty()) GTEST_SKIP() << "no engine is here to be compared with\n" << missing_;
  }
  /// Memory's rows, for what a test wants to know besides.
  static std::vector<std::vector<Value>> compare(const QueryRequest& request,
                                                 Tier tier = Tier::kRaw) {
    // All at once: each has its own thread or process.
    std::vector<std::future<Engine::Answer>> answers;
    for (const auto& engine : engines_)
      answers.push_back(
          std::async(std::launch::async, [&, tier] { return engine->ask(request, tier); }));
    const auto expected = memory_->ask(request, tier);
    std::vector<Engine::Answer> all;
    for (auto& answer : answers) all.push_back(answer.get());
    if (!expected) {
      ADD_FAILURE() << canonical(request.query) << "\nmemory: " << expected.error().message;
      return {};
    }
    for (std::size_t i = 0; i < engines_.size(); ++i) {
      const auto& engine = engines_[i];
      const auto& got = all[i];
      const std::string what = got ? difference(*expected, *got) : got.error().message;
      EXPECT_TRUE(what.empty()) << engine->name() << ", " << to_string(tier) << ": "
                                << canonical(request.query) << "\n"
                                << what << "\n"
                                << dynamic_cast<SqlEngine&>(*engine).statement();
    }
    return expected->rows;
  }
  static std::vector<std::vector<Value>> compare(const Query& query, Tier tier = Tier::kRaw) {
    QueryRequest request;
    request.query = query;
    return compare(request, tier);
  }

  // Of all tests: a server is not started for each.
  static inline const RandomRecords* records_ = nullptr;
  static inline std::unique_ptr<Engine> memory_;
  static inline std::vector<std::unique_ptr<Engine>> engines_;
  static inline std::string missing_;
  static inline bool failed_ = false;
};

class EveryKind : public ThreeWays, public ::testing::WithParamInterface<RecordKind> {};
INSTANTIATE_TEST_SUITE_P(Kinds, EveryKind,
                         ::testing::Values(RecordKind::kFlow, RecordKind::kDrop,
                                           RecordKind::kConnection, RecordKind::kAlert),
                         [](const auto& info) { return std::string(to_string(info.param)); });

TEST_P(EveryKind, EveryFieldInEveryUse) {
  QueryMaker maker(seed(), *records_);
  std::size_t with_rows = 0;
  const auto queries = maker.every_use(GetParam(), is_long());
  for (const Query& query : queries) {
    with_rows += compare(query).empty() ? 0 : 1;
    if (HasFailure()) return;
  }
  EXPECT_GT(with_rows * 2, queries.size()) << "most find nothing: they say little";
}

TEST_P(EveryKind, PagesAreTheWholeList) {
  QueryRequest request;
  request.query.kind = GetParam();
  const auto all = compare(request);
  ASSERT_EQ(all.size(), records_of_a_kind());
  request.limits.rows = 61;
  std::vector<std::vector<Value>> paged;
  for (int page = 0; page < 100; ++page) {
    const auto answer = memory_->ask(request, Tier::kRaw);
    ASSERT_TRUE(answer);
    const auto rows = compare(request);
    if (HasFailure()) return;
    paged.insert(paged.end(), rows.begin(), rows.end());
    if (answer->cursor.empty()) break;
    request.cursor = answer->cursor;
  }
  EXPECT_EQ(paged, all);
}

TEST_F(ThreeWays, QueriesAsPeopleWriteThem) {
  for (const std::string_view text : query_texts()) {
    const auto query = parse_query(text, kNow);
    ASSERT_TRUE(query) << text << ": " << query.error().message;
    Query bounded = *query;
    give_range(bounded, RandomRecords::kSince, RandomRecords::kUntil);
    SCOPED_TRACE(std::string(text));
    compare(bounded);
  }
}

TEST_F(ThreeWays, AnyQueries) {
  QueryMaker maker(seed() + 1, *records_);
  std::size_t with_rows = 0;
  const std::size_t queries = is_long() ? 1'000 : 300;
  for (std::size_t i = 0; i < queries; ++i) {
    SCOPED_TRACE("query " + std::to_string(i));
    with_rows += compare(maker.any()).empty() ? 0 : 1;
    if (HasFailure()) return;
  }
  EXPECT_GT(with_rows * 2, queries) << "most find nothing: they say little";
}

/// Says which engine was not asked by the other tests, where that is so.
TEST_F(ThreeWays, AreThree) {
  if (!missing_.empty()) GTEST_SKIP() << "not compared with " << missing_;
  EXPECT_EQ(engines_.size(), 2U);
}

/// Sums of sums are the sums.
TEST_F(ThreeWays, RollUpsSayWhatTheirRecordsSay) {
  QueryMaker maker(seed() + 2, *records_);
  for (const Tier tier : {Tier::kMinute, Tier::kHour}) {
    for (int i = 0; i < (is_long() ? 300 : 100); ++i) {
      const Query query = maker.any_of_rollups(tier);
      ASSERT_TRUE(can_answer(query, tier)) << canonical(query);
      compare(query, tier);
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace netprobe::test
