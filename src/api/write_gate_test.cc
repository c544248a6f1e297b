// SPDX-License-Identifier: Apache-2.0
#include "api/write_gate.h"

#include <gtest/gtest.h>

namespace netprobe {
namespace {

constexpr std::string_view kToken = "0123456789abcdef";

HttpRequest request_of(std::string_view peer, const std::string& authorization) {
  HttpRequest request;
  request.method = "POST";
  request.peer = *IpAddress::parse(peer);
  if (!authorization.empty()) request.headers.push_back({"Authorization", authorization});
  return request;
}

unsigned status_of(WriteGate& gate, std::string_view peer, const std::string& authorization) {
  const auto refused = gate.check(request_of(peer, authorization));
  return refused ? refused->status : 200;
}

class WriteGateTest : public ::testing::Test {
 protected:
  ManualClock clock{1'000 * kSecond};
};

TEST_F(WriteGateTest, WhoHasTheTokenMay) {
  WriteGate gate({.token = std::string(kToken)}, clock);
  const std::string right = "Bearer " + std::string(kToken);
  for (const char* peer : {"127.0.0.1", "127.9.9.9", "::1"})
    EXPECT_EQ(status_of(gate, peer, right), 200) << peer;
  EXPECT_EQ(status_of(gate, "127.0.0.1", "bearer  " + std::string(kToken) + " "), 200);
  for (const std::string& wrong :
       {std::string(), std::string("Bearer"), std::string("Bearer "), std::string("Bearer x"),
        "Basic " + std::string(kToken), std::string(kToken), right + "0",
        right.substr(0, right.size() - 1)})
    EXPECT_EQ(status_of(gate, "127.0.0.1", wrong), 401) << wrong;
}

TEST_F(WriteGateTest, FromElsewhereOnlyWhereAskedFor) {
  const std::string right = "Bearer " + std::string(kToken);
  WriteGate here({.token = std::string(kToken)}, clock);
  for (const char* peer : {"192.0.2.1", "10.0.0.1", "2001:db8::1", "fe80::1", "::"})
    EXPECT_EQ(status_of(here, peer, right), 403) << peer;
  const auto refused = here.check(request_of("192.0.2.1", right));
  ASSERT_TRUE(refused);
  EXPECT_TRUE(refused->body.view().contains("--response-remote=true")) << refused->body.view();
  WriteGate anywhere({.token = std::string(kToken), .remote = true}, clock);
  EXPECT_EQ(status_of(anywhere, "192.0.2.1", right), 200);
  EXPECT_EQ(status_of(anywhere, "2001:db8::1", "Bearer x"), 401);
}

TEST_F(WriteGateTest, WithoutATokenNobodyMay) {
  WriteGate gate({.token = {}, .why_none = "the disk is full"}, clock);
  for (const char* given : {"", "Bearer ", "Bearer x"}) {
    const auto refused = gate.check(request_of("127.0.0.1", given));
    ASSERT_TRUE(refused) << given;
    EXPECT_EQ(refused->status, 503);
    EXPECT_TRUE(refused->body.view().contains("the disk is full"));
  }
}

TEST_F(WriteGateTest, GuessesAreFewAMinuteAndKeepNobodyOut) {
  WriteGate gate({.token = std::string(kToken)}, clock);
  int told = 0;
  for (int i = 0; i < 1'000; ++i) told += status_of(gate, "127.0.0.1", "Bearer x") == 401 ? 1 : 0;
  EXPECT_EQ(told, WriteGate::kWrongAMinute);
  EXPECT_EQ(status_of(gate, "127.0.0.1", "Bearer x"), 429);
  EXPECT_EQ(status_of(gate, "127.0.0.1", "Bearer " + std::string(kToken)), 200);
  clock.advance(60 * kSecond);
  EXPECT_EQ(status_of(gate, "127.0.0.1", "Bearer x"), 401);
}

TEST(ConstantTime, ComparesAsEqualityDoes) {
  EXPECT_TRUE(equals_in_constant_time("", ""));
  EXPECT_TRUE(equals_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equals_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equals_in_constant_time("xbc", "abc"));
  EXPECT_FALSE(equals_in_constant_time("abc", "abcd"));
  EXPECT_FALSE(equals_in_constant_time("abc", ""));
}

}  // namespace
}  // namespace netprobe
