// SPDX-License-Identifier: Apache-2.0
#include "agent/history.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/temp_dir.h"

namespace netprobe {
namespace {

namespace fs = std::filesystem;

TEST(DataDir, IsMadeForItsUserAlone) {
  const test::TempDir folder;
  const std::string path = folder.file("a/b");
  {
    const auto dir = DataDir::open(path);
    ASSERT_TRUE(dir) << dir.error().message;
    EXPECT_EQ(dir->path(), path);
    EXPECT_TRUE(dir->why_temporary().empty());
    struct stat info{};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700U);
    std::ofstream(path + "/kept") << "x";
  }
  EXPECT_TRUE(fs::exists(path + "/kept"));
  EXPECT_TRUE(DataDir::open(path)) << "it is there already";
}

TEST(DataDir, OtherwiseATemporaryOneThatGoesWithIt) {
  const test::TempDir folder;
  std::ofstream(folder.file("file")) << "x";
  std::string path;
  {
    auto opened = DataDir::open(folder.file("file/below"));
    ASSERT_TRUE(opened) << opened.error().message;
    const DataDir dir = std::move(*opened);
    path = dir.path();
    EXPECT_NE(dir.why_temporary().find(folder.file("file/below") + " cannot be written"),
              std::string::npos)
        << dir.why_temporary();
    EXPECT_TRUE(fs::is_directory(path));
    std::ofstream(path + "/gone") << "x";
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(NoHistory, SaysWhy) {
  NoHistory none("there is no engine");
  int answers = 0;
  none.query({}, [&](const std::expected<QueryAnswer, QueryFailure>& answer) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, QueryFailure::Kind::kNoStore);
    EXPECT_EQ(answer.error().message, "history is off: there is no engine");
    ++answers;
  });
  none.flush(0, [&] { ++answers; });
  EXPECT_EQ(answers, 2);
  EXPECT_FALSE(none.status().writable);
}

TEST(HistoryReadiness, IsToldBesideUnlessItIsRequired) {
  HistoryStatus broken;
  broken.engine = "duckdb";
  broken.problem = "the disk is full";
  const Readiness ready{true, ""};
  EXPECT_TRUE(with_history(ready, broken, true, false).ready);
  EXPECT_EQ(with_history(ready, broken, true, false).reason,
            "history is not written: the disk is full");
  EXPECT_FALSE(with_history(ready, broken, true, true).ready);
  EXPECT_TRUE(with_history(ready, broken, false, true).ready) << "nobody wants it";
  broken.writable = true;
  EXPECT_TRUE(with_history(ready, broken, true, true).ready);
  EXPECT_EQ(with_history({false, "no interface"}, {}, true, false).reason, "no interface");
}

TEST(HistoryLosses, AreNotWhatRetentionRemoved) {
  HistoryStatus status;
  status.lost = {{"queue_full", 3}, {"retention", 1000}};
  const auto losses = history_losses(status);
  ASSERT_EQ(losses.size(), 1U);
  EXPECT_EQ(losses[0].stage, "history");
  EXPECT_EQ(losses[0].cause, "queue_full");
  EXPECT_EQ(losses[0].count, 3U);
}

}  // namespace
}  // namespace netprobe
