// SPDX-License-Identifier: Apache-2.0
// Raw files of the first schema, whose tables have the names themselves: they are read,
// summed up and removed as those of today, and nothing is added to them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "query/record.h"
#include "store/duckdb/appender.h"
#include "store/duckdb/database.h"
#include "store/duckdb/raw_layout.h"
#include "store/duckdb/tables.h"
#include "store/duckdb/testing/store_fixture.h"

namespace netprobe::duck {
namespace {

constexpr Micros kMinute = 60'000'000;

class OldLayoutTest : public StoreTest {
 protected:
  /// As a store of the first schema left it.
  void leave_old_file(const HistoryBatch& batch) {
    std::filesystem::create_directories(options_.directory);
    const auto library = Library::load();
    auto instance = Instance::open(*library, {});
    ASSERT_TRUE(instance.has_value());
    auto session = Session::open(**instance);
    ASSERT_TRUE(session.has_value());
    const auto run = [&](const std::string& sql) {
      const auto done = (*session)->run(sql);
      ASSERT_TRUE(done.has_value()) << sql << ": " << done.error().message;
    };
    const FileName name{.kind = FileKind::kRaw, .sequence = 1, .period = format_stamp(now())};
    run(fmt::format("ATTACH {} AS old",
                    quote_text(options_.directory + "/" + format_file_name(name))));
    run("CREATE TABLE old.main.netprobe AS SELECT 1::BIGINT AS schema, 'raw' AS kind");
    run("CREATE TABLE old.main.batches (id VARCHAR)");
    const auto fill = [&](RecordKind kind, const auto& records) {
      const std::string table(table_name(kind, Tier::kRaw));
      run(create_table_sql("old.main." + table, table_columns(kind)));
      auto appender = TableAppender::open(**session, "old", table, table_columns(kind));
      ASSERT_TRUE(appender.has_value()) << appender.error().message;
      for (const auto& record : records) {
        write_record(**appender, record, batch.node);
        ASSERT_TRUE((*appender)->finish_row().has_value());
      }
      ASSERT_TRUE((*appender)->close().has_value());
    };
    fill(RecordKind::kFlow, batch.flows);
    fill(RecordKind::kDrop, batch.drops);
    fill(RecordKind::kConnection, batch.connections);
    fill(RecordKind::kAlert, batch.alerts);
    run("DETACH old");
  }

  /// The same questions whose answers do not depend on the layout.
  void check(std::uint64_t flows) {
    EXPECT_EQ(number("flows | count"), flows);
    EXPECT_EQ(number("flows | sum bytes"), flows * 60);
    std::uint64_t sum = 0;
    for (const auto& row : ask("src.port>=1 | count by src.namespace").rows)
      sum += std::get<std::uint64_t>(row.at(1));
    EXPECT_EQ(sum, flows);
    EXPECT_EQ(ask("src.port>=1 | count by src.pod, dst.workload").rows.size(), 35U);
    EXPECT_EQ(number("node=node-1 src.port>=1 direction=inter-node | count"), flows);
    EXPECT_EQ(number("src.label.app=app-2 src.port>=1 | count"), flows / 5);
    // From records by number, from those of files of old and from sums by name.
    for (const std::string filter :
         {"src.workload=workload-1", "workload=workload-1", "not src.namespace=namespace-2",
          R"(dst.workload~"-[13]$" direction=inter-node)", "dst.namespace=nobody"}) {
      const auto by_name = ask(filter + " | sum bytes, count by src.workload, dst.namespace").rows;
      EXPECT_EQ(by_name,
                ask(filter + " src.port>=1 | sum bytes, count by src.workload, dst.namespace").rows)
          << filter;
      EXPECT_EQ(by_name.empty(), filter.ends_with("nobody")) << filter;
    }
    EXPECT_EQ(number("src.pod=pod-1 | count"), ask("src.pod=pod-1 | fields flow.id").rows.size());
  }
};

TEST_F(OldLayoutTest, OldFilesAreReadAndSummedUpBesideNewOnes) {
  const auto old = make_batch(1000, 500, now() - 2 * kMinute);
  leave_old_file(*old);
  if (HasFatalFailure()) return;
  open();
  EXPECT_EQ(store_->status().problem, "");
  check(500);
  write(make_batch(1'000'000, 1000, now() - kMinute));
  flush();
  EXPECT_EQ(store_->status().files, 2U) << "nothing is added to a file of another layout";
  check(1500);
  const auto by_workload = [&] {
    return ask("flows | sum bytes, flows by src.workload, dst.namespace").rows;
  };
  const auto raw = by_workload();
  store_->close_raw_file();
  store_->keep_house();
  EXPECT_EQ(store_->status().problem, "");
  EXPECT_NE(ask("flows | sum bytes by src.workload").tier, Tier::kRaw);
  EXPECT_EQ(by_workload(), raw) << "the same by sums as by records";
  check(1500);
  EXPECT_EQ(number("drops | count"), 2U);
  EXPECT_EQ(number("connections | count"), 2U);
  EXPECT_EQ(number("alerts | count"), 2U);
}

TEST_F(OldLayoutTest, FilesOfTodayHaveNumbersAndNamesOnce) {
  open();
  write(make_batch(1, 30'000, now() - kMinute, 1));
  flush();
  store_->close_raw_file();
  close();
  const auto library = Library::load();
  auto instance = Instance::open(*library, {});
  ASSERT_TRUE(instance.has_value());
  auto session = Session::open(**instance);
  ASSERT_TRUE(session.has_value());
  ASSERT_TRUE((*session)
                  ->run(fmt::format("ATTACH {} AS file (READ_ONLY)",
                                    quote_text(options_.directory + "/" + names("raw-").front())))
                  .has_value());
  const auto value = [&](const std::string& sql) {
    const auto found = (*session)->value(sql);
    EXPECT_TRUE(found.has_value()) << sql << ": " << found.error().message;
    const auto* number = found ? std::get_if<std::int64_t>(&*found) : nullptr;
    return number != nullptr ? *number : -1;
  };
  EXPECT_EQ(value("SELECT schema FROM file.main.netprobe"), kRawSchema);
  // 7 x 3 x 5 pods, and nobody.
  EXPECT_EQ(value("SELECT count(*) FROM file.main.identities"), 106);
  EXPECT_EQ(value("SELECT count(DISTINCT id) FROM file.main.identities"), 106);
  EXPECT_EQ(value("SELECT count(*) FROM file.main.words WHERE word = 'inter-node'"), 1);
}

}  // namespace
}  // namespace netprobe::duck
