// SPDX-License-Identifier: Apache-2.0
// `netprobe top` on a pseudo-terminal: it must give the terminal back whatever
// ends it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>

#include "base/unique_fd.h"
#include "cli/testing/answers.h"
#include "cli/testing/fake_agent.h"

namespace netprobe {
namespace {

using ::testing::HasSubstr;
using namespace netprobe::testing;

class TopOnTerminal : public ::testing::Test {
 protected:
  TopOnTerminal() {
    agent_.answer("/api/top", R"({"flows":[)" + flow(4) + "]}");
    agent_.answer("/api/interfaces", kInterfaces);
    agent_.answer("/api/stats", stats(0));
    winsize size{.ws_row = 20, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
    int terminal = -1;
    const std::string url = agent_.url();
    child_ = ::forkpty(&terminal, nullptr, nullptr, &size);
    if (child_ == 0) {
      ::setenv("TERM", "xterm", 1);
      ::execl(NETPROBE_BINARY, "netprobe", "top", "--interval", "1h", "--agent", url.c_str(),
              nullptr);
      ::_exit(127);
    }
    terminal_.reset(terminal);
    ::tcgetattr(terminal, &before_);
  }

  ~TopOnTerminal() override {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
  }

  /// Reads until `text` was there since the last call; fails at the end.
  void wait_for(const std::string& text) {
    std::string seen;
    while (!seen.contains(text)) {
      char buffer[4096];
      const auto got = ::read(terminal_.get(), buffer, sizeof(buffer));
      ASSERT_GT(got, 0) << "ended before '" << text << "' came; there was: " << seen;
      seen.append(buffer, static_cast<std::size_t>(got));
    }
  }

  void type(char key) { ASSERT_EQ(::write(terminal_.get(), &key, 1), 1); }

  int wait_end() {
    int status = 0;
    ::waitpid(std::exchange(child_, -1), &status, 0);
    return status;
  }

  /// While the program runs, it has changed the mode; afterwards it has not.
  [[nodiscard]] bool mode_is_restored() const {
    termios now{};
    ::tcgetattr(terminal_.get(), &now);
    return (now.c_lflag & (ICANON | ECHO)) == (before_.c_lflag & (ICANON | ECHO));
  }

  FakeAgent agent_;
  UniqueFd terminal_;
  pid_t child_ = -1;
  termios before_{};
};

constexpr const char* kLeave = "\x1b[?25h\x1b[?1049l";

TEST_F(TopOnTerminal, KeysSortAndQuit) {
  wait_for("by rate");
  EXPECT_FALSE(mode_is_restored());
  type('b');
  wait_for("by bytes");
  type('p');
  wait_for("by packets");
  type('q');
  wait_for(kLeave);
  const int status = wait_end();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(mode_is_restored());
  EXPECT_THAT(agent_.requests(), ::testing::Contains("/api/top?by=packets&limit=20"));
}

TEST_F(TopOnTerminal, CtrlCGivesTheTerminalBack) {
  wait_for("by rate");
  type('\x03');
  wait_for(kLeave);
  const int status = wait_end();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(mode_is_restored());
}

TEST_F(TopOnTerminal, SignalsGiveTheTerminalBackAndStillEndIt) {
  wait_for("by rate");
  ::kill(child_, SIGTERM);
  wait_for(kLeave);
  const int status = wait_end();
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  EXPECT_TRUE(mode_is_restored());
}

TEST_F(TopOnTerminal, DrawsAgainInAnotherSize) {
  wait_for("q quit");
  winsize size{.ws_row = 4, .ws_col = 12, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(::ioctl(terminal_.get(), TIOCSWINSZ, &size), 0);
  wait_for("q quit  b by\x1b[K\x1b[J");  // its footer, cut
  type('q');
  wait_for(kLeave);
}

}  // namespace
}  // namespace netprobe
