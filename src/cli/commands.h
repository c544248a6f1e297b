// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <memory>

namespace netprobe {

/// Each adds one command. Running it writes its exit code (cli/output.h) to
/// `exit_code`, which must outlive the app.
void add_observe(CLI::App& app, int& exit_code);
void add_query(CLI::App& app, int& exit_code);
void add_report(CLI::App& app, int& exit_code);
void add_top(CLI::App& app, int& exit_code);
void add_status(CLI::App& app, int& exit_code);
void add_cluster(CLI::App& app, int& exit_code);
void add_who(CLI::App& app, int& exit_code);
void add_connections(CLI::App& app, int& exit_code);
void add_drops(CLI::App& app, int& exit_code);
void add_tunnels(CLI::App& app, int& exit_code);
void add_losses(CLI::App& app, int& exit_code);
void add_advise(CLI::App& app, int& exit_code);
void add_alerts(CLI::App& app, int& exit_code);
void add_block(CLI::App& app, int& exit_code);
void add_unblock(CLI::App& app, int& exit_code);
void add_blocks(CLI::App& app, int& exit_code);
void add_replay(CLI::App& app, int& exit_code);
void add_cleanup(CLI::App& app, int& exit_code);
void add_certificates(CLI::App& app, int& exit_code);
void add_completion(CLI::App& app, int& exit_code);
void add_version(CLI::App& app, int& exit_code);

/// All of them: the command line as it is parsed, and as completion is made
/// from.
[[nodiscard]] std::unique_ptr<CLI::App> make_app(int& exit_code);
/// Parses and runs. Never throws.
[[nodiscard]] int run_command_line(int argc, const char* const* argv);

}  // namespace netprobe
