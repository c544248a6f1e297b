// SPDX-License-Identifier: Apache-2.0
// Records are dealt out to several stores at random. What the stores say together
// must be what one that has them all says.
#include "query/distribute.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "query/evaluate.h"
#include "query/tier.h"
#include "random_queries.h"
#include "records.h"

namespace netprobe::test {
namespace {

using Records = std::vector<RecordRef>;
using Answer = std::expected<QueryAnswer, QueryFailure>;

/// The same in every run, unless NETPROBE_TEST_SEED is another one.
std::uint32_t seed() {
  const char* other = std::getenv("NETPROBE_TEST_SEED");
  return other != nullptr ? static_cast<std::uint32_t>(std::atoi(other)) : 20'261U;
}

bool equal(const Value& a, const Value& b) {
  const auto* x = std::get_if<double>(&a);
  const auto* y = std::get_if<double>(&b);
  if (x == nullptr || y == nullptr) return a == b;
  return std::abs(*x - *y) <= 1e-12 * std::max(std::abs(*x), std::abs(*y));
}

std::string difference(const QueryAnswer& expected, const QueryAnswer& got) {
  if (expected.columns != got.columns) return "other columns";
  if (expected.truncated != got.truncated) return "not agreed on whether there is more";
  if (expected.cursor != got.cursor) return "cursor " + expected.cursor + " and " + got.cursor;
  if (expected.since != got.since || expected.until != got.until) return "another range";
  if (expected.rows_read != got.rows_read) return "other rows were read";
  for (std::size_t i = 0; i < std::min(expected.rows.size(), got.rows.size()); ++i)
    if (!std::ranges::equal(expected.rows[i], got.rows[i], equal))
      return "row " + std::to_string(i) + " is another";
  if (expected.rows.size() == got.rows.size()) return {};
  return std::to_string(expected.rows.size()) + " rows expected, got " +
         std::to_string(got.rows.size());
}

class Distributed : public ::testing::Test {
 protected:
  static constexpr std::size_t kRecords = 600;

  /// Each record to one of 1 to 7 stores; some stores may have none.
  std::vector<Records> deal(RecordKind kind) {
    std::vector<Records> stores(1 + random_() % 7);
    for (const RecordRef& record : records_.of(kind))
      stores[random_() % stores.size()].push_back(record);
    return stores;
  }

  static Answer ask(const QueryRequest& request, const std::vector<Records>& stores) {
    DistributedQuery distributed(request);
    for (const Records& store : stores) {
      auto answer = evaluate(distributed.part(), store);
      if (!answer) return answer;
      EXPECT_TRUE(distributed.fits(*answer));
      distributed.add(std::move(*answer));
    }
    return distributed.finish();
  }

  /// Whether there were rows.
  bool compare(const QueryRequest& request) {
    const auto& all = records_.of(request.query.kind);
    const auto expected = evaluate(request, all);
    const auto got = ask(request, deal(request.query.kind));
    EXPECT_EQ(expected.has_value(), got.has_value())
        << canonical(request.query) << "\n"
        << (expected ? got.error().message : expected.error().message);
    if (!expected || !got) return false;
    const std::string what = difference(*expected, *got);
    EXPECT_TRUE(what.empty()) << canonical(request.query) << "\n" << what;
    return !expected->rows.empty();
  }

  RandomRecords records_{seed(), kRecords};
  std::mt19937_64 random_{seed()};
};

TEST_F(Distributed, AnyQueriesAreAsIfOneStoreHadAll) {
  QueryMaker maker(seed() + 1, records_);
  std::size_t with_rows = 0;
  constexpr std::size_t kQueries = 3'000;
  for (std::size_t i = 0; i < kQueries; ++i) {
    SCOPED_TRACE("query " + std::to_string(i));
    QueryRequest request;
    request.query = maker.any();
    if (random_() % 4 == 0) request.limits.rows = 1 + random_() % 40;
    with_rows += compare(request) ? 1 : 0;
    if (HasFailure()) return;
  }
  EXPECT_GT(with_rows * 2, kQueries) << "most find nothing: they say little";
}

class DistributedKinds : public Distributed, public ::testing::WithParamInterface<RecordKind> {};
INSTANTIATE_TEST_SUITE_P(Kinds, DistributedKinds,
                         ::testing::Values(RecordKind::kFlow, RecordKind::kDrop,
                                           RecordKind::kConnection, RecordKind::kAlert),
                         [](const auto& info) { return std::string(to_string(info.param)); });

TEST_P(DistributedKinds, EveryFieldInEveryUse) {
  QueryMaker maker(seed() + 2, records_);
  std::size_t with_rows = 0;
  const auto queries = maker.every_use(GetParam(), true);
  for (const Query& query : queries) {
    QueryRequest request;
    request.query = query;
    with_rows += compare(request) ? 1 : 0;
    if (HasFailure()) return;
  }
  EXPECT_GT(with_rows * 2, queries.size()) << "most find nothing: they say little";
}

/// Page by page, with cursors that one store would have given as well.
TEST_P(DistributedKinds, PagesAreTheWholeList) {
  const auto stores = deal(GetParam());
  for (const std::size_t rows : {1U, 2U, 7U, 61U}) {
    QueryRequest request;
    request.query.kind = GetParam();
    const auto all = evaluate(request, records_.of(GetParam()));
    ASSERT_TRUE(all);
    ASSERT_EQ(all->rows.size(), kRecords);
    request.limits.rows = rows;
    std::vector<std::vector<Value>> paged;
    for (std::size_t page = 0; page <= kRecords; ++page) {
      const auto expected = evaluate(request, records_.of(GetParam()));
      const auto got = ask(request, stores);
      ASSERT_TRUE(expected && got);
      ASSERT_EQ(difference(*expected, *got), "");
      paged.insert(paged.end(), got->rows.begin(), got->rows.end());
      if (got->cursor.empty()) break;
      request.cursor = got->cursor;
    }
    EXPECT_EQ(paged, all->rows);
  }
}

/// Parts travel as text: what an agent parses of it asks for the same.
TEST_F(Distributed, PartsCanBeWrittenAndRead) {
  for (const std::string_view text :
       {"flows | avg rtt, p99 rtt, distinct dst.ip, peak bytes by src.node",
        "flows | rate bytes by src.namespace every 5m", "flows | new src.ip, dst.port since 90m",
        "flows src.pod=web | fields src.ip, rtt | order by bytes desc | limit 7",
        "flows | histogram rtt by dst.workload every 1h", "drops | count by drop.reason",
        "connections | last 1h", "alerts | order by alert.severity",
        "flows | top 10 src.workload by p95 handshake",
        "flows | sum bytes, min rtt, max rtt, count by src.node"}) {
    const auto query = parse_query(text, RandomRecords::kUntil * kMicrosecond);
    ASSERT_TRUE(query) << text << ": " << query.error().message;
    QueryRequest request;
    request.query = counted_once(*query, {"n1", "node two"});
    const DistributedQuery distributed(request, RandomRecords::kUntil);
    const Query& part = distributed.part().query;
    const auto read = parse_query(canonical(part), 0);
    ASSERT_TRUE(read) << canonical(part) << ": " << read.error().message;
    EXPECT_EQ(canonical(*read), canonical(part));
    QueryRequest as_text = distributed.part();
    as_text.query = *read;
    const auto answer = evaluate(as_text, records_.of(read->kind));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(distributed.fits(*answer)) << canonical(part);
  }
}

TEST_F(Distributed, RateWithoutARangeIsOverAllThatIsKept) {
  QueryRequest request;
  request.query.aggregates = {{AggregateOp::kRate, {FieldId::kBytes, {}}, 0, "rate_bytes"}};
  EXPECT_EQ(ask(request, deal(RecordKind::kFlow)).error().kind, QueryFailure::Kind::kBadQuery);

  const Micros now = RandomRecords::kUntil;
  DistributedQuery distributed(request, now);
  std::uint64_t bytes = 0;
  for (int i = 0; i < 3; ++i) {
    auto part = evaluate(distributed.part(), records_.of(RecordKind::kFlow));
    ASSERT_TRUE(part);
    bytes += std::get<std::uint64_t>(part->rows.at(0).at(0));
    part->kept_since = now - (i + 1) * 1'000'000;
    distributed.add(std::move(*part));
  }
  const auto answer = distributed.finish();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_DOUBLE_EQ(std::get<double>(answer->rows.at(0).at(0)), static_cast<double>(bytes) / 3.0);
  EXPECT_EQ(answer->since, now - 3'000'000);
  EXPECT_EQ(answer->until, now);
  EXPECT_EQ(answer->kept_since, now - 1'000'000) << "before that, not all is known";
}

TEST_F(Distributed, SaysOfAllWhatTheLeastOfThemCanSay) {
  QueryRequest request;
  request.query.aggregates = {{AggregateOp::kCount, {}, 0, "count"}};
  DistributedQuery distributed(request);
  auto part = evaluate(distributed.part(), records_.of(RecordKind::kFlow));
  ASSERT_TRUE(part);
  part->tier = Tier::kRaw;
  part->since = 2'000;
  part->until = 3'000;
  part->warnings = {"a file could not be read"};
  distributed.add(*part);
  part->tier = Tier::kHour;
  part->resolution = bucket_of(Tier::kHour);
  part->since = 1'000;
  part->until = 4'000;
  part->exact = false;
  part->warnings = {"a file could not be read", "another"};
  distributed.add(*part);
  const auto answer = distributed.finish();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->tier, Tier::kHour);
  EXPECT_EQ(answer->resolution, bucket_of(Tier::kHour));
  EXPECT_EQ(answer->since, 1'000);
  EXPECT_EQ(answer->until, 4'000);
  EXPECT_FALSE(answer->exact);
  EXPECT_EQ(answer->warnings.size(), 2U);
  EXPECT_EQ(answer->rows_read, 2 * kRecords);
}

/// A store that answers with less than all its groups makes every sum wrong.
TEST_F(Distributed, TooManyGroupsAreAFailureAndNoNumber) {
  QueryRequest request;
  request.query.aggregates = {{AggregateOp::kQuantile, {FieldId::kBytes, {}}, 0.99, "p99_bytes"}};
  DistributedQuery distributed(request);
  QueryRequest small = distributed.part();
  small.limits.rows = 10;
  auto part = evaluate(small, records_.of(RecordKind::kFlow));
  ASSERT_TRUE(part);
  ASSERT_TRUE(part->truncated);
  distributed.add(std::move(*part));
  const auto answer = distributed.finish();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, QueryFailure::Kind::kTooBroad);
  EXPECT_NE(answer.error().message.find("narrow"), std::string::npos);
}

/// Records of a store that sends fewer than it was asked for: the page ends where
/// it may have more, and the cursor goes on there.
TEST_F(Distributed, StoresThatSendFewerRecordsCostPagesAndNoRecords) {
  const auto stores = deal(RecordKind::kFlow);
  QueryRequest request;
  request.limits.rows = 50;
  const auto all = evaluate({}, records_.of(RecordKind::kFlow));
  std::vector<std::vector<Value>> paged;
  for (std::size_t page = 0; page < kRecords; ++page) {
    DistributedQuery distributed(request);
    for (std::size_t i = 0; i < stores.size(); ++i) {
      QueryRequest part = distributed.part();
      if (i % 2 == 0) part.limits.rows = 8;
      auto answer = evaluate(part, stores[i]);
      ASSERT_TRUE(answer);
      distributed.add(std::move(*answer));
    }
    const auto got = distributed.finish();
    ASSERT_TRUE(got) << got.error().message;
    ASSERT_EQ(got->truncated, !got->cursor.empty());
    paged.insert(paged.end(), got->rows.begin(), got->rows.end());
    if (got->cursor.empty()) break;
    request.cursor = got->cursor;
  }
  ASSERT_TRUE(all);
  EXPECT_EQ(paged, all->rows);
}

TEST_F(Distributed, RefusesWhatIsNoAnswer) {
  QueryRequest request;
  request.query.aggregates = {{AggregateOp::kSum, {FieldId::kBytes, {}}, 0, "sum_bytes"}};
  request.query.by = {{FieldId::kSrcIp, {}}};
  const DistributedQuery distributed(request);
  const auto right = evaluate(distributed.part(), records_.of(RecordKind::kFlow));
  ASSERT_TRUE(right && distributed.fits(*right));
  auto wrong = *right;
  wrong.columns.pop_back();
  EXPECT_FALSE(distributed.fits(wrong));
  wrong = *right;
  wrong.rows.front().pop_back();
  EXPECT_FALSE(distributed.fits(wrong));
  wrong = *right;
  wrong.rows.back().front() = Value("10.0.0.1");
  EXPECT_FALSE(distributed.fits(wrong));
}

TEST_F(Distributed, BadCursorsAreRefusedAsOneStoreDoes) {
  for (const char* cursor : {"x", "5", "5.-1", "1.99999999999"}) {
    QueryRequest request;
    request.cursor = cursor;
    const auto answer = ask(request, deal(RecordKind::kFlow));
    ASSERT_FALSE(answer) << cursor;
    EXPECT_EQ(answer.error().kind, QueryFailure::Kind::kBadQuery);
  }
  QueryRequest ordered;
  ordered.cursor = "5.0";
  ordered.query.order = {{"bytes", true}};
  EXPECT_FALSE(ask(ordered, deal(RecordKind::kFlow)));
}

}  // namespace
}  // namespace netprobe::test
