// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb/duckdb_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <set>

#include "store/duckdb/database.h"
#include "store/duckdb/testing/store_fixture.h"

namespace netprobe::duck {
namespace {

constexpr Micros kMinute = 60'000'000;

std::uint64_t unsigned_of(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return static_cast<std::uint64_t>(*number);
  return std::get<std::uint64_t>(value);
}

using DuckDbStoreTest = StoreTest;

TEST_F(DuckDbStoreTest, KeepsEveryKindOfRecord) {
  open();
  write(make_batch(1, 500, now() - kMinute));
  flush();
  EXPECT_EQ(number("flows | count"), 500U);
  EXPECT_EQ(number("drops | count"), 1U);
  EXPECT_EQ(number("connections | count"), 1U);
  EXPECT_EQ(number("alerts | count"), 1U);
  EXPECT_EQ(number("flows | sum bytes"), 500U * 60);
  EXPECT_EQ(number("src.ip=10.0.0.7 | count"), 2U);
  EXPECT_EQ(number("src.namespace=namespace-1 src.label.app=app-2 | count"), 33U);
  const HistoryStatus status = store_->status();
  EXPECT_EQ(status.rows_written, 503U);
  EXPECT_EQ(status.batches_written, 1U);
  EXPECT_EQ(status.rows_waiting, 0U);
  EXPECT_TRUE(status.writable);
  EXPECT_EQ(status.problem, "");
  EXPECT_GT(status.bytes_on_disk, 0U);
}

TEST_F(DuckDbStoreTest, IsThereAgainAfterItWasClosed) {
  open();
  write(make_batch(1, 100, now() - kMinute));
  flush();
  close();
  open();
  EXPECT_EQ(number("flows | count"), 100U);
  write(make_batch(1000, 50, now() - kMinute));
  flush();
  EXPECT_EQ(number("flows | count"), 150U);
  EXPECT_EQ(store_->status().problem, "");
  close();
  EXPECT_EQ(names("raw-").size(), 1U) << "a short life leaves no file of its own";
}

TEST_F(DuckDbStoreTest, PagesCoverEveryRecordOnceNewestFirst) {
  open();
  // Hours apart, in several files, and many of one moment.
  for (int hour = 0; hour < 5; ++hour) {
    write(make_batch(1 + static_cast<std::uint64_t>(hour) * 1000, 300,
                     now() - (5 - hour) * kHistoryHour, hour % 2 == 0 ? 0 : 2'000'000));
    flush();
    if (hour % 2 == 0) store_->close_raw_file();
  }
  const auto query = parse_query("flows | fields time, flow.id", clock_.wall());
  ASSERT_TRUE(query.has_value()) << query.error().message;
  std::set<std::uint64_t> seen;
  std::int64_t before = INT64_MAX;
  QueryRequest request{.query = *query, .limits = {.rows = 70}};
  std::size_t pages = 0;
  do {
    const auto page = ask(request);
    ASSERT_TRUE(page.has_value()) << page.error().message;
    ASSERT_EQ(page->columns.size(), 2U);
    for (const auto& row : page->rows) {
      const auto time = std::get<std::int64_t>(row[0]);
      EXPECT_LE(time, before);
      before = time;
      EXPECT_TRUE(seen.insert(unsigned_of(row[1])).second);
    }
    request.cursor = page->cursor;
    ++pages;
  } while (!request.cursor.empty() && pages < 100);
  EXPECT_EQ(seen.size(), 1500U);
  EXPECT_EQ(pages, 22U);
}

TEST_F(DuckDbStoreTest, SumsAgreeWithRecordsHoweverFarTheyAre) {
  options_.keep_raw = 400 * 24 * kHistoryHour;
  open();
  const Micros hour = now() / kHistoryHour * kHistoryHour;
  const std::string text =
      fmt::format("src.namespace=namespace-1 | sum bytes, sum flows by dst.workload every 1h");
  const std::string raw_text =
      "src.namespace=namespace-1 src.port>=1 | sum bytes, sum flows by "
      "dst.workload every 1h";
  std::size_t summed_files = 0;
  for (int i = 0; i < 6; ++i) {
    write(make_batch(1 + static_cast<std::uint64_t>(i) * 10'000, 3000,
                     hour - 6 * kHistoryHour + i * kHistoryHour, 900'000));
    flush();
    // Some are summed up, one is closed only, the last is open.
    if (i < 5) store_->close_raw_file();
    if (i < 4) {
      store_->keep_house();
      summed_files = static_cast<std::size_t>(i) + 1;
    }
    const QueryAnswer sums = ask(text);
    const QueryAnswer records = ask(raw_text);
    EXPECT_EQ(sums.tier, Tier::kHour);
    EXPECT_EQ(records.tier, Tier::kRaw);
    EXPECT_EQ(sums.rows, records.rows);
    EXPECT_FALSE(sums.rows.empty());
  }
  EXPECT_EQ(summed_files, 4U);
  const QueryAnswer minutes = ask("flows | sum bytes every 1m");
  const QueryAnswer minutes_raw = ask("src.port>=1 | sum bytes every 1m");
  EXPECT_EQ(minutes.tier, Tier::kMinute);
  EXPECT_EQ(minutes.rows, minutes_raw.rows);
  EXPECT_EQ(number("drops | count"), 6U);
  EXPECT_EQ(number("alerts | count"), 6U);
  // Again, and after a start: nothing is in twice.
  store_->keep_house();
  store_->keep_house();
  close();
  open();
  store_->keep_house();
  EXPECT_EQ(ask(text).rows, ask(raw_text).rows);
  EXPECT_EQ(number("drops | count"), 6U);
}

TEST_F(DuckDbStoreTest, LargeFilesAreSummedUpStretchByStretch) {
  open();
  const Micros begin = now() - kHistoryHour;
  constexpr std::size_t kFlows = 40'000;
  for (std::uint64_t i = 0; i < 3; ++i) {
    write(make_batch(1 + i * 1'000'000, kFlows, begin, 9'000));
    flush();
  }
  const std::string sums = "| sum bytes, count, avg rtt, max rtt by src.namespace every 1m";
  const QueryAnswer records = ask("src.port>=1 " + sums);
  EXPECT_EQ(records.tier, Tier::kRaw);
  // Of the open file, of the closed one, and of its sums.
  for (int step = 0; step < 3; ++step) {
    if (step == 1) store_->close_raw_file();
    if (step == 2) store_->keep_house();
    const QueryAnswer answer = ask("flows " + sums);
    EXPECT_EQ(answer.tier, Tier::kMinute);
    EXPECT_EQ(answer.rows, records.rows) << step;
    EXPECT_EQ(number("flows | count"), 3 * kFlows);
  }
  EXPECT_EQ(store_->status().problem, "");
  EXPECT_EQ(names("minute-").size(), 1U);
}

TEST_F(DuckDbStoreTest, OldFilesGoAndWhatIsKeptLongerStays) {
  open();
  const Micros begin = now();
  write(make_batch(1, 1000, begin));
  flush();
  store_->close_raw_file();
  store_->keep_house();
  EXPECT_EQ(names("raw-").size(), 1U);
  clock_.step(30 * 3600 * kSecond);
  // A file's age is by its newest record.
  store_->keep_house();
  EXPECT_EQ(names("raw-").size(), 0U);
  EXPECT_EQ(lost("retention"), 1003U);
  EXPECT_EQ(number("flows | sum bytes"), 60'000U) << "the sums are there";
  EXPECT_EQ(number("src.port>=1 | count"), 0U);
  EXPECT_EQ(number("drops | count"), 1U);
  EXPECT_EQ(number("alerts | count"), 1U);
  clock_.step(20 * 24 * 3600 * kSecond);
  store_->keep_house();
  EXPECT_EQ(names("minute-").size(), 0U);
  EXPECT_EQ(names("events-").size(), 0U);
  EXPECT_EQ(names("hour-").size(), 1U);
  EXPECT_EQ(number("flows | sum bytes every 1h"),
            static_cast<std::uint64_t>(begin / kHistoryHour * kHistoryHour));
}

TEST_F(DuckDbStoreTest, StaysBelowItsSizeByRemovingTheOldest) {
  options_.max_bytes = 6 << 20U;
  open();
  for (std::uint64_t i = 0; i < 12; ++i) {
    write(make_batch(1 + i * 100'000, 20'000, now() - kHistoryHour));
    flush();
    store_->close_raw_file();
  }
  store_->keep_house();
  EXPECT_LE(store_->status().bytes_on_disk, options_.max_bytes);
  EXPECT_GT(lost("retention"), 0U);
  const auto raw = names("raw-");
  ASSERT_FALSE(raw.empty());
  EXPECT_LT(raw.size(), 12U);
  EXPECT_GE(raw.front(), "raw-00000004") << "the oldest went first";
}

TEST_F(DuckDbStoreTest, ClockStepsLoseNothing) {
  options_.keep_raw = 24 * kHistoryHour;
  open();
  write(make_batch(1, 100, now()));
  flush();
  store_->close_raw_file();
  clock_.step(-48 * 3600 * kSecond);
  const Micros early = now();
  write(make_batch(1000, 100, now()));
  flush();
  store_->close_raw_file();
  store_->keep_house();
  clock_.step(48 * 3600 * kSecond);
  write(make_batch(2000, 100, now()));
  flush();
  EXPECT_EQ(number("flows | count"), 300U);
  auto query = parse_query("src.port>=1 | count", clock_.wall());
  ASSERT_TRUE(query.has_value());
  query->since = early - kMinute;
  query->until = early + kMinute;
  const auto answer = ask(QueryRequest{.query = *query});
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(unsigned_of(answer->rows.at(0).at(0)), 100U);
  // In the order of their times, wherever they are.
  const QueryAnswer all = ask("flows | fields time");
  ASSERT_EQ(all.rows.size(), 300U);
  for (std::size_t i = 1; i < all.rows.size(); ++i)
    EXPECT_LE(std::get<std::int64_t>(all.rows[i][0]), std::get<std::int64_t>(all.rows[i - 1][0]));
}

TEST_F(DuckDbStoreTest, OneAgentADirectory) {
  open();
  const auto second = DuckDbStore::open(options_, clock_);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
  EXPECT_NE(second.error().message.find(fmt::format("(process {})", ::getpid())), std::string::npos)
      << second.error().message;
  close();
  open();
}

TEST_F(DuckDbStoreTest, WhatDoesNotFitIntoItsMemoryIsCounted) {
  open();
  std::uint64_t offered = 0;
  for (std::uint64_t i = 0; i < 60; ++i) {
    const auto batch = make_batch(1 + i * 100'000, 4000, now());
    offered += batch->size();
    write(batch);
  }
  flush();
  const HistoryStatus status = store_->status();
  EXPECT_GT(lost("queue_full"), 0U);
  EXPECT_EQ(status.rows_written + lost("queue_full"), offered);
  EXPECT_EQ(status.problem, "");
  EXPECT_EQ(number("flows | count") + 3 * status.batches_written, status.rows_written);
}

TEST_F(DuckDbStoreTest, QueriesEndWhenTheyShould) {
  open();
  for (std::uint64_t i = 0; i < 5; ++i) {
    write(make_batch(1 + i * 100'000, 20'000, now()));
    flush();
  }
  const auto query =
      parse_query("src.port>=1 | quantile 0.99 rtt by src.ip, dst.ip", clock_.wall());
  ASSERT_TRUE(query.has_value()) << query.error().message;
  const auto slow = ask(QueryRequest{.query = *query, .limits = {.time = 1}});
  ASSERT_FALSE(slow.has_value());
  EXPECT_EQ(slow.error().kind, QueryFailure::Kind::kTooBroad);
  const auto broad = ask(QueryRequest{.query = *query, .limits = {.rows_read = 1000}});
  ASSERT_FALSE(broad.has_value());
  EXPECT_EQ(broad.error().kind, QueryFailure::Kind::kTooBroad);
  EXPECT_NE(broad.error().message.find("100000 rows"), std::string::npos) << broad.error().message;
  QueryRequest request{.query = *query};
  *request.cancelled = true;
  const auto cancelled = ask(request);
  ASSERT_FALSE(cancelled.has_value());
  EXPECT_EQ(cancelled.error().kind, QueryFailure::Kind::kCancelled);
  EXPECT_EQ(store_->status().queries_failed, 3U);
  EXPECT_TRUE(ask(QueryRequest{.query = *query}).has_value());
}

TEST_F(DuckDbStoreTest, AnswersAfterARest) {
  options_.rest_after = 0;
  open();
  for (int round = 0; round < 3; ++round) {
    write(make_batch(1 + 1000 * static_cast<std::uint64_t>(round), 500, now() - kMinute));
    flush();
    if (round > 0) store_->close_raw_file();
    const auto flows = static_cast<std::uint64_t>(500 * (round + 1));
    EXPECT_EQ(number("src.port>=1 src.namespace=namespace-* | count"), flows);
    // The first time it has worked, the second time it rests, and the third it did already.
    for (int again = 0; again < 3; ++again) store_->keep_house();
    EXPECT_EQ(number("src.port>=1 src.namespace=namespace-* | count"), flows);
    EXPECT_EQ(number("flows | sum bytes"), flows * 60);
  }
  EXPECT_EQ(store_->status().problem, "");
}

TEST_F(DuckDbStoreTest, AnswersWhatIsAskedWhenItStops) {
  open();
  write(make_batch(1, 100, now()));
  store_->stop();
  bool flushed = false;
  store_->flush(1'000'000, [&] { flushed = true; });
  EXPECT_TRUE(flushed);
  const auto query = parse_query("flows | count", clock_.wall());
  const auto answer = ask(QueryRequest{.query = *query});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().kind, QueryFailure::Kind::kNoStore);
  EXPECT_EQ(store_->status().rows_written, 103U) << "what it had taken is written";
  write(make_batch(1, 5, now()));
  EXPECT_EQ(lost("stopped"), 8U);
}

}  // namespace
}  // namespace netprobe::duck
