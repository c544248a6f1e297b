// SPDX-License-Identifier: Apache-2.0
#include "io/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/agent_client.h"
#include "cli/testing/fake_agent.h"

namespace netprobe {
namespace {

using testing::FakeAgent;
using ::testing::HasSubstr;

TEST(HttpClient, GetsWhateverTheStatus) {
  FakeAgent server;
  server.answer("/a", "body", 200, "Text/Plain; charset=utf-8");
  HttpClient client;
  const auto reply = client.get(server.url() + "/a?x=1");
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->content_type, "text/plain");
  EXPECT_EQ(reply->body, "body");
  EXPECT_EQ(client.get(server.url() + "/none")->status, 404);
}

TEST(HttpClient, NobodyThereAndNoUrlAreToldApart) {
  std::string gone;
  {
    const FakeAgent server;
    gone = server.url();
  }
  HttpClient client;
  const auto unreachable = client.get(gone + "/");
  ASSERT_FALSE(unreachable);
  EXPECT_EQ(unreachable.error().kind, ErrorKind::kNotFound);
  const auto file = client.get("file:///etc/hostname");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::kUsage);
}

TEST(HttpClient, BodiesAndLinesAreBounded) {
  FakeAgent server;
  server.answer("/long", std::string(5'000, 'x'));
  HttpClient client({.max_body = 4'999, .max_line = 4'999});
  EXPECT_THAT(client.get(server.url() + "/long").error().message, HasSubstr("more than"));
  const auto streamed = client.stream(
      server.url() + "/long", [](std::string_view) { return true; }, [] { return true; });
  ASSERT_FALSE(streamed);
  EXPECT_THAT(streamed.error().message, HasSubstr("more than"));
  HttpClient larger({.max_body = 5'000});
  EXPECT_EQ(larger.get(server.url() + "/long")->body.size(), 5'000U);
}

TEST(HttpClient, StreamsLinesUntilToldToStop) {
  FakeAgent server;
  server.answer("/s", "one\r\ntwo\n\nthree\nnot ended", 200, "text/event-stream");
  HttpClient client;
  std::vector<std::string> lines;
  int pauses = 0;
  const auto all = client.stream(
      server.url() + "/s",
      [&](std::string_view line) {
        lines.emplace_back(line);
        return true;
      },
      [&] { return ++pauses > 0; });
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "", "three"}));
  EXPECT_GE(pauses, 1);
  lines.clear();
  const auto some = client.stream(
      server.url() + "/s",
      [&](std::string_view line) {
        lines.emplace_back(line);
        return lines.size() < 2;
      },
      [] { return true; });
  ASSERT_TRUE(some);
  EXPECT_EQ(lines.size(), 2U);
}

TEST(HttpClient, AStreamThatIsRefusedIsAReply) {
  FakeAgent server;
  server.answer("/s", "no\n", 503, "text/plain");
  HttpClient client;
  const auto reply = client.stream(
      server.url() + "/s", [](std::string_view) { return true; }, [] { return true; });
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 503);
  EXPECT_EQ(reply->body, "no\n");
}

TEST(AgentClient, TakesUrlsAsTheyAreTyped) {
  EXPECT_EQ(AgentClient("node-1:8081").url(), "http://node-1:8081");
  EXPECT_EQ(AgentClient("https://node-1/").url(), "https://node-1");
}

TEST(AgentClient, ProblemsAreTheirDetail) {
  const HttpReply refused{400, "application/problem+json", R"({"detail":"no such port"})"};
  EXPECT_EQ(problem_of(refused, "u").message, "no such port");
  EXPECT_EQ(exit_code_of(problem_of(refused, "u")), 2);
  const HttpReply broken{500, "application/problem+json", "{"};
  EXPECT_EQ(problem_of(broken, "u").message, "u answers with status 500");
  EXPECT_EQ(exit_code_of(problem_of(broken, "u")), 1);
}

}  // namespace
}  // namespace netprobe
