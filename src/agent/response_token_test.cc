// SPDX-License-Identifier: Apache-2.0
#include "agent/response_token.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "support/temp_dir.h"

namespace netprobe {
namespace {

using test::TempDir;

TEST(ResponseToken, IsMadeOnceForItsOwnerAlone) {
  const TempDir dir;
  const std::string path = dir.file("response.token");
  const auto made = read_or_make_token(path);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size(), 64U);
  EXPECT_EQ(made->find_first_not_of("0123456789abcdef"), std::string::npos);
  struct stat about{};
  ASSERT_EQ(::stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  const auto again = read_or_make_token(path);
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *made);
  const auto other = read_or_make_token(dir.file("other"));
  ASSERT_TRUE(other);
  EXPECT_NE(*other, *made);
  // Nothing is left beside them.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 2);
}

TEST(ResponseToken, WhatOthersMayReadIsNoSecret) {
  const TempDir dir;
  const std::string path = dir.file("token");
  const auto write = [&](const std::string& text, unsigned mode) {
    std::ofstream(path) << text;
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  };
  write("0123456789abcdef\n", 0644);
  const auto open = read_or_make_token(path);
  ASSERT_FALSE(open);
  EXPECT_TRUE(open.error().message.contains("chmod 600")) << open.error().message;
  write("  0123456789abcdef \n", 0600);
  const auto good = read_or_make_token(path);
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(*good, "0123456789abcdef");
  for (const std::string& bad : {std::string(), std::string("short"),
                                 std::string("two words here 1"), std::string(5'000, 'x')}) {
    write(bad, 0600);
    EXPECT_FALSE(read_or_make_token(path)) << bad.size();
  }
  EXPECT_FALSE(read_or_make_token(dir.path()));
  EXPECT_FALSE(read_or_make_token(dir.file("none/token")));
}

}  // namespace
}  // namespace netprobe
