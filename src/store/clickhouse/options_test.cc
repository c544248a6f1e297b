// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse/options.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "support/temp_dir.h"

namespace netprobe {
namespace {

ClickHouseOptions with_url(std::string url) {
  ClickHouseOptions options;
  options.url = std::move(url);
  return options;
}

TEST(ClickHouseOptions, TakesUrlsApart) {
  auto target = clickhouse_target(with_url("https://me:p%40ss%2F@ch.example"));
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_EQ(target->base, "https://ch.example:8443/");
  EXPECT_EQ(target->user, "me");
  EXPECT_EQ(target->password, "p@ss/");
  target = clickhouse_target(with_url("http://[fd00::1]:99/"));
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_EQ(target->base, "http://[fd00::1]:99/");
  EXPECT_EQ(target->user, "default");
  EXPECT_EQ(clickhouse_target(with_url("http://10.0.0.1"))->base, "http://10.0.0.1:8123/");
}

TEST(ClickHouseOptions, RefusesOtherThings) {
  for (const char* url : {"", "ch", "ftp://ch", "http://", "http://ch/path", "http://ch/?a=b",
                          "http://ch:99999", "https://me:secret@/", "http://a b/"}) {
    const auto target = clickhouse_target(with_url(url));
    ASSERT_FALSE(target) << url;
    EXPECT_EQ(target.error().kind, ErrorKind::kUsage);
    EXPECT_FALSE(target.error().message.contains("secret"));
  }
  auto options = with_url("http://ch");
  options.database = "a; DROP";
  EXPECT_FALSE(clickhouse_target(options));
  options.database = "ok";
  options.cluster = "x'";
  EXPECT_FALSE(clickhouse_target(options));
}

TEST(ClickHouseOptions, TheOptionComesBeforeTheFileAndTheEnvironmentAndTheUrl) {
  const test::TempDir dir;
  auto options = with_url("http://a:from-url@ch");
  EXPECT_EQ(clickhouse_target(options)->password, "from-url");
  ::setenv("NETPROBE_CLICKHOUSE_PASSWORD", "from-environment", 1);
  EXPECT_EQ(clickhouse_target(options)->password, "from-environment");
  options.password_file = dir.file("password");
  EXPECT_FALSE(clickhouse_target(options));  // it is not there
  std::ofstream(options.password_file) << "from-file\r\n";
  EXPECT_EQ(clickhouse_target(options)->password, "from-file");
  options.password = "from-option";
  EXPECT_EQ(clickhouse_target(options)->password, "from-option");
  ::unsetenv("NETPROBE_CLICKHOUSE_PASSWORD");
}

}  // namespace
}  // namespace netprobe
