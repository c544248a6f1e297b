// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "cli/commands.h"
#include "cli/output.h"

namespace netprobe {
namespace {

std::string first_line(std::string text) {
  text = text.substr(0, text.find('\n'));
  while (text.ends_with('.') || text.ends_with(' ')) text.pop_back();
  return text;
}

std::string allowed_flags(const CLI::App& command) {
  std::string text;
  for (const auto* option : command.get_options())
    for (const auto& name : option->get_lnames()) text += (text.empty() ? "--" : ", --") + name;
  return text;
}

std::string allowed_commands(const CLI::App& app) {
  std::string text;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; }))
    text += (text.empty() ? "" : ", ") + command->get_name();
  return text;
}

/// One line that names what is wrong and what is allowed.
std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const CLI::App& command = chosen.empty() ? app : *chosen.front();
  const std::string name = chosen.empty() ? "netprobe" : "netprobe " + command.get_name();
  const auto extras = app.remaining(true);
  if (!extras.empty()) {
    const std::string& what = extras.front();
    if (what.starts_with('-'))
      return "there is no flag '" + what + "'; '" + name + "' takes " + allowed_flags(command);
    if (chosen.empty())
      return "there is no command '" + what + "'; there are " + allowed_commands(app);
    return "'" + name + "' takes no further argument '" + what + "'; see '" + name + " --help'";
  }
  if (chosen.empty())
    return "say which command: " + allowed_commands(app) + "; see 'netprobe --help'";
  return first_line(error.what()) + "; see '" + name + " --help'";
}

}  // namespace

std::unique_ptr<CLI::App> make_app(int& exit_code) {
  auto app = std::make_unique<CLI::App>(
      "Shows what NetProbe sees and saw: live flows, history, top talkers, health, captures.",
      "netprobe");
  app->require_subcommand(1);
  app->footer(
      "Exit codes: 0 fine, 1 it did not work, 2 wrong usage; status and replay have more.\n"
      "'netprobe COMMAND --help' shows a command's flags and examples.");
  add_observe(*app, exit_code);
  add_query(*app, exit_code);
  add_top(*app, exit_code);
  add_status(*app, exit_code);
  add_cluster(*app, exit_code);
  add_who(*app, exit_code);
  add_connections(*app, exit_code);
  add_drops(*app, exit_code);
  add_tunnels(*app, exit_code);
  add_losses(*app, exit_code);
  add_alerts(*app, exit_code);
  add_block(*app, exit_code);
  add_unblock(*app, exit_code);
  add_blocks(*app, exit_code);
  add_advise(*app, exit_code);
  add_report(*app, exit_code);
  add_replay(*app, exit_code);
  add_cleanup(*app, exit_code);
  add_certificates(*app, exit_code);
  add_completion(*app, exit_code);
  add_version(*app, exit_code);
  return app;
}

int run_command_line(int argc, const char* const* argv) {
  int exit_code = kExitOk;
  const auto app = make_app(exit_code);
  try {
    app->parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help
    app->exit(asked, std::cout, std::cerr);
    std::cout.flush();
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    return complain(explain(*app, error), kExitUsage);
  } catch (const std::exception& error) {
    return complain(error.what(), kExitFailed);
  }
  return exit_code;
}

}  // namespace netprobe
