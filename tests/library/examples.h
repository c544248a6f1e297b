// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/netns.h"
#include "support/process.h"

namespace netprobe::test {

/// The folder with the examples: $NETPROBE_EXAMPLES, else this build's.
[[nodiscard]] std::string example_path(std::string_view name);
/// Why examples cannot be run here; empty where they can.
[[nodiscard]] std::string examples_obstacle();

/// Starts an example in a namespace and waits until it says `ready`.
[[nodiscard]] Result<Process> start_example(const NetNamespace& ns, std::string_view name,
                                            std::vector<std::string> arguments,
                                            std::string_view ready);
/// SIGINT, and what it printed; an error where it did not end well.
[[nodiscard]] Result<std::string> end_example(Process& example);

}  // namespace netprobe::test
