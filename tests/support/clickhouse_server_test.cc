// SPDX-License-Identifier: Apache-2.0
#include "support/clickhouse_server.h"

#include <gtest/gtest.h>

namespace netprobe::test {
namespace {

class ClickHouseServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = ClickHouseServer::obstacle(); !why.empty()) GTEST_SKIP() << why;
  }
};

TEST_F(ClickHouseServerTest, KeepsItsDataOverKillAndRestart) {
  auto server = ClickHouseServer::start({.password = "s3cret"});
  ASSERT_TRUE(server) << server.error().message;
  const auto created =
      (*server)->ask("CREATE TABLE numbers (n UInt64) ENGINE = MergeTree ORDER BY n");
  ASSERT_TRUE(created) << created.error().message;
  ASSERT_TRUE((*server)->ask("INSERT INTO numbers VALUES (1), (2), (39)"));
  (*server)->kill();
  EXPECT_FALSE((*server)->ask("SELECT 1"));
  const auto restarted = (*server)->restart();
  ASSERT_TRUE(restarted) << restarted.error().message;
  EXPECT_EQ((*server)->ask("SELECT sum(n), count() FROM numbers").value_or("error"), "42\t3");
}

TEST_F(ClickHouseServerTest, TellsWhatIsWrongWithAQuery) {
  auto server = ClickHouseServer::start();
  ASSERT_TRUE(server) << server.error().message;
  const auto answer = (*server)->ask("SELECT nothing FROM nowhere");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("nowhere"), std::string::npos) << answer.error().message;
}

TEST_F(ClickHouseServerTest, IsOfItsUserAlone) {
  auto server = ClickHouseServer::start({.password = "s3cret"});
  ASSERT_TRUE(server) << server.error().message;
  const auto reply = plain_http((*server)->port(), "/", "", "SELECT 1", 10 * kSecond);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_NE(reply->status, 200);
}

}  // namespace
}  // namespace netprobe::test
