// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/commands.h"
#include "cli/testing/run.h"

namespace netprobe {
namespace {

using ::testing::HasSubstr;
using testing::run_shell;

/// What bash offers after these words, the last of which is being typed.
std::string offered(const std::string& words, int index) {
  const auto run =
      run_shell("source <($NETPROBE completion bash) && COMP_WORDS=(" + words +
                ") COMP_CWORD=" + std::to_string(index) + "; _netprobe; echo \"${COMPREPLY[*]}\"");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return run.out;
}

TEST(Completion, BashOffersCommandsFlagsAndValues) {
  EXPECT_EQ(
      offered("netprobe ''", 1),
      "observe query top status cluster who connections drops tunnels losses alerts block unblock "
      "blocks advise report replay cleanup certificates completion version --help\n");
  EXPECT_EQ(offered("netprobe ob", 1), "observe\n");
  EXPECT_EQ(offered("netprobe observe --src", 2),
            "--src-ip --src-port --src-pod --src-namespace --src-workload --src-label --src-node "
            "--src-zone\n");
  EXPECT_EQ(offered("netprobe observe -o ''", 3), "table wide json\n");
  EXPECT_EQ(offered("netprobe observe --direction in", 3), "intra-node inter-node ingress\n");
  EXPECT_EQ(offered("netprobe top --by p", 3), "packets\n");
  EXPECT_EQ(offered("netprobe query src.na", 2), "src.name= src.namespace=\n");
  EXPECT_EQ(offered("netprobe observe dst.po", 2), "dst.port= dst.pod=\n");
  EXPECT_EQ(offered("netprobe completion ''", 2), "bash zsh fish\n");
  EXPECT_EQ(offered("netprobe replay /etc/hostn", 2), "/etc/hostname\n");
}

TEST(Completion, EveryCommandAndLongFlagIsInEveryShell) {
  int code = 0;
  const auto app = make_app(code);
  const auto bash = bash_completion(*app);
  const auto zsh = zsh_completion(*app);
  const auto fish = fish_completion(*app);
  for (const auto* command : app->get_subcommands([](const CLI::App*) { return true; })) {
    EXPECT_THAT(bash, HasSubstr("    " + command->get_name() + ")"));
    EXPECT_THAT(zsh, HasSubstr("'" + command->get_name() + ":"));
    EXPECT_THAT(fish, HasSubstr("-a " + command->get_name() + " "));
    for (const auto* option : command->get_options()) {
      for (const auto& name : option->get_lnames()) {
        EXPECT_THAT(bash, HasSubstr("--" + name));
        EXPECT_THAT(zsh, HasSubstr("'*--" + name + "["));
        EXPECT_THAT(fish, HasSubstr(" -l " + name));
      }
    }
  }
}

/// The shells themselves, where they are installed.
TEST(Completion, ScriptsAreValidSyntax) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const auto run =
        run_shell("command -v " + shell + " >/dev/null || exit 0; $NETPROBE completion " + shell +
                  " | " + shell + " -n");
    EXPECT_EQ(run.exit_code, 0) << shell << ": " << run.err;
  }
}

}  // namespace
}  // namespace netprobe
