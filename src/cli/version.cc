// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/output.h"

namespace netprobe {

void add_version(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("version", "The version of this program");
  command->callback([&exit_code] {
    Output out;
    out.text() += "netprobe " NETPROBE_VERSION "\n";
    (void)out.flush();
    exit_code = kExitOk;
  });
}

}  // namespace netprobe
