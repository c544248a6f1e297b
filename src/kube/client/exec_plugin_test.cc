// SPDX-License-Identifier: Apache-2.0
#include "kube/client/exec_plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "base/clock.h"
#include "kube/client/testing/certificates.h"

namespace netprobe::kube {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::text_of_file;
using testing::write_file;

constexpr const char* kVersion = "client.authentication.k8s.io/v1";

class ExecPluginTest : public ::testing::Test {
 protected:
  ExecConfig plugin(const std::string& script) {
    const auto path = dir_.file("plugin");
    write_file(path, "#!/bin/sh\n" + script);
    ::chmod(path.c_str(), 0700);
    return {.api_version = kVersion, .command = path};
  }
  Result<Credentials> run(const ExecConfig& config, Nanos timeout = 20 * kSecond) {
    auto started = ExecPlugin::start(config, clock_.monotonic() + timeout);
    if (!started) return std::unexpected(started.error());
    for (;;) {
      if (auto done = started->step(clock_.monotonic(), clock_.wall())) return std::move(*done);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  std::string error_of(const ExecConfig& config, Nanos timeout = 20 * kSecond) {
    const auto done = run(config, timeout);
    return done ? "no error" : done.error().message;
  }
  static std::string credential(const std::string& status) {
    return std::string(R"({"kind":"ExecCredential","apiVersion":")") + kVersion +
           R"(","status":{)" + status + "}}";
  }

  test::TempDir dir_;
  SystemClock clock_;
};

TEST_F(ExecPluginTest, GetsATokenAndWhatItIsFor) {
  auto config = plugin("echo \"$KUBERNETES_EXEC_INFO\" > " + dir_.file("info") +
                       "\nprintf '%s' \"$ANSWER\"\n");
  config.environment = {
      {"ANSWER", credential(R"("token":"abc","expirationTimestamp":"2099-01-01T00:00:00Z")")}};
  config.cluster_info = R"({"server":"https://x"})";
  const auto done = run(config);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(done->token, "abc");
  EXPECT_GT(done->expires, clock_.wall());
  EXPECT_EQ(
      text_of_file(dir_.file("info")),
      std::string(R"({"apiVersion":")") + kVersion +
          R"(","kind":"ExecCredential","spec":{"cluster":{"server":"https://x"},"interactive":false}})"
          "\n");
}

TEST_F(ExecPluginTest, FailuresSayWhatThePluginSays) {
  EXPECT_THAT(error_of(plugin("echo 'log in\nfirst' >&2; exit 3")),
              AllOf(HasSubstr("failed with exit code 3"), HasSubstr("it says: log in first")));
  EXPECT_THAT(error_of(plugin("kill -9 $$")), HasSubstr("ended by signal 9"));
  EXPECT_THAT(error_of(plugin("echo hello")), HasSubstr("printed no ExecCredential"));
  EXPECT_THAT(error_of(plugin("head -c 3000000 /dev/zero; sleep 60")),
              HasSubstr("prints more than 1 MiB"));
  auto missing = plugin("");
  missing.command = "netprobe-no-such-plugin";
  missing.install_hint = "install it\nlike this";
  EXPECT_THAT(error_of(missing),
              AllOf(HasSubstr("cannot be started"), HasSubstr("install it like")));
}

TEST_F(ExecPluginTest, WhatHangsIsEndedWithItsChildren) {
  // The marker tells this test's sleepers from anybody's.
  const auto config =
      plugin("sleep 600.0071 & echo $! > " + dir_.file("child") + "\nsleep 600.0071\n");
  const auto began = clock_.monotonic();
  EXPECT_THAT(error_of(config, 300 * kMillisecond), HasSubstr("did not end in time"));
  EXPECT_LT(clock_.monotonic() - began, 10 * kSecond);
  const auto child = std::atoi(text_of_file(dir_.file("child")).c_str());
  ASSERT_GT(child, 0);
  const auto gone = [&] {
    const auto stat = text_of_file("/proc/" + std::to_string(child) + "/stat");
    return stat.empty() || stat.contains(") Z");
  };
  for (int i = 0; i < 500 && !gone(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(gone());
}

TEST_F(ExecPluginTest, AnswersAreJudged) {
  const auto error = [&](const std::string& output) {
    const auto parsed = parse_exec_credential(output, kVersion, clock_.wall());
    return parsed ? std::string("no error") : parsed.error().message;
  };
  EXPECT_EQ(error(credential(R"("token":"a")")), "no error");
  EXPECT_THAT(error(credential("")), HasSubstr("neither a token nor"));
  EXPECT_THAT(error(credential(R"("token":"a","expirationTimestamp":"2001-01-01T00:00:00Z")")),
              HasSubstr("expired already"));
  EXPECT_THAT(error(credential(R"("token":"a","expirationTimestamp":"soon")")),
              HasSubstr("no time"));
  EXPECT_THAT(error(credential(R"("clientCertificateData":"x")")), HasSubstr("only one of"));
  EXPECT_THAT(error(R"({"kind":"ExecCredential","apiVersion":"v9","status":{"token":"a"}})"),
              HasSubstr("another apiVersion"));
}

}  // namespace
}  // namespace netprobe::kube
