// SPDX-License-Identifier: Apache-2.0
// Questions to the store: answers, pages, limits and who gives up. What the
// language means on every engine has a test of its own.
#include "query/column.h"
#include "store/clickhouse_fixture.h"

namespace netprobe::test {
namespace {

using Answer = std::expected<QueryAnswer, QueryFailure>;

class ClickHouseQueryTest : public ClickHouseStoreTest {
 protected:
  [[nodiscard]] Answer query(QueryRequest request) {
    auto done = std::make_shared<std::promise<Answer>>();
    store_->query(std::move(request),
                  [done](Answer answer) { done->set_value(std::move(answer)); });
    return done->get_future().get();
  }
  [[nodiscard]] Answer query(Query query) {
    return this->query(QueryRequest{.query = std::move(query)});
  }
  static ExprPtr compare(FieldId field, CompareOp op, Value value) {
    return std::make_shared<Expr>(
        Expr{Expr::Compare{.field = {field}, .op = op, .values = {std::move(value)}}});
  }
  static Aggregate sum(FieldId field, std::string name) {
    return {.op = AggregateOp::kSum, .field = {field}, .name = std::move(name)};
  }
};

TEST_F(ClickHouseQueryTest, GivesRecordsNewestFirstPageByPage) {
  open();
  // Four records of each moment: a page ends among them.
  for (std::uint64_t number = 1; number <= 4; ++number)
    store_->write(make_batch({.number = number, .flows = 25}));
  ASSERT_TRUE(flush());
  QueryRequest request;
  request.query.select = {{FieldId::kTime}, {FieldId::kFlowId}, {FieldId::kSrcIp}};
  request.limits.rows = 7;
  std::set<std::uint64_t> seen;
  Micros before = INT64_MAX;
  int pages = 0;
  do {
    const auto answer = query(request);
    ASSERT_TRUE(answer) << answer.error().message;
    ++pages;
    for (const auto& row : answer->rows) {
      const Micros time = std::get<std::int64_t>(row[0]);
      EXPECT_LE(time, before);
      before = time;
      EXPECT_TRUE(seen.insert(std::get<std::uint64_t>(row[1])).second);
      EXPECT_TRUE(std::holds_alternative<IpAddress>(row[2]));
    }
    EXPECT_EQ(answer->truncated, !answer->cursor.empty());
    EXPECT_EQ(answer->tier, Tier::kRaw);
    EXPECT_EQ(answer->kept_since, kRecordsStart);
    request.cursor = answer->cursor;
  } while (!request.cursor.empty() && pages < 100);
  EXPECT_EQ(seen.size(), 100U);
  EXPECT_EQ(pages, 15);
  request.cursor = "nonsense";
  const auto bad = query(request);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind, QueryFailure::Kind::kBadQuery);
}

TEST_F(ClickHouseQueryTest, SumsAreTheSameFromEveryTier) {
  open();
  for (std::uint64_t number = 1; number <= 6; ++number)
    store_->write(make_batch({.number = number,
                              .flows = 500,
                              .begin = kRecordsStart + static_cast<Micros>(number) * 1'700'000'000,
                              .step = 1'000'000}));
  ASSERT_TRUE(flush());
  Query question;
  question.aggregates = {sum(FieldId::kBytes, "sum_bytes"),
                         {.op = AggregateOp::kCount, .name = "count"}};
  question.by = {{FieldId::kSrcNamespace}, {FieldId::kDstNamespace}};
  const auto coarse = query(question);
  ASSERT_TRUE(coarse) << coarse.error().message;
  EXPECT_EQ(coarse->tier, Tier::kHour);
  EXPECT_EQ(coarse->resolution, 3'600'000'000);
  // No roll-up has ports, so this comes from the records.
  question.filter = compare(FieldId::kSrcPort, CompareOp::kGreaterEqual, Value(std::uint64_t{1}));
  const auto raw = query(question);
  ASSERT_TRUE(raw) << raw.error().message;
  EXPECT_EQ(raw->tier, Tier::kRaw);
  EXPECT_EQ(raw->rows, coarse->rows);
  EXPECT_FALSE(raw->rows.empty());
}

TEST_F(ClickHouseQueryTest, TextsOfUsersAreTextsOnly) {
  open();
  store_->write(make_batch({.flows = 300}));
  ASSERT_TRUE(flush());
  Query question;
  question.aggregates = {{.op = AggregateOp::kCount, .name = "count"}};
  question.filter =
      compare(FieldId::kSrcNamespace, CompareOp::kEqual, std::string("it's \\ \"odd\""));
  const auto odd = query(question);
  ASSERT_TRUE(odd) << odd.error().message;
  EXPECT_EQ(std::to_string(std::get<std::uint64_t>(odd->rows[0][0])),
            ask("SELECT count() FROM netprobe.flows WHERE src_namespace LIKE 'it%'"));
  question.filter = compare(FieldId::kSrcNamespace, CompareOp::kEqual,
                            std::string("x'; DROP TABLE netprobe.flows; --"));
  const auto hostile = query(question);
  ASSERT_TRUE(hostile) << hostile.error().message;
  EXPECT_EQ(hostile->rows[0][0], Value(std::uint64_t{0}));
  EXPECT_EQ(ask("SELECT count() FROM netprobe.flows"), "300");
}

TEST_F(ClickHouseQueryTest, AnswersBadlyInTimeWhereItCannotWell) {
  open();
  store_->write(make_batch({.flows = 20'000}));
  ASSERT_TRUE(flush());
  QueryRequest broad;
  broad.query.aggregates = {
      {.op = AggregateOp::kDistinct, .field = {FieldId::kSrcPort}, .name = "n"}};
  broad.limits.rows_read = 1'000;
  const auto rows = query(broad);
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().kind, QueryFailure::Kind::kTooBroad);
  EXPECT_TRUE(rows.error().message.contains("1000 rows")) << rows.error().message;
  QueryRequest cancelled = broad;
  cancelled.cancelled = std::make_shared<std::atomic<bool>>(true);
  const auto given_up = query(cancelled);
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().kind, QueryFailure::Kind::kCancelled);
  EXPECT_EQ(store_->status().queries_failed, 2U);
}

TEST_F(ClickHouseQueryTest, AQueryThatHangsHoldsUpNobodyWhoWrites) {
  open();
  write(1, 1);
  ASSERT_TRUE(flush());
  // Both connections for questions have no answer, and more wait. libcurl sends what
  // had none on a connection that it used before once more: two for each question.
  proxy_->set(FaultyProxy::Fault::kHoldRequest, 8, "LIMIT 10001");
  std::vector<std::shared_ptr<std::atomic<bool>>> flags;
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < 4; ++i) {
    QueryRequest request;
    flags.push_back(request.cancelled);
    auto done = std::make_shared<std::promise<Answer>>();
    answers.push_back(done->get_future());
    store_->query(std::move(request),
                  [done](Answer answer) { done->set_value(std::move(answer)); });
  }
  write(2, 40);
  EXPECT_TRUE(flush());
  for (const auto& flag : flags) *flag = true;
  for (auto& answer : answers) EXPECT_FALSE(answer.get());
  expect_exact(2'000);
}

TEST_F(ClickHouseQueryTest, ACancelledQueryEndsAtTheServer) {
  open();
  for (std::uint64_t number = 1; number <= 4; ++number)
    store_->write(make_batch({.number = number, .flows = 20'000}));
  ASSERT_TRUE(flush());
  // Slow on purpose: a pattern for every row, again and again.
  QueryRequest request;
  request.limits.time = 60'000'000;
  auto any = Expr::Or{};
  for (int i = 0; i < 400; ++i)
    any.any.push_back(compare(FieldId::kSrcName, CompareOp::kMatch,
                              Value("(a|b|" + std::to_string(i) + ")+x(y|z)*$")));
  request.query.filter = std::make_shared<Expr>(Expr{std::move(any)});
  request.query.aggregates = {{.op = AggregateOp::kCount, .name = "count"}};
  const auto running = [&] {
    return ask("SELECT count() FROM system.processes WHERE query_id LIKE 'netprobe-query:%' AND "
               "query "
               "LIKE '%FORMAT Native%'") != "0";
  };
  const auto flag = request.cancelled;
  auto done = std::make_shared<std::promise<Answer>>();
  auto answer = done->get_future();
  store_->query(std::move(request), [done](Answer a) { done->set_value(std::move(a)); });
  ASSERT_TRUE(wait_until(running));
  *flag = true;
  const auto given_up = answer.get();
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().kind, QueryFailure::Kind::kCancelled);
  EXPECT_TRUE(wait_until([&] { return !running(); }));
}

TEST_F(ClickHouseQueryTest, SaysThatTheServerIsAway) {
  server_->stop();
  open();
  const auto answer = query(Query{});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, QueryFailure::Kind::kNoStore);
  EXPECT_FALSE(answer.error().message.empty());
}

}  // namespace
}  // namespace netprobe::test
