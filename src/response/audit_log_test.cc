// SPDX-License-Identifier: Apache-2.0
#include "response/audit_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "support/temp_dir.h"

namespace netprobe {
namespace {

AuditLine line(std::string what) {
  AuditLine result;
  result.time = 1'767'225'600 * kSecond;
  result.action = "block";
  result.what = std::move(what);
  result.who = "ann \"root\"";
  result.reason = "scan\nof ports";
  result.mode = BlockMode::kEnforce;
  result.until = result.time + 3'600 * kSecond + 7;
  return result;
}

class AuditLogTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return dir_.path() + "/audit.jsonl"; }
  [[nodiscard]] std::vector<std::string> read(std::size_t expected_damage = 0) const {
    std::size_t damaged = 0;
    const auto lines = AuditLog(path()).read(damaged);
    EXPECT_TRUE(lines);
    EXPECT_EQ(damaged, expected_damage);
    std::vector<std::string> what;
    if (lines)
      for (const AuditLine& each : *lines) what.push_back(each.what);
    return what;
  }
  test::TempDir dir_;
};

TEST_F(AuditLogTest, ALineIsReadAsItWasWritten) {
  const AuditLine one = line("10.0.0.1/32");
  std::string text = to_json(one);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  text.pop_back();
  const auto again = parse_audit_line(text);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->time, one.time);
  EXPECT_EQ(again->who, one.who);
  EXPECT_EQ(again->reason, one.reason);
  EXPECT_EQ(again->until, one.until);
  EXPECT_EQ(again->mode, one.mode);
  EXPECT_EQ(again->result, "ok");
  AuditLine limit = one;
  limit.action = "limit";
  limit.what = "fd00::9";
  limit.limit = {.address = *IpAddress::parse("fd00::9"),
                 .port = 443,
                 .side = LimitSide::kSyn,
                 .rate = 5,
                 .burst = 6};
  const auto read = parse_audit_line(to_json(limit));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->limit.address, limit.limit.address);
  EXPECT_EQ(read->limit.port, 443);
  EXPECT_EQ(read->limit.side, LimitSide::kSyn);
  EXPECT_EQ(read->limit.rate, 5U);
  EXPECT_EQ(read->limit.burst, 6U);
}

TEST_F(AuditLogTest, AppendsAcrossRestartsAndHalfLines) {
  EXPECT_TRUE(read().empty());
  ASSERT_TRUE(AuditLog(path()).append({line("a"), line("b")}));
  {
    std::ofstream(path(), std::ios::app) << R"({"time_ns":1,"action":"bl)";
  }
  ASSERT_TRUE(AuditLog(path()).append({line("c")}));
  EXPECT_EQ(read(1), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(AuditLogTest, RotatesWithWhatIsInForce) {
  AuditLog log(path(), 300, 2);
  ASSERT_TRUE(log.append({line("a")}));
  EXPECT_FALSE(log.is_full());
  ASSERT_TRUE(log.append({line("b")}));
  EXPECT_TRUE(log.is_full());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(log.rotate({line("b")}));
  ASSERT_TRUE(log.append({line("c")}));
  EXPECT_EQ(read(), (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(::access((path() + ".2").c_str(), F_OK), 0);
  EXPECT_NE(::access((path() + ".3").c_str(), F_OK), 0);
}

TEST_F(AuditLogTest, ACrashWhileItWasRotatedLosesNothing) {
  ASSERT_TRUE(AuditLog(path()).append({line("a")}));
  ASSERT_EQ(::rename(path().c_str(), (path() + ".1").c_str()), 0);
  EXPECT_EQ(read(), std::vector<std::string>{"a"});
}

TEST_F(AuditLogTest, AFolderThatIsNotThereIsNamed) {
  const auto status = AuditLog(dir_.path() + "/none/audit.jsonl").append({line("a")});
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("/none/audit.jsonl"), std::string::npos);
}

}  // namespace
}  // namespace netprobe
