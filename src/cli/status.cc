// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "cli/agent_client.h"
#include "cli/block_view.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/output.h"
#include "cli/status_view.h"

namespace netprobe {
namespace {

struct StatusOptions {
  std::string agent;
  std::string format = "table";
  bool no_colour = false;
};

/// The answer of /api/blocks; empty of an agent that is too old to have it.
std::string blocks_of(AgentClient& agent) {
  auto body = agent.get("/api/blocks?limit=1");
  if (!body) return {};
  while (body->ends_with('\n')) body->pop_back();
  simdjson::dom::parser parser;
  return parser.parse(*body).error() == simdjson::SUCCESS ? std::move(*body) : std::string();
}

std::string line_of(const std::string& blocks, bool colour) {
  simdjson::dom::parser parser;
  simdjson::dom::element answer;
  if (blocks.empty() || parser.parse(blocks).get(answer) != simdjson::SUCCESS) return {};
  return response_line(answer, colour);
}

int status(const StatusOptions& options) {
  AgentClient agent(options.agent);
  std::array<std::string, 3> bodies;
  constexpr std::array kPaths{"/api/probes", "/api/interfaces", "/api/stats"};
  for (std::size_t i = 0; i < kPaths.size(); ++i) {
    auto body = agent.get(kPaths[i]);
    if (!body) return complain(body.error().message, exit_code_of(body.error()));
    bodies[i] = std::move(*body);
  }
  auto probes = parse_probes(bodies[0]);
  if (!probes) return complain(probes.error().message, kExitFailed);
  auto interfaces = parse_interfaces(bodies[1]);
  if (!interfaces) return complain(interfaces.error().message, kExitFailed);
  auto stats = parse_stats(bodies[2]);
  if (!stats) return complain(stats.error().message, kExitFailed);
  const bool colour = wants_colour(STDOUT_FILENO, options.no_colour);
  const std::string blocks = blocks_of(agent);
  const StatusView view{agent.url(), std::move(*probes), std::move(*interfaces), std::move(*stats),
                        line_of(blocks, colour)};
  Output out;
  if (options.format == "json") {
    out.text() = "{\"probes\":" + bodies[0] + ",\"interfaces\":" + bodies[1] +
                 ",\"stats\":" + bodies[2] + (blocks.empty() ? "" : ",\"response\":" + blocks) +
                 "}\n";
  } else {
    out.text() = render_status(view, colour);
  }
  (void)out.flush();
  return is_degraded(view) ? kExitDegraded : kExitOk;
}

}  // namespace

void add_status(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("status", "Health of an agent: probes, interfaces, losses");
  auto options = std::make_shared<StatusOptions>();
  add_agent_flag(*command, options->agent);
  add_choice(*command, "-o,--output", options->format, {"table", "json"},
             "json is one object: the answers of /api/probes, /api/interfaces, /api/stats, and of "
             "/api/blocks (response)");
  add_no_colour_flag(*command, options->no_colour);
  command->footer(
      "Examples:\n"
      "  netprobe status\n"
      "  netprobe status --agent http://node-1:8081 -o json | jq .stats.accounting.total\n"
      "Exit codes: 0 healthy, 1 no agent, 2 wrong usage, 3 degraded (a probe failed, or packets\n"
      "are not accounted for).");
  command->callback([options, &exit_code] { exit_code = status(*options); });
}

}  // namespace netprobe
