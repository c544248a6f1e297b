// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "cli/agent_client.h"
#include "cli/block_view.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/json_read.h"
#include "cli/output.h"
#include "io/url.h"

namespace netprobe {
namespace {

struct BlocksOptions {
  std::string agent;
  std::string what;
  std::string format = "table";
  std::uint64_t limit = 1'000;
  bool no_colour = false;
};

/// What makes the list less than it seems.
void warn(simdjson::dom::element answer) {
  simdjson::dom::element response;
  if (answer["response"].get(response) != simdjson::SUCCESS) return;
  if (json_text(response, "mode") == "off") {
    complain(printable(json_text(response, "why")), 0);
    return;
  }
  simdjson::dom::array interfaces;
  if (response["interfaces"].get(interfaces) == simdjson::SUCCESS && interfaces.size() == 0)
    complain("nothing is carried out: XDP is at no interface ('netprobe status' says why)", 0);
  if (const auto errors = json_count(answer, "audit_errors"); errors > 0)
    complain(std::to_string(errors) + " changes could not be written to the audit trail", 0);
  if (std::string_view next; answer["next_cursor"].get(next) == simdjson::SUCCESS)
    complain("there are more: --limit shows up to 10000", 0);
}

int blocks(const BlocksOptions& options) {
  AgentClient agent(options.agent);
  std::string path = "/api/blocks?limit=" + std::to_string(options.limit);
  if (!options.what.empty()) path += "&what=" + percent_encode(options.what);
  const auto body = agent.get(path);
  if (!body) return complain(body.error().message, exit_code_of(body.error()));
  simdjson::dom::parser parser;
  simdjson::dom::element answer;
  std::vector<simdjson::dom::element> all;
  if (parser.parse(*body).get(answer) != simdjson::SUCCESS)
    return complain("the agent's answer is not JSON", kExitFailed);
  for (const char* name : {"blocks", "limits"}) {
    simdjson::dom::array list;
    if (answer[name].get(list) != simdjson::SUCCESS)
      return complain("the agent's answer is not a list of blocks", kExitFailed);
    for (const auto each : list) all.push_back(each);
  }
  Output out;
  if (options.format == "json") {
    for (const auto each : all) out.text() += simdjson::minify(each) + "\n";
    (void)out.flush();
    return kExitOk;
  }
  const bool colour = wants_colour(STDOUT_FILENO, options.no_colour);
  Table table(block_columns(), colour);
  for (const auto each : all) table.fit(block_row(each));
  table.append_header(out.text());
  for (const auto each : all) table.append_row(out.text(), block_row(each));
  out.text() += response_line(answer, colour);
  (void)out.flush();
  warn(answer);
  return kExitOk;
}

}  // namespace

void add_blocks(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("blocks", "What is blocked and limited, why, and until when");
  auto options = std::make_shared<BlocksOptions>();
  command
      ->add_option("ADDRESS", options->what, "only what shares an address with this one or network")
      ->type_name("ADDRESS");
  add_agent_flag(*command, options->agent);
  add_choice(*command, "-o,--output", options->format, {"table", "json"},
             "json is one object a line, as /api/blocks has it");
  add_number(*command, "-n,--limit", options->limit, 1, 10'000, "blocks and limits to show");
  add_no_colour_flag(*command, options->no_colour);
  command->footer(
      "PACKETS and BYTES are what was dropped; in a dry run what would have been. "
      "docs/response.md.\n"
      "Examples:\n"
      "  netprobe blocks\n"
      "  netprobe blocks 203.0.113.7\n"
      "  netprobe blocks -o json | jq -r '.what + \" \" + .reason'\n"
      "Exit codes: 0 (also where nothing is blocked), 1 no agent, 2 wrong usage.");
  command->callback([options, &exit_code] { exit_code = blocks(*options); });
}

}  // namespace netprobe
