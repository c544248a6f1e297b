// SPDX-License-Identifier: Apache-2.0
// What waits on disk: within its bound, over restarts of either side, damaged or
// refused. After each of it every record is there once, or counted.
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "query/schema.h"
#include "store/clickhouse_fixture.h"

namespace netprobe::test {
namespace {

using Fault = FaultyProxy::Fault;
namespace fs = std::filesystem;

TEST_F(ClickHouseFaultTest, WaitsForAServerThatIsNotThereYet) {
  server_->stop();
  open();
  write(1, 10);
  ASSERT_TRUE(wait_until([&] { return store_->status().bytes_spilled > 0; }));
  const auto status = store_->status();
  EXPECT_FALSE(status.writable);
  EXPECT_FALSE(status.problem.empty());
  EXPECT_EQ(status.rows_waiting, 500U);
  ASSERT_TRUE(server_->restart());
  ASSERT_TRUE(flush());
  expect_exact(500);
  EXPECT_EQ(store_->status().bytes_spilled, 0U);
}

TEST_F(ClickHouseFaultTest, GoesOnWithWhatIsOnDiskAfterARestart) {
  server_->stop();
  open();
  write(1, 20);
  ASSERT_TRUE(wait_until([&] { return store_->status().bytes_spilled > 0; }));
  store_->stop();
  EXPECT_TRUE(store_->status().lost.empty());
  ASSERT_TRUE(server_->restart());
  open();
  EXPECT_GT(store_->status().rows_waiting, 0U);
  for (std::uint64_t number = 1; number <= 3; ++number)
    store_->write(make_batch({.lane = "2", .number = number, .flows = 7}));
  ASSERT_TRUE(wait_until([&] { return store_->status().rows_waiting == 0; }));
  EXPECT_EQ(ask("SELECT count() FROM netprobe.flows"), "1021");
  EXPECT_EQ(ask("SELECT sum(records) FROM netprobe.flows_1h"), "1021");
}

TEST_F(ClickHouseFaultTest, OnceThoughTheAgentEndsWithoutAnAnswer) {
  open();
  ASSERT_TRUE(wait_until([&] { return store_->status().writable; }));
  // The server has it, nobody was told, and the agent ends.
  proxy_->set(Fault::kDropAnswer, 1);
  write(1, 1);
  ASSERT_TRUE(wait_until([&] { return proxy_->met() == 1; }));
  proxy_->set(Fault::kRefuse, 1'000'000, "");
  ASSERT_TRUE(wait_until([&] { return store_->status().bytes_spilled > 0; }));
  store_->stop();
  proxy_->set(Fault::kNone, 0);
  open();
  ASSERT_TRUE(wait_until([&] { return store_->status().rows_waiting == 0; }));
  expect_exact(50);
}

TEST_F(ClickHouseFaultTest, HoldsTheBoundOfItsSpill) {
  server_->stop();
  auto small = options();
  small.spill_bytes = 64U << 10U;
  small.memory_bytes = 1U << 20U;
  open(small);
  for (std::uint64_t number = 1; number <= 60; ++number) {
    write(number, number, 400);
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  ASSERT_TRUE(wait_until([&] {
    const auto status = store_->status();
    return status.rows_waiting + lost(status, "spill_full") + lost(status, "queue_full") == 24'000;
  }));
  EXPECT_LE(store_->status().bytes_spilled, small.spill_bytes);
  EXPECT_LE(store_->status().memory_bytes, small.memory_bytes);
  ASSERT_TRUE(server_->restart());
  ASSERT_TRUE(wait_until([&] { return store_->status().rows_waiting == 0; }));
  const auto status = store_->status();
  std::uint64_t gone = 0;
  for (const auto& [cause, rows] : status.lost) gone += rows;
  EXPECT_EQ(status.rows_written + gone, 24'000U);
  expect_exact(status.rows_written);
}

TEST_F(ClickHouseFaultTest, SetsACorruptFileAside) {
  server_->stop();
  open();
  for (std::uint64_t number = 1; number <= 3; ++number) {
    write(number, number);
    ASSERT_TRUE(wait_until([&] { return store_->status().rows_waiting == number * 50; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
  }
  store_->stop();
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(spill_.path()))
    if (entry.path().extension() == ".batch") files.push_back(entry.path());
  ASSERT_EQ(files.size(), 3U);
  std::ranges::sort(files);
  std::fstream file(files[1], std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(60);
  file.put('\x55');
  file.close();
  ASSERT_TRUE(server_->restart());
  open();
  ASSERT_TRUE(wait_until([&] { return store_->status().rows_waiting == 0; }));
  EXPECT_EQ(lost(store_->status(), "corrupt_file"), 50U);
  EXPECT_TRUE(fs::exists(spill_.file("corrupt") + "/" + files[1].filename().string()));
  expect_exact(100);
}

TEST_F(ClickHouseFaultTest, SetsABatchAsideThatTheServerRejects) {
  open();
  write(1, 1);
  ASSERT_TRUE(flush());
  // A table that somebody changed: a column has a type that the rows do not fit.
  tell("DROP TABLE netprobe.drops_in");
  const std::string broken = "CREATE TABLE netprobe.drops_in (time Int64, node String";
  std::string columns;
  for (const auto& column : table_columns(RecordKind::kDrop).subspan(2))
    columns += ", " + std::string(column.name) + " DateTime";
  tell(broken + columns + ", batch String, mark UInt64, send_by UInt32) ENGINE = Null");
  store_->write(make_batch({.number = 2, .flows = 0, .drops = 10}));
  write(3, 3);
  ASSERT_TRUE(flush()) << store_->status().problem;
  EXPECT_EQ(lost(store_->status(), "rejected"), 10U);
  EXPECT_FALSE(fs::is_empty(spill_.file("rejected")));
  expect_exact(100);
  // Put right and moved back, it goes in.
  store_->stop();
  tell("DROP TABLE netprobe.drops_in");
  for (const auto& entry : fs::directory_iterator(spill_.file("rejected")))
    fs::rename(entry.path(), spill_.file(entry.path().filename().string()));
  open();
  ASSERT_TRUE(wait_until([&] { return store_->status().rows_waiting == 0; }));
  EXPECT_EQ(ask("SELECT count() FROM netprobe.drops"), "10");
}

/// The server's data are on a small file system of their own.
class ClickHouseFullDiskTest : public ClickHouseFaultTest {
 protected:
  void SetUp() override {
    if (::mount("tmpfs", disk_.path().c_str(), "tmpfs", 0, "size=96m") != 0)
      GTEST_SKIP() << "cannot mount a file system: it takes root";
    mounted_ = true;
    ClickHouseFaultTest::SetUp();
  }
  void TearDown() override {
    ClickHouseFaultTest::TearDown();
    store_.reset();
    server_.reset();
    if (mounted_) ::umount2(disk_.path().c_str(), MNT_DETACH);
  }
  [[nodiscard]] std::string data_path() const override { return disk_.path(); }

  TempDir disk_;
  bool mounted_ = false;
};

TEST_F(ClickHouseFullDiskTest, WaitsUntilThereIsRoom) {
  open();
  write(1, 1);
  ASSERT_TRUE(flush());
  // Somebody else has all but little of the disk.
  const std::string filler = disk_.file("filler");
  std::error_code ignored;
  const auto room = fs::space(disk_.path(), ignored).available;
  const int fd = ::open(filler.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  ASSERT_EQ(::posix_fallocate(fd, 0, static_cast<off_t>(room - (600U << 10U))), 0);
  ::close(fd);
  std::uint64_t number = 1;
  while (store_->status().problem.empty() && number < 200) {
    ++number;
    write(number, number, 3'000);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_FALSE(store_->status().problem.empty());
  fs::remove(filler);
  ASSERT_TRUE(flush()) << store_->status().problem;
  EXPECT_TRUE(store_->status().lost.empty());
  expect_exact(50 + (number - 1) * 3'000);
}

}  // namespace
}  // namespace netprobe::test
