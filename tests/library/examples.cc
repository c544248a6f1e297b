// SPDX-License-Identifier: Apache-2.0
#include "examples.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "agent.h"

namespace netprobe::test {

std::string example_path(std::string_view name) {
  const char* folder = std::getenv("NETPROBE_EXAMPLES");
  return std::string(folder != nullptr ? folder : NETPROBE_EXAMPLES_DIR) + "/" + std::string(name);
}

std::string examples_obstacle() {
  if (auto why = netns_obstacle(); !why.empty()) return why;
  const auto path = example_path("network_monitor");
  return ::access(path.c_str(), X_OK) == 0 ? "" : "needs the program " + path;
}

Result<Process> start_example(const NetNamespace& ns, std::string_view name,
                              std::vector<std::string> arguments, std::string_view ready) {
  arguments.insert(arguments.begin(), example_path(name));
  auto process = ns.start(std::move(arguments));
  if (!process) return process;
  if (auto s = process->wait_for_output(ready, kPatience); !s) return std::unexpected(s.error());
  return process;
}

Result<std::string> end_example(Process& example) {
  if (auto s = example.send_signal(SIGINT); !s) return std::unexpected(s.error());
  auto finished = example.wait(kPatience);
  if (!finished) return std::unexpected(finished.error());
  if (!finished->ok())
    return fail("exit code " + std::to_string(finished->exit_code) + ": " + finished->err);
  return finished->out;
}

}  // namespace netprobe::test
