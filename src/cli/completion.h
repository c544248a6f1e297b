// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace netprobe {

/// Completion scripts for a command line, made from its commands and options,
/// so that they cannot lag behind. Words for values are those of add_choice();
/// an argument named FILE completes file names.
[[nodiscard]] std::string bash_completion(const CLI::App& app);
[[nodiscard]] std::string zsh_completion(const CLI::App& app);
[[nodiscard]] std::string fish_completion(const CLI::App& app);

}  // namespace netprobe
