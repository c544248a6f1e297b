// SPDX-License-Identifier: Apache-2.0
// What a crash, a full disk and broken files leave: everything that was acknowledged,
// once, and a store that goes on.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "store/duckdb/database.h"
#include "store/duckdb/tables.h"
#include "store/duckdb/testing/store_fixture.h"
#include "support/process.h"

namespace netprobe::duck {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kStride = 1'000'000;  // between the batches of a child

struct Told {
  std::vector<std::uint64_t> taken;
  std::vector<std::uint64_t> acknowledged;
  std::string failed;
};

Told read_told(const std::string& out) {
  Told told;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word;
    std::uint64_t number = 0;
    if (line.starts_with("failed")) told.failed = line;
    if (words >> word >> number && word == "taken") told.taken.push_back(number);
    if (word == "acknowledged") told.acknowledged.push_back(number);
  }
  return told;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

class CrashTest : public StoreTest {
 protected:
  /// Flows of each batch, by its first number. Each has its own names, whatever numbers
  /// these had in the process that wrote it.
  std::map<std::uint64_t, std::uint64_t> flows_by_batch() {
    std::map<std::uint64_t, std::uint64_t> result;
    const auto text = [](std::string_view what, std::uint64_t number) {
      return Value(fmt::format("{}-{}", what, number));
    };
    for (const auto& row :
         ask("src.port>=1 | count by flow.id, src.namespace, dst.workload, direction").rows) {
      const auto id = std::get<std::uint64_t>(row.at(0));
      EXPECT_EQ(row.at(1), text("namespace", id % 3)) << "flow " << id;
      EXPECT_EQ(row.at(2), text("workload", (id + 1) % 5)) << "flow " << id;
      EXPECT_EQ(row.at(3), Value(std::string("inter-node"))) << "flow " << id;
      EXPECT_EQ(std::get<std::uint64_t>(row.at(4)), 1U) << "flow " << id << " is there twice";
      ++result[id / kStride];
    }
    return result;
  }

  /// A child writes until it is killed after about `life`.
  Told run_child(std::uint64_t first, std::size_t flows, bool sums, Nanos life,
                 std::uint64_t batches = 1) {
    auto child = test::Process::start({HISTORY_CHILD, options_.directory, std::to_string(first),
                                       std::to_string(flows), sums ? "sums" : "nothing"});
    EXPECT_TRUE(child.has_value()) << child.error().message;
    if (!child) return {};
    EXPECT_TRUE(
        child
            ->wait_for_output(fmt::format("acknowledged {}\n", first + (batches - 1) * kStride),
                              60 * kSecond)
            .has_value())
        << child->out();
    std::this_thread::sleep_for(std::chrono::nanoseconds(life));
    EXPECT_TRUE(child->send_signal(SIGKILL).has_value());
    const auto ended = child->wait(20 * kSecond);
    EXPECT_TRUE(ended.has_value());
    return read_told(ended ? ended->out : "");
  }
};

TEST_F(CrashTest, KilledTwentyTimesLosesNothingThatWasAcknowledged) {
  std::minstd_rand random(7);  // NOLINT: the same in every run
  std::map<std::uint64_t, std::uint64_t> expected;
  std::vector<std::uint64_t> taken;
  std::uint64_t first = kStride;
  for (int round = 0; round < 20; ++round) {
    // Small batches go through the log, large ones to the file; files are closed and
    // summed up in half of the lives.
    const std::size_t flows =
        round % 4 == 3 ? 31'000 : 200 + 300 * static_cast<std::size_t>(round % 3);
    const Told told =
        run_child(first, flows, round % 2 == 1, static_cast<Nanos>(random() % 400) * kMillisecond);
    ASSERT_EQ(told.failed, "");
    ASSERT_FALSE(told.acknowledged.empty());
    for (const std::uint64_t batch : told.acknowledged) expected[batch / kStride] = flows;
    taken.insert(taken.end(), told.taken.begin(), told.taken.end());
    first = told.taken.back() + kStride;
  }
  // A quick machine writes some 100,000 flows, which are grouped by id and names.
  options_.memory_limit = 1ULL << 30U;
  open();
  EXPECT_EQ(lost("corrupt_file"), 0U) << store_->status().problem;
  auto found = flows_by_batch();
  for (const auto& [batch, flows] : expected) EXPECT_EQ(found[batch], flows) << "batch " << batch;
  // What was not acknowledged is there whole or not at all.
  std::uint64_t batches = 0;
  for (const auto& [batch, flows] : found) {
    if (flows == 0) continue;
    ++batches;
    EXPECT_TRUE(flows >= 200 && (flows % 100 == 0)) << "half of batch " << batch;
  }
  EXPECT_GE(batches, expected.size());
  EXPECT_LE(batches, taken.size());
  // Summed up once, whenever the process was killed: sums and records agree.
  EXPECT_EQ(number("drops | count"), batches);
  EXPECT_EQ(number("flows | sum flows"), number("src.port>=1 | sum flows"));
  store_->keep_house();
  EXPECT_EQ(number("drops | count"), batches);
  EXPECT_EQ(number("flows | sum flows"), number("src.port>=1 | sum flows"));
  std::cout << "acknowledged batches: " << expected.size() << ", found: " << batches << "\n";
}

TEST_F(CrashTest, KilledInTheMiddleOfASumLosesAndDoublesNothing) {
  std::uint64_t first = kStride;
  std::map<std::uint64_t, std::uint64_t> expected;
  std::size_t taken = 0;
  for (const std::string kind : {"events", "minute", "hour"}) {
    for (const std::string moment : {"inserted", "committed"}) {
      auto child = test::Process::start({HISTORY_CHILD, options_.directory, std::to_string(first),
                                         "400", fmt::format("{} {}", kind, moment)});
      ASSERT_TRUE(child.has_value()) << child.error().message;
      const auto ended = child->wait(60 * kSecond);
      ASSERT_TRUE(ended.has_value()) << kind << " " << moment << ": it was not killed";
      EXPECT_EQ(ended->signal, SIGKILL) << ended->out << ended->err;
      const Told told = read_told(ended->out);
      ASSERT_EQ(told.failed, "");
      ASSERT_FALSE(told.taken.empty());
      for (const std::uint64_t batch : told.acknowledged) expected[batch / kStride] = 400;
      taken += told.taken.size();
      first = told.taken.back() + kStride;
    }
  }
  open();
  EXPECT_EQ(lost("corrupt_file"), 0U) << store_->status().problem;
  for (int look = 0; look < 2; ++look) {
    auto found = flows_by_batch();
    for (const auto& [batch, flows] : expected) EXPECT_EQ(found[batch], flows) << batch;
    for (const auto& [batch, flows] : found) EXPECT_EQ(flows, 400U) << batch;
    EXPECT_FALSE(found.empty());
    EXPECT_LE(found.size(), taken);
    EXPECT_EQ(number("drops | count"), found.size());
    EXPECT_EQ(number("src.port>=1 | sum flows"), number("flows | sum flows"));
    for (const char* step : {"1m", "1h"}) {
      const auto text = fmt::format("| sum bytes, sum flows by src.namespace every {}", step);
      EXPECT_EQ(ask("flows " + text).rows, ask("src.port>=1 " + text).rows) << step;
    }
    store_->keep_house();
  }
}

TEST_F(CrashTest, BrokenLogIsPutAsideAndReported) {
  const Told told = run_child(kStride, 300, false, 100 * kMillisecond);
  const auto logs = names("raw-");
  std::string log;
  for (const std::string& name : logs)
    if (name.ends_with(".wal")) log = name;
  ASSERT_NE(log, "") << "no log was left";
  const fs::path path = fs::path(options_.directory) / log;
  std::string content = read_file(path);
  ASSERT_GT(content.size(), 1000U);
  // Each byte by another value: the log's checksum is an exclusive or over its words, and
  // says nothing of an even number of equal ones that all become the same.
  for (std::size_t i = 0; i < 64; ++i)
    content[content.size() / 3 + i] ^= static_cast<char>(0x5a + i);
  write_file(path, content);
  open();
  EXPECT_EQ(lost("corrupt_file"), 1U);
  EXPECT_NE(store_->status().problem.find(log + ".bad"), std::string::npos)
      << store_->status().problem;
  EXPECT_TRUE(fs::exists(path.string() + ".bad"));
  write(make_batch(900 * kStride, 100, now()));
  flush();
  EXPECT_EQ(flows_by_batch()[900], 100U);
}

TEST_F(CrashTest, TornLogLosesOnlyItsEnd) {
  const Told told = run_child(kStride, 300, false, 0, 8);
  std::string log;
  for (const std::string& name : names("raw-"))
    if (name.ends_with(".wal")) log = name;
  ASSERT_NE(log, "");
  const fs::path path = fs::path(options_.directory) / log;
  const auto size = fs::file_size(path);
  ASSERT_GT(size, 5000U);
  fs::resize_file(path, size - 3000);
  open();
  EXPECT_EQ(lost("corrupt_file"), 0U) << store_->status().problem;
  auto found = flows_by_batch();
  ASSERT_GT(told.acknowledged.size(), 1U);
  for (std::size_t i = 0; i + 1 < told.acknowledged.size(); ++i)
    if (i + 2 < told.acknowledged.size())
      EXPECT_EQ(found[told.acknowledged[i] / kStride], 300U) << i;
}

TEST_F(CrashTest, FilesThatCannotBeUsedAreLeftAlone) {
  open();
  write(make_batch(kStride, 100, now()));
  flush();
  store_->close_raw_file();
  store_->keep_house();
  close();
  const fs::path folder = options_.directory;
  const std::string raw = names("raw-").front();
  // A closed file whose first blocks are wrong; texts of others; one of a later program.
  std::string content = read_file(folder / raw);
  for (std::size_t i = 0; i < 12'288 && i < content.size(); ++i) content[i] = 'x';
  write_file(folder / raw, content);
  write_file(folder / "raw-00000077-20260101T000000.duckdb", "not a database");
  write_file(folder / "mine.duckdb", "a user's own");
  const std::string minute = names("minute-").front();
  std::uint64_t newer_rows = 0;
  {
    const auto instance = Instance::open(*Library::load(), {});
    ASSERT_TRUE(instance.has_value());
    const auto session = Session::open(**instance);
    ASSERT_TRUE(session.has_value());
    const auto run = [&](const std::string& sql) {
      const auto done = (*session)->run(sql);
      EXPECT_TRUE(done.has_value()) << sql << ": " << done.error().message;
    };
    run(fmt::format("ATTACH {} AS f", quote_text((folder / minute).string())));
    run("UPDATE f.main.netprobe SET schema = 99");
    const auto rows = (*session)->value("SELECT count(*)::UBIGINT FROM f.main.flows_1m");
    ASSERT_TRUE(rows.has_value());
    newer_rows = std::get<std::uint64_t>(*rows);
    EXPECT_GT(newer_rows, 0U);
    run("DETACH f");
    run(fmt::format("ATTACH {} AS g", quote_text((folder / "hour-202601.duckdb").string())));
    run("CREATE TABLE g.main.t AS SELECT 1 AS a");
    run("DETACH g");
  }
  const std::string newer = read_file(folder / minute);
  open();
  // Three that cannot be opened, and the rows of the newer one; one is none of ours.
  EXPECT_EQ(lost("corrupt_file"), 3 + newer_rows);
  EXPECT_EQ(lost("foreign_file"), 1U);
  EXPECT_NE(store_->status().problem, "");
  // Today's file for sums by minute is of a newer version: another is made beside it.
  write(make_batch(2 * kStride, 100, now()));
  flush();
  store_->close_raw_file();
  store_->keep_house();
  // Of the first batch only its sums by hour are left.
  const QueryAnswer minutes = ask("flows | sum flows every 1m");
  EXPECT_EQ(minutes.tier, Tier::kMinute);
  std::uint64_t flows = 0;
  for (const auto& row : minutes.rows) flows += std::get<std::uint64_t>(row.at(1));
  EXPECT_EQ(flows, 100U);
  EXPECT_EQ(minutes.rows, ask("src.port>=1 | sum flows every 1m").rows);
  EXPECT_EQ(flows_by_batch()[2], 100U);
  const QueryAnswer answer = ask("flows | sum flows");
  EXPECT_FALSE(answer.warnings.empty());
  close();
  EXPECT_EQ(read_file(folder / raw), content);
  EXPECT_EQ(read_file(folder / minute), newer);
  EXPECT_EQ(read_file(folder / "mine.duckdb"), "a user's own");
  EXPECT_EQ(read_file(folder / "raw-00000077-20260101T000000.duckdb"), "not a database");
  EXPECT_EQ(names("minute-").size(), 2U);
}

class FullDiskTest : public CrashTest {
 protected:
  /// A small file system of this process alone, gone with it.
  void small_disk(const std::string& size) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to mount a small file system";
    ASSERT_EQ(::unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    fs::create_directories(options_.directory);
    ASSERT_EQ(
        ::mount("np-t-history", options_.directory.c_str(), "tmpfs", 0, ("size=" + size).c_str()),
        0);
    mounted_ = true;
  }
  void TearDown() override {
    store_.reset();
    if (mounted_) ::umount2(options_.directory.c_str(), MNT_DETACH);
    StoreTest::TearDown();
  }
  void fill() {
    std::ofstream file(options_.directory + "/filler", std::ios::binary);
    const std::string block(65'536, 'f');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  bool mounted_ = false;
};

TEST_F(FullDiskTest, LosesNothingAcknowledgedAndGoesOn) {
  small_disk("24m");
  if (IsSkipped()) return;
  open();
  std::map<std::uint64_t, std::uint64_t> acknowledged;
  std::uint64_t batch = 1;
  const auto write_some = [&](std::uint64_t until) {
    for (; batch < until; ++batch) {
      const auto before = store_->status().rows_written;
      write(make_batch(batch * kStride, 1000, now()));
      flush(1'500'000);
      if (store_->status().rows_written == before) return false;
      acknowledged[batch] = 1000;
    }
    return true;
  };
  EXPECT_TRUE(write_some(5));
  fill();
  // The disk is full in the middle of a commit, or of a checkpoint.
  EXPECT_FALSE(write_some(400));
  EXPECT_NE(store_->status().problem, "");
  EXPECT_FALSE(store_->status().writable);
  fs::remove(options_.directory + "/filler");
  flush(30'000'000);
  EXPECT_TRUE(store_->status().writable) << store_->status().problem;
  ++batch;  // the one that had to wait is written, or was given up and counted
  EXPECT_TRUE(write_some(batch + 5)) << store_->status().problem;
  auto found = flows_by_batch();
  for (const auto& [number, flows] : acknowledged) EXPECT_EQ(found[number], flows) << number;
  close();
  open();
  found = flows_by_batch();
  for (const auto& [number, flows] : acknowledged) EXPECT_EQ(found[number], flows) << number;
}

TEST_F(FullDiskTest, StopsBeforeTheDiskIsFull) {
  small_disk("64m");
  if (IsSkipped()) return;
  options_.min_free_bytes = 32 << 20U;
  options_.memory_limit = 16 << 20U;
  open();
  const std::string block(1 << 20U, 'f');
  {
    std::ofstream file(options_.directory + "/filler", std::ios::binary);
    for (int i = 0; i < 40; ++i) file << block;
  }
  for (std::uint64_t i = 1; i < 20; ++i) write(make_batch(i * kStride, 1000, now()));
  flush(1'500'000);
  const HistoryStatus status = store_->status();
  EXPECT_EQ(status.rows_written, 0U);
  EXPECT_NE(status.problem.find("MiB free"), std::string::npos) << status.problem;
  EXPECT_GT(lost("disk_full") + lost("queue_full"), 0U);
  fs::remove(options_.directory + "/filler");
  flush(30'000'000);
  EXPECT_GT(store_->status().rows_written, 0U);
  EXPECT_EQ(store_->status().problem, "");
}

}  // namespace
}  // namespace netprobe::duck
