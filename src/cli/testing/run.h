// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace netprobe::testing {

struct RunResult {
  int exit_code = -1;  ///< 128 + signal where one ended it
  std::string out;
  std::string err;
};

/// Runs the netprobe program with these arguments, in an environment without
/// NETPROBE_AGENT and with `input` as its standard input.
[[nodiscard]] RunResult run_netprobe(const std::vector<std::string>& arguments,
                                     const std::string& input = "");
/// Runs a shell command line, where $NETPROBE is the program.
[[nodiscard]] RunResult run_shell(const std::string& command);

}  // namespace netprobe::testing
