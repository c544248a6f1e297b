// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/spill.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temp_dir.h"

namespace netprobe {
namespace {

InsertGroup group_of(const std::string& id) {
  GroupBuilder builder;
  HistoryBatch batch;
  batch.id = id;
  batch.flows.resize(3);
  builder.add(batch, 1);
  return std::move(*builder.finish());
}

TEST(Spill, FindsItsFilesInOrder) {
  const test::TempDir dir;
  {
    auto spill = Spill::open(dir.path() + "/deep/er");
    ASSERT_TRUE(spill) << spill.error().message;
    for (int i = 0; i < 12; ++i) ASSERT_TRUE(spill->write(group_of("n/1/" + std::to_string(i))));
  }
  std::ofstream(dir.path() + "/deep/er/00000000000000000099-3.batch.part") << "half";
  std::ofstream(dir.path() + "/deep/er/notes.txt") << "not ours";
  auto spill = Spill::open(dir.path() + "/deep/er");
  ASSERT_TRUE(spill);
  ASSERT_EQ(spill->found().size(), 12U);
  for (int i = 0; i < 12; ++i) {
    const auto& file = spill->found()[static_cast<std::size_t>(i)];
    EXPECT_EQ(file.rows, 3U);
    const auto group = spill->read(file);
    ASSERT_TRUE(group) << group.error().message;
    EXPECT_EQ(group->id, "n/1/" + std::to_string(i));
  }
  EXPECT_FALSE(std::filesystem::exists(dir.path() + "/deep/er/00000000000000000099-3.batch.part"));
  EXPECT_TRUE(std::filesystem::exists(dir.path() + "/deep/er/notes.txt"));
  // What comes now goes behind them.
  EXPECT_GT(spill->write(group_of("n/2/0"))->name, spill->found().back().name);
}

TEST(Spill, IsOfOneProcess) {
  const test::TempDir dir;
  const auto first = Spill::open(dir.path());
  ASSERT_TRUE(first);
  const auto second = Spill::open(dir.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
}

TEST(Spill, WhatIsSetAsideIsBoundedAndComesBackOutOfOrder) {
  const test::TempDir dir;
  {
    auto spill = Spill::open(dir.path());
    ASSERT_TRUE(spill);
    std::vector<SpilledFile> files;
    for (int i = 0; i < 4; ++i) files.push_back(*spill->write(group_of("n/1/" + std::to_string(i))));
    for (const auto& file : files) spill->reject(file, 2 * file.bytes);
  }
  std::vector<std::filesystem::path> kept;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path() + "/rejected"))
    kept.push_back(entry.path());
  ASSERT_EQ(kept.size(), 2U);
  for (const auto& path : kept)
    std::filesystem::rename(path, dir.path() + "/" + path.filename().string());
  const auto spill = Spill::open(dir.path());
  ASSERT_TRUE(spill);
  ASSERT_EQ(spill->found().size(), 2U);
  const auto group = spill->read(spill->found()[0]);
  ASSERT_TRUE(group);
  EXPECT_EQ(group->id, "n/1/2");
  EXPECT_TRUE(group->out_of_order);
}

TEST(Spill, ADirectoryThatCannotBeIsTold) {
  const auto spill = Spill::open("/proc/nothing/here");
  ASSERT_FALSE(spill);
  EXPECT_TRUE(spill.error().message.contains("/proc/nothing/here"));
}

}  // namespace
}  // namespace netprobe
