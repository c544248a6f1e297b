// SPDX-License-Identifier: Apache-2.0
#include "probes/flow/cleanup.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "io/single_instance.h"

namespace netprobe {
namespace {

int cleanup() {
  // Held until the end, so that no agent starts meanwhile either.
  const auto alone = claim_single_instance();
  if (!alone) return complain(alone.error().message, kExitFailed);
  const auto removed = remove_stale_attachments();
  if (!removed) {
    const bool refused = removed.error().kind == ErrorKind::kNoPermission;
    return complain(
        removed.error().message + (refused ? "; run it as root: sudo netprobe cleanup" : ""),
        kExitFailed);
  }
  Output out;
  for (const auto& what : *removed) out.text() += "removed " + what + "\n";
  if (removed->empty()) out.text() += "nothing to remove\n";
  (void)out.flush();
  return kExitOk;
}

}  // namespace

void add_cleanup(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "cleanup", "Remove what an agent that was killed left attached (clsact mode)");
  command->footer(
      "Needs root. Refuses while an agent runs in this network namespace.\n"
      "Programs attached through TCX go with their agent by themselves.\n"
      "Example:\n"
      "  sudo netprobe cleanup\n"
      "Exit codes: 0, 1 it did not work.");
  command->callback([&exit_code] { exit_code = cleanup(); });
}

}  // namespace netprobe
