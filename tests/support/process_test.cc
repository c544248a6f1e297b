// SPDX-License-Identifier: Apache-2.0
#include "support/process.h"

#include <gtest/gtest.h>
#include <signal.h>

namespace netprobe::test {
namespace {

TEST(ProcessTest, CapturesOutputErrorAndExitCode) {
  const auto finished = run({"sh", "-c", "echo out; echo err >&2; exit 3"});
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->out, "out\n");
  EXPECT_EQ(finished->err, "err\n");
  EXPECT_EQ(finished->exit_code, 3);
}

TEST(ProcessTest, MuchOutputDoesNotBlock) {
  const auto finished = run({"head", "-c", "3000000", "/dev/zero"});
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->out.size(), 3'000'000U);
}

TEST(ProcessTest, ATimeoutIsAnErrorAndLeavesItRunning) {
  auto process = Process::start({"sleep", "100"});
  ASSERT_TRUE(process);
  EXPECT_FALSE(process->wait(50 * kMillisecond));
  EXPECT_TRUE(process->running());
  const auto finished = process->stop();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->signal, SIGTERM);
}

TEST(ProcessTest, StopKillsWhatIgnoresTheSignal) {
  auto process =
      Process::start({"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done"});
  ASSERT_TRUE(process);
  ASSERT_TRUE(process->wait_for_output("ready", 10 * kSecond));
  const auto finished = process->stop(200 * kMillisecond);
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->signal, SIGKILL);
}

TEST(ProcessTest, TheDestructorEndsIt) {
  pid_t pid = 0;
  {
    const auto process = Process::start({"sleep", "100"});
    ASSERT_TRUE(process);
    pid = process->pid();
  }
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST(ProcessTest, EnvironmentAndDirectory) {
  const auto out = run_ok({"sh", "-c", "echo $NP_WORD; pwd"}, kSecond * 10,
                          {.environment = {{"NP_WORD", "yes"}}, .directory = "/"});
  ASSERT_TRUE(out);
  EXPECT_EQ(*out, "yes\n/\n");
}

TEST(ProcessTest, FailureTellsTheCommandAndWhatItSaid) {
  const auto out = run_ok({"sh", "-c", "echo no such thing >&2; exit 1"});
  ASSERT_FALSE(out);
  EXPECT_NE(out.error().message.find("no such thing"), std::string::npos);
  EXPECT_FALSE(run_ok({"np-no-such-program"}));
}

TEST(ProcessTest, WaitForOutputTellsAnEarlyEnd) {
  const auto process = Process::start({"true"});
  ASSERT_TRUE(process);
  const auto status = process->wait_for_output("never", 10 * kSecond);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("ended"), std::string::npos);
}

TEST(ProcessTest, FindsPrograms) {
  EXPECT_TRUE(have_program("sh"));
  EXPECT_FALSE(have_program("np-no-such-program"));
}

}  // namespace
}  // namespace netprobe::test
