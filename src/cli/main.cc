// SPDX-License-Identifier: Apache-2.0
#include <csignal>

#include "cli/commands.h"

int main(int argc, char** argv) {
  // A reader that goes away is a failed write, which Output handles.
  (void)std::signal(SIGPIPE, SIG_IGN);
  return netprobe::run_command_line(argc, argv);
}
