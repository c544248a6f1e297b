// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cli/block_token.h"
#include "cli/testing/fake_agent.h"
#include "cli/testing/run.h"

namespace netprobe {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace netprobe::testing;

std::string token_file(const std::string& token = "0123456789abcdef\n") {
  const std::string path = ::testing::TempDir() + "/netprobe_cli_token";
  std::ofstream(path) << token;
  return path;
}

std::string record(const std::string& mode) {
  return R"({"block":{"what":"203.0.113.7","kind":"address","mode":")" + mode +
         R"(","reason":"scan","who":"a","since":"2026-01-02T03:04:05Z",)"
         R"("until":"2026-01-02T04:04:05Z","packets":0,"bytes":0},"mode":")" +
         mode + R"(","note":"a dry run: it counts"})";
}

TEST(BlockCommand, AsksWithTokenReasonAndName) {
  FakeAgent agent;
  agent.answer("/api/blocks", record("enforce"));
  const auto run = run_netprobe({"block", "203.0.113.7", "--for", "1h", "--reason", "a \"scan\"",
                                 "--agent", agent.url(), "--token-file", token_file()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("203.0.113.7 is blocked until 2026-01-02T04:04:05Z (enforce)"));
  EXPECT_THAT(agent.last_head(), HasSubstr("POST /api/blocks "));
  EXPECT_THAT(agent.last_head(), HasSubstr("Authorization: Bearer 0123456789abcdef\r\n"));
  EXPECT_THAT(agent.last_head(), HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(agent.last_body(), HasSubstr(R"("what":"203.0.113.7","for":"1h")"));
  EXPECT_THAT(agent.last_body(), HasSubstr(R"("reason":"a \"scan\"")"));
  EXPECT_THAT(agent.last_body(), HasSubstr(R"("who":")" + user_name() + "\""));
  EXPECT_THAT(agent.last_body(), HasSubstr(R"("mode":"enforce")"));
}

TEST(BlockCommand, SudoDoesNotHideFromWhereOneWorks) {
  FakeAgent agent;
  agent.answer("/api/blocks", record("enforce"));
  const std::string block =
      "env -u SSH_CONNECTION -u SSH_CLIENT $NETPROBE block 203.0.113.7 "
      "--for 1h --reason r --agent " +
      agent.url() + " --token-file " + token_file();
  // A shell that has it, and one in it that runs what has it not.
  const auto run = run_shell("SSH_CONNECTION='198.51.100.9 51000 10.0.0.1 22' bash -c 'bash -c \"" +
                             block + "; true\"; true'");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(agent.last_body(), HasSubstr(R"("protect":["198.51.100.9"])"));
}

TEST(BlockCommand, SaysSoWhereNothingHoldsIt) {
  FakeAgent agent;
  std::string body = record("enforce");
  body.insert(body.size() - 1, R"(,"interfaces":[])");
  agent.answer("/api/blocks", body);
  const auto run = run_netprobe({"block", "203.0.113.7", "--for", "1h", "--reason", "r", "--agent",
                                 agent.url(), "--token-file", token_file()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("a dry run: it counts")) << "the answer's note, whatever it is";
}

TEST(BlockCommand, ADryRunIsSaidToBeOne) {
  FakeAgent agent;
  agent.answer("/api/blocks", record("dry-run"));
  const auto run =
      run_netprobe({"block", "203.0.113.7", "--for", "1h", "--reason", "r", "--dry-run", "--agent",
                    agent.url(), "--token-file", token_file()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(agent.last_body(), HasSubstr(R"("mode":"dry-run")"));
  EXPECT_THAT(run.err, HasSubstr("a dry run: it counts"));
}

TEST(BlockCommand, LimitsToo) {
  FakeAgent agent;
  agent.answer("/api/blocks", R"({"limit":{"what":"10.0.0.5","until":"x"},"mode":"enforce"})");
  const auto run = run_netprobe({"block", "10.0.0.5", "--limit", "2k/s", "--kind", "syn", "--port",
                                 "443", "--until", "2030-01-01T00:00:00Z", "--reason", "r",
                                 "--agent", agent.url(), "--token-file", token_file()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(agent.last_body(),
              HasSubstr(R"("limit":{"rate":2000,"unit":"packets","kind":"syn","port":443})"));
  const auto bytes =
      run_netprobe({"block", "10.0.0.5", "--limit", "20MB/s", "--for", "1h", "--reason", "r",
                    "--agent", agent.url(), "--token-file", token_file()});
  EXPECT_EQ(bytes.exit_code, 0) << bytes.err;
  EXPECT_THAT(agent.last_body(), HasSubstr(R"("rate":20000000,"unit":"bytes")"));
}

TEST(BlockCommand, WrongUsageIsTwoAndARefusalSaysWhy) {
  FakeAgent agent;
  agent.answer("/api/blocks", R"x({"detail":"10.0.0.1 is on the allow list (node a)"})x", 400,
               "application/problem+json");
  const std::vector<std::string> base{"--agent", agent.url(), "--token-file", token_file()};
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.end(), base.begin(), base.end());
    return run_netprobe(words);
  };
  const auto refused = with({"block", "10.0.0.1", "--for", "1h", "--reason", "r"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("on the allow list (node a)"));
  EXPECT_EQ(with({"block", "10.0.0.1", "--reason", "r"}).exit_code, 2);
  EXPECT_EQ(with({"block", "10.0.0.1", "--for", "1h"}).exit_code, 2);
  EXPECT_EQ(with({"block", "--for", "1h", "--reason", "r"}).exit_code, 2);
  EXPECT_EQ(with({"block", "10.0.0.1", "--for", "1h", "--reason", "r", "--limit", "x"}).exit_code,
            2);
  EXPECT_EQ(with({"block", "10.0.0.1", "--for", "1h", "--reason", "r", "--port", "5"}).exit_code,
            2);
  EXPECT_EQ(with({"unblock"}).exit_code, 2);
  EXPECT_EQ(with({"unblock", "--all", "10.0.0.1"}).exit_code, 2);
}

TEST(BlockCommand, TheTokenIsNotShownToOthersUnasked) {
  const auto run = run_netprobe({"block", "10.0.0.1", "--for", "1h", "--reason", "r", "--agent",
                                 "http://192.0.2.1:8081", "--token-file", token_file()});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("over plain HTTP"));
  for (const char* url : {"http://localhost:8081", "127.0.0.1:1", "http://[::1]:8081",
                          "https://node.example:8081", "http://127.9.9.9"})
    EXPECT_TRUE(keeps_token_secret(url)) << url;
  for (const char* url : {"http://node:1", "192.0.2.1", "http://127.0.0.1.evil.example/",
                          "http://127.0.0.1@evil.example/", "http://[fd00::1]:8081"})
    EXPECT_FALSE(keeps_token_secret(url)) << url;
}

TEST(UnblockCommand, NamesWhatAndWho) {
  FakeAgent agent;
  agent.answer("/api/blocks", R"({"status":"ok"})");
  const std::vector<std::string> base{"--agent", agent.url(), "--token-file", token_file()};
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.end(), base.begin(), base.end());
    return run_netprobe(words);
  };
  const auto one = with({"unblock", "2001:db8::/48"});
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_THAT(one.out, HasSubstr("2001:db8::/48 is free again"));
  EXPECT_THAT(agent.last_head(), HasSubstr("DELETE /api/blocks?who="));
  EXPECT_THAT(agent.requests().back(), HasSubstr("&what=2001%3Adb8%3A%3A%2F48"));
  EXPECT_EQ(with({"unblock", "10.0.0.5", "--kind", "syn", "--port", "443"}).exit_code, 0);
  EXPECT_THAT(agent.requests().back(), HasSubstr("&kind=syn&port=443"));
  EXPECT_EQ(with({"unblock", "--all"}).exit_code, 0);
  EXPECT_THAT(agent.requests().back(), HasSubstr("&all=true"));
}

TEST(BlocksCommand, ShowsBlocksLimitsAndWhereNothingIsDone) {
  FakeAgent agent;
  agent.answer(
      "/api/blocks",
      R"({"response":{"mode":"enforce","why":"","interfaces":[]},"blocks":[{"what":"203.0.113.7",)"
      R"("kind":"address","mode":"enforce","reason":"scan\u001b[2J","who":"alice",)"
      R"("since":"2026-01-02T03:04:05Z","until":"2026-01-02T04:04:05.5Z","packets":12,)"
      R"("bytes":720}],"limits":[{"what":"10.0.0.5","kind":"syn","port":443,"mode":"dry-run",)"
      R"("reason":"flood","who":"bob","since":"x","until":"y","rate":2000,"burst":2000,)"
      R"("unit":"packets","packets":1,"bytes":60}],"total":2,"next_cursor":null,"list":null,)"
      R"("dropped":[{"cause":"address","packets":12,"bytes":720}],"would_drop":[]})");
  const auto run = run_netprobe({"blocks", "--agent", agent.url()});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("203.0.113.7"));
  EXPECT_THAT(run.out, HasSubstr("2026-01-02T04:04:05Z"));
  EXPECT_THAT(run.out, HasSubstr("10.0.0.5 port 443 2.0k/s"));
  EXPECT_THAT(run.out, HasSubstr("response: enforce at 0 interfaces, 2 blocks and limits"));
  EXPECT_THAT(run.out, HasSubstr("12 packets dropped, 0 would have been"));
  EXPECT_THAT(run.out, Not(HasSubstr("\x1b")));
  EXPECT_THAT(run.err, HasSubstr("XDP is at no interface"));
  const auto json = run_netprobe({"blocks", "-o", "json", "--agent", agent.url()});
  EXPECT_EQ(std::ranges::count(json.out, '\n'), 2);
  agent.answer("/api/blocks",
               R"({"response":{"mode":"off","why":"start the agent with --response=dry-run"},)"
               R"("blocks":[],"limits":[]})");
  const auto off = run_netprobe({"blocks", "--agent", agent.url()});
  EXPECT_EQ(off.exit_code, 0);
  EXPECT_THAT(off.err, HasSubstr("start the agent with --response=dry-run"));
}

}  // namespace
}  // namespace netprobe
