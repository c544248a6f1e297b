// SPDX-License-Identifier: Apache-2.0
#include "cli/agent_client.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/json_read.h"
#include "cli/list_output.h"
#include "cli/loss_view.h"
#include "cli/output.h"
#include "io/url.h"

namespace netprobe {
namespace {

struct LossesOptions {
  std::string agent;
  std::string format = "table";
  std::vector<std::string> ip;
  std::vector<std::string> port;
  std::vector<std::string> interface;
  FilterFlags names;
  std::string protocol;
  std::string role;
  std::string since;
  std::uint64_t limit = 100;
  bool no_colour = false;
};

std::string path_of(const LossesOptions& options) {
  std::string path = "/api/losses?limit=" + std::to_string(options.limit);
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) path += "&" + std::string(key) + "=" + percent_encode(value);
  };
  for (const auto& each : options.ip) add("ip", each);
  for (const auto& each : options.port) add("port", each);
  for (const auto& each : options.interface) add("interface", each);
  add("protocol", options.protocol);
  add("role", options.role);
  add("since", options.since);
  path += options.names.query();
  return path;
}

/// What the list does not speak of, so that an empty one is not misread.
void warn(simdjson::dom::element answer) {
  simdjson::dom::element conditions;
  if (answer["conditions"].get(conditions) != simdjson::SUCCESS) return;
  const auto unwatched = json_count(conditions, "unwatched_interfaces");
  if (unwatched > 0)
    complain(std::to_string(unwatched) +
                 " interfaces are up and not watched: losses of routed packets are not told",
             0);
}

int losses(const LossesOptions& options) {
  AgentClient agent(options.agent);
  const auto body = agent.get(path_of(options));
  if (!body) return complain(body.error().message, exit_code_of(body.error()));
  simdjson::dom::parser parser;
  simdjson::dom::element answer;
  simdjson::dom::array list;
  if (parser.parse(*body).get(answer) != simdjson::SUCCESS ||
      answer["losses"].get(list) != simdjson::SUCCESS)
    return complain("the agent's answer is not a list of losses", kExitFailed);
  const bool json = options.format == "json";
  print_list(
      list,
      {.json = json, .no_colour = options.no_colour, .columns = loss_columns(), .row = loss_row});
  if (!json) warn(answer);
  return kExitOk;
}

}  // namespace

void add_losses(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("losses", "Packets lost on the way through the node, and where");
  auto options = std::make_shared<LossesOptions>();
  add_agent_flag(*command, options->agent);
  add_choice(*command, "-o,--output", options->format, {"table", "json"},
             "json is one object a line, as /api/losses has it");
  command->add_option("--ip", options->ip, "either side is this address or in this prefix")
      ->type_name("ADDRESS");
  command->add_option("--port", options->port, "either side has this port")->type_name("PORT");
  command->add_option("--protocol", options->protocol, "a name or a number")->type_name("PROTOCOL");
  command->add_option("--interface", options->interface, "one of the two points is at this one")
      ->type_name("NAME");
  add_choice(*command, "--role", options->role,
             {"pod", "loopback", "bridge", "tunnel", "host", "uplink"},
             "one of the two points has this role");
  command->add_option("--since", options->since, "lost a packet then or later: 15m, or a time")
      ->type_name("TIME");
  options->names.add_to(*command, FilterFlags::Names::kAlone);
  add_number(*command, "-n,--limit", options->limit, 1, 10'000, "losses to show");
  add_no_colour_flag(*command, options->no_colour);
  command->footer(
      "FROM saw the packets, TO should have been next and did not; '?' where nothing behind\n"
      "FROM saw the flow. REASON is what the kernel says of its drops.\n"
      "Examples:\n"
      "  netprobe losses\n"
      "  netprobe losses --role tunnel --since 15m\n"
      "  netprobe losses --dst-workload deployment/web\n"
      "  netprobe losses -o json | jq -r '.from.interface + \" \" + (.packets|tostring)'\n"
      "Exit codes: 0, 1 no agent, 2 wrong usage.");
  command->callback([options, &exit_code] { exit_code = losses(*options); });
}

}  // namespace netprobe
