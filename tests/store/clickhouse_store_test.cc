// SPDX-License-Identifier: Apache-2.0
// The store on a real server that does well: what goes in, and what comes out.
#include "store/clickhouse_fixture.h"

namespace netprobe::test {
namespace {

TEST_F(ClickHouseStoreTest, KeepsAllKinds) {
  open();
  store_->write(make_batch({.flows = 1'000, .drops = 30, .connections = 20, .alerts = 5}));
  ASSERT_TRUE(flush());
  expect_exact(1'000);
  EXPECT_EQ(ask("SELECT count(), sum(packets) > 0, max(bytes) FROM netprobe.drops"),
            "30\t1\t18446744073709551615");
  EXPECT_EQ(ask("SELECT count(), max(connection_id), countIf(error = 'ECONNREFUSED') FROM "
                "netprobe.connections"),
            "20\t18446744073709551615\t10");
  EXPECT_EQ(ask("SELECT count(), any(alert_summary) = '10.0.0.1 asks for many ports; it\\'s \\\\ a "
                "scan' FROM netprobe.alerts"),
            "5\t1");
  EXPECT_EQ(ask("SELECT countIf(src_process = 'ngi\\0nx\\xff\\n') > 0 FROM netprobe.flows"), "1");
  const auto status = store_->status();
  EXPECT_EQ(status.rows_written, 1'055U);
  EXPECT_EQ(status.batches_written, 1U);
  EXPECT_TRUE(status.writable);
  EXPECT_TRUE(status.lost.empty());
}

TEST_F(ClickHouseStoreTest, PutsSmallBatchesTogether) {
  auto slow = options();
  slow.batch_time = kSecond;
  open(slow);
  write(1, 100, 10);
  ASSERT_TRUE(flush());
  expect_exact(1'000);
  EXPECT_LE(ask("SELECT uniq(batch) FROM netprobe.flows").size(), 1U) << "one digit: few groups";
  EXPECT_EQ(store_->status().batches_written, 100U);
}

TEST_F(ClickHouseStoreTest, SplitsAtMidnight) {
  open();
  store_->write(make_batch(
      {.flows = 2'000, .begin = kRecordsStart + 12LL * 3600 * 1'000'000 - 500'000, .step = 500}));
  ASSERT_TRUE(flush());
  expect_exact(2'000);
  EXPECT_EQ(ask("SELECT uniq(partition) FROM system.parts WHERE table = 'flows' AND active"), "2");
}

TEST_F(ClickHouseStoreTest, RollUpsStayRightWhenPartsAreMerged) {
  open();
  for (std::uint64_t number = 1; number <= 12; ++number) {
    store_->write(make_batch({.number = number,
                              .flows = 300,
                              .begin = kRecordsStart + static_cast<Micros>(number) * 7'000'000,
                              .step = 20'000}));
    ASSERT_TRUE(flush());
  }
  // While the server merges some parts by itself, OPTIMIZE leaves them to that, and says nothing.
  for (const std::string table : {"flows_1m", "flows_1h", "flows"}) {
    const std::string parts =
        "SELECT count() = uniq(partition) FROM system.parts WHERE database = "
        "'netprobe' AND active AND table = '" +
        table + "'";
    EXPECT_TRUE(wait_until([&] {
      EXPECT_EQ(ask("OPTIMIZE TABLE netprobe." + table + " FINAL"), "");
      return ask(parts) == "1";
    })) << table;
  }
  expect_exact(3'600);
  // All marks of a lane and a day become one row.
  EXPECT_EQ(ask("SELECT count(), sum(marks) FROM netprobe.flows_1h WHERE lane != ''"), "1\t12");
}

TEST_F(ClickHouseStoreTest, RemovesDaysThatAreOver) {
  auto brief = options();
  brief.keep_raw = 24 * 3600 * kSecond;
  brief.keep_minutes = 7 * 24 * 3600 * kSecond;
  const SystemClock clock;
  const Micros now = clock.wall() / kMicrosecond;
  const Micros day = 24LL * 3600 * 1'000'000;
  open(brief);
  // Retention looks at once, and then once a minute: what is old is there first.
  store_->write(make_batch({.number = 1, .flows = 10, .begin = now - 4 * day}));
  store_->write(make_batch({.number = 2, .flows = 10, .begin = now - 10'000'000}));
  ASSERT_TRUE(flush());
  store_->stop();
  open(brief);
  EXPECT_TRUE(wait_until([&] { return ask("SELECT count() FROM netprobe.flows") == "10"; }));
  EXPECT_EQ(ask("SELECT sum(records) FROM netprobe.flows_1m"), "20");
}

TEST_F(ClickHouseStoreTest, LeavesANewerSchemaAlone) {
  open();
  ASSERT_TRUE(wait_until([&] { return store_->status().writable; }));
  store_->stop();
  tell("INSERT INTO netprobe.netprobe_schema VALUES (7, 0)");
  open();
  write(1, 3);
  ASSERT_TRUE(wait_until([&] { return !store_->status().problem.empty(); }));
  EXPECT_EQ(
      store_->status().problem,
      "the ClickHouse database 'netprobe' has schema 7, this agent knows 1: upgrade the agent, "
      "or give it a database of its own");
  ASSERT_TRUE(wait_until([&] { return store_->status().bytes_spilled > 0; }));
  EXPECT_EQ(ask("SELECT count() FROM netprobe.flows"), "0");
  store_->stop();
  // A newer agent finds what waits.
  tell("DROP TABLE netprobe.netprobe_schema");
  open();
  ASSERT_TRUE(wait_until([&] { return store_->status().rows_waiting == 0; }));
  expect_exact(150);
}

TEST_F(ClickHouseStoreTest, MakesTablesAgainThatWereDropped) {
  open();
  write(1, 1);
  ASSERT_TRUE(flush());
  tell("DROP DATABASE netprobe");
  write(2, 3);
  ASSERT_TRUE(flush());
  expect_exact(100);
}

TEST_F(ClickHouseStoreTest, TellsNobodyItsPassword) {
  auto locked = ClickHouseServer::start({.user = "np", .password = "s3cr3t"});
  ASSERT_TRUE(locked) << locked.error().message;
  auto wrong = options();
  wrong.url = "http://np:wr0ng-s3cr3t@127.0.0.1:" + std::to_string((*locked)->port());
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  open(wrong);
  write(1, 1);
  ASSERT_TRUE(wait_until([&] { return !store_->status().problem.empty(); }));
  const auto status = store_->status();
  store_->stop();
  const std::string said = ::testing::internal::GetCapturedStderr() +
                           ::testing::internal::GetCapturedStdout() + status.problem + status.where;
  EXPECT_FALSE(said.contains("wr0ng")) << said;
  EXPECT_TRUE(said.contains("batches wait")) << said;
  EXPECT_FALSE(status.where.contains("np:"));
  auto right = options();
  right.url = "http://np@127.0.0.1:" + std::to_string((*locked)->port());
  right.password_file = spill_.file("password");
  ASSERT_EQ(std::system(("printf 's3cr3t\\n' > " + right.password_file).c_str()), 0);
  open(right);
  EXPECT_TRUE(wait_until([&] { return store_->status().rows_waiting == 0; }));
  EXPECT_EQ((*locked)->ask("SELECT count() FROM netprobe.flows").value_or("error"), "50");
}

}  // namespace
}  // namespace netprobe::test
