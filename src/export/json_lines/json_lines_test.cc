// SPDX-License-Identifier: Apache-2.0
#include "export/json_lines/json_lines_sender.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "export/json_lines/line_stream.h"
#include "outbox/testing/made_records.h"
#include "support/certificates.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace netprobe {
namespace {

using test::text_of_file;

class JsonLines : public ::testing::Test {
 protected:
  std::unique_ptr<RecordSender> make(const std::string& parameters = "") {
    auto target = parse_export_target("file://" + path_ + "?fields=flow_id&" + parameters,
                                      std::span(&kFileExport, 1), 0);
    EXPECT_TRUE(target) << target.error().message;
    auto sender = make_file_sender(*target, clock_);
    EXPECT_TRUE(sender) << sender.error().message;
    return std::move(*sender);
  }
  /// As many flows as there are numbers from `first` on.
  SendOutcome send(RecordSender& sender, std::uint64_t first, std::size_t count) {
    const auto batch = testing::made_flows(count, first);
    std::vector<RecordRef> records;
    for (const FlowRecord& flow : batch->flows)
      records.push_back({RecordKind::kFlow, &flow, batch->node});
    return sender.send(records);
  }
  static std::string lines(std::uint64_t first, std::size_t count) {
    std::string all;
    for (std::uint64_t id = first; id < first + count; ++id)
      all += R"({"kind":"flows","flow_id":)" + std::to_string(id) + "}\n";
    return all;
  }

  ManualClock clock_{1000 * kSecond};
  test::TempDir dir_;
  std::string path_ = dir_.file("flows.jsonl");
};

TEST_F(JsonLines, WritesOneObjectALine) {
  auto sender = make();
  const auto outcome = send(*sender, 1, 3);
  EXPECT_TRUE(outcome.again.empty());
  EXPECT_EQ(outcome.problem, "");
  EXPECT_EQ(text_of_file(path_), lines(1, 3));
  EXPECT_EQ(outcome.bytes, lines(1, 3).size());
  struct stat info{};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(JsonLines, GoesOnInAFileThatIsThere) {
  test::write_file(path_, "something\n");
  auto sender = make();
  (void)send(*sender, 1, 1);
  EXPECT_EQ(text_of_file(path_), "something\n" + lines(1, 1));
}

TEST_F(JsonLines, HalfALineOfAnEarlierProcessGoes) {
  test::write_file(path_, lines(1, 1) + R"({"kind":"flows","flo)");
  auto sender = make();
  (void)send(*sender, 2, 1);
  EXPECT_EQ(text_of_file(path_), lines(1, 2));
  // What is somebody else's stays.
  test::write_file(path_, "half of a li");
  auto other = make();
  (void)send(*other, 3, 1);
  EXPECT_EQ(text_of_file(path_), "half of a li\n" + lines(3, 1));
}

TEST_F(JsonLines, WhoRenamesOrRemovesTheFileGetsANewOne) {
  auto sender = make();
  (void)send(*sender, 1, 2);
  std::filesystem::rename(path_, dir_.file("old"));
  (void)send(*sender, 3, 2);
  EXPECT_EQ(text_of_file(dir_.file("old")), lines(1, 2));
  EXPECT_EQ(text_of_file(path_), lines(3, 2));
  std::filesystem::remove(path_);
  (void)send(*sender, 5, 1);
  EXPECT_EQ(text_of_file(path_), lines(5, 1));
  // copytruncate
  ASSERT_EQ(::truncate(path_.c_str(), 0), 0);
  (void)send(*sender, 6, 1);
  EXPECT_EQ(text_of_file(path_), lines(6, 1));
}

TEST_F(JsonLines, RotatesBySizeAndKeepsSoMany) {
  auto sender = make("rotate_size=40&keep=2");
  for (std::uint64_t id = 1; id <= 8; id += 2) (void)send(*sender, id, 2);
  EXPECT_EQ(text_of_file(path_), lines(7, 2));
  EXPECT_EQ(text_of_file(path_ + ".1"), lines(5, 2));
  EXPECT_EQ(text_of_file(path_ + ".2"), lines(3, 2));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".3"));
}

TEST_F(JsonLines, RotatesByAgeWhenNothingComesToo) {
  auto sender = make("rotate_age=60s");
  (void)send(*sender, 1, 1);
  clock_.advance(59 * kSecond);
  sender->idle();
  EXPECT_FALSE(std::filesystem::exists(path_ + ".1"));
  clock_.advance(2 * kSecond);
  sender->idle();
  EXPECT_EQ(text_of_file(path_ + ".1"), lines(1, 1));
  (void)send(*sender, 2, 1);
  EXPECT_EQ(text_of_file(path_), lines(2, 1));
}

TEST_F(JsonLines, CompressesWhatIsPutToTheSide) {
  auto sender = make("rotate_size=40&keep=2&compress=gzip");
  for (std::uint64_t id = 1; id <= 8; id += 2) (void)send(*sender, id, 2);
  for (int i = 0; i < 5; ++i) sender->idle();
  EXPECT_FALSE(std::filesystem::exists(path_ + ".1"));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".1.gz.part"));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".3.gz"));
  const auto first = test::run_ok({"gzip", "-dc", path_ + ".1.gz"});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(*first, lines(7, 2));
  const auto second = test::run_ok({"gzip", "-dc", path_ + ".2.gz"});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(*second, lines(5, 2));
}

TEST_F(JsonLines, AFolderThatIsNotThereIsTriedAgain) {
  path_ = dir_.file("later/flows.jsonl");
  auto sender = make();
  auto outcome = send(*sender, 1, 2);
  EXPECT_EQ(outcome.again.size(), 2U);
  EXPECT_NE(outcome.problem.find("make the folder"), std::string::npos) << outcome.problem;
  std::filesystem::create_directory(dir_.file("later"));
  outcome = send(*sender, 1, 2);
  EXPECT_TRUE(outcome.again.empty());
  EXPECT_EQ(text_of_file(path_), lines(1, 2));
}

TEST_F(JsonLines, WhatIsNoFileIsRefused) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  auto sender = make();
  const auto outcome = send(*sender, 1, 2);
  EXPECT_EQ(outcome.again.size(), 2U);
  EXPECT_NE(outcome.problem.find("use stdout:"), std::string::npos) << outcome.problem;
}

/// As on a full disk: no file of this process grows beyond the limit.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_F(JsonLines, NoHalfLineStaysWhereThereIsNoRoom) {
  auto sender = make();
  SendOutcome outcome;
  {
    const FileLimit limit(lines(1, 3).size() + 10);
    outcome = send(*sender, 1, 6);
    EXPECT_EQ(outcome.again, (std::vector<std::uint32_t>{3, 4, 5}));
    EXPECT_NE(outcome.problem.find("cannot write " + path_), std::string::npos) << outcome.problem;
    EXPECT_EQ(text_of_file(path_), lines(1, 3));
    outcome = send(*sender, 4, 3);
    EXPECT_EQ(outcome.again.size(), 3U);
    EXPECT_EQ(text_of_file(path_), lines(1, 3));
  }
  outcome = send(*sender, 4, 3);
  EXPECT_TRUE(outcome.again.empty());
  EXPECT_EQ(text_of_file(path_), lines(1, 6));
}

TEST_F(JsonLines, AFullDiskIsSaidAndGoneOnFrom) {
  const std::string disk = dir_.file("disk");
  std::filesystem::create_directory(disk);
  if (::mount("none", disk.c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "needs the right to mount";
  path_ = disk + "/flows.jsonl";
  std::size_t written = 0;
  std::string problem;
  {
    auto sender = make();
    while (problem.empty() && written < 10'000) {
      const auto outcome = send(*sender, 1 + written, 100);
      written += 100 - outcome.again.size();
      problem = outcome.problem;
    }
    EXPECT_NE(problem.find("No space left on device; make room"), std::string::npos) << problem;
    EXPECT_EQ(text_of_file(path_), lines(1, written));
    std::filesystem::rename(path_, disk + "/old");
    std::filesystem::resize_file(disk + "/old", 10);
    EXPECT_EQ(send(*sender, 1 + written, 100).problem, "");
    EXPECT_EQ(text_of_file(path_), lines(1 + written, 100));
  }
  ::umount2(disk.c_str(), MNT_DETACH);
}

TEST_F(JsonLines, BadParametersAreUsageErrors) {
  const auto why = [&](const std::string& url) {
    const auto target = parse_export_target(url, std::span(&kFileExport, 1), 0);
    if (!target) return target.error().message;
    const auto sender = make_file_sender(*target, clock_);
    EXPECT_FALSE(sender) << url;
    EXPECT_EQ(sender.error().kind, ErrorKind::kUsage);
    return sender.error().message;
  };
  EXPECT_NE(why("file://var/log/x").find("file:///var/log/x"), std::string::npos);
  EXPECT_NE(why("file:///var/log/").find("is a folder"), std::string::npos);
  EXPECT_NE(why("file:///x?keep=-1").find("a number from 0"), std::string::npos);
  EXPECT_NE(why("file:///x?compress=gzp").find("did you mean 'gzip'?"), std::string::npos);
  EXPECT_NE(why("file:///x?mode=0999").find("octal"), std::string::npos);
  EXPECT_NE(why("file:///x?rotate_age=x").find("a duration"), std::string::npos);
}

TEST_F(JsonLines, ASlowReaderOfAPipeGetsWholeLines) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  UniqueFd in(ends[0]);
  UniqueFd out(ends[1]);
  ASSERT_EQ(::fcntl(out.get(), F_SETPIPE_SZ, 4096), 4096);
  const SystemClock clock;
  LineStream stream(out.get(), 100 * kMillisecond, clock);
  const FieldRef id{FieldId::kFlowId, {}};
  LineBuffer buffer(FieldSelection({&id, 1}));
  const auto batch = testing::made_flows(1000);
  std::vector<RecordRef> records;
  for (const FlowRecord& flow : batch->flows)
    records.push_back({RecordKind::kFlow, &flow, batch->node});
  buffer.render(records);
  // Nobody reads: some lines go, and the last is begun.
  const auto first = stream.write(buffer);
  EXPECT_GT(first.lines, 50U);
  EXPECT_LT(first.lines, 200U);
  EXPECT_NE(first.problem.find("slow"), std::string::npos);
  std::string read;
  std::thread reader([&] {
    char some[1024];
    for (ssize_t n = 0; (n = ::read(in.get(), some, sizeof some)) > 0;)
      read.append(some, static_cast<std::size_t>(n));
  });
  buffer.render(std::span(records).subspan(first.lines));
  const auto second = stream.write(buffer);
  EXPECT_EQ(second.problem, "");
  EXPECT_EQ(first.lines + second.lines, 1000U);
  out.reset();
  reader.join();
  EXPECT_EQ(read, lines(1, 1000));
}

}  // namespace
}  // namespace netprobe
