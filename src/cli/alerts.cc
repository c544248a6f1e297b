// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <csignal>

#include "cli/agent_client.h"
#include "cli/alert_view.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/json_read.h"
#include "cli/list_output.h"
#include "cli/output.h"
#include "cli/sse.h"
#include "io/url.h"

namespace netprobe {
namespace {

struct AlertsOptions {
  std::string agent;
  std::string query;
  std::string format = "table";
  std::string state = "all";
  std::string severity;
  std::vector<std::string> kinds;
  std::string since;
  std::uint64_t limit = 100;
  bool muted = false;
  bool follow = false;
  bool no_colour = false;

  [[nodiscard]] std::string conditions() const {
    std::string text = "state=" + state;
    const auto add = [&](std::string_view key, const std::string& value) {
      if (!value.empty()) text += "&" + std::string(key) + "=" + percent_encode(value);
    };
    add("severity", severity);
    add("since", since);
    add("q", query);
    for (const std::string& kind : kinds) add("kind", kind);
    if (muted) add("muted", "true");
    return text;
  }
};

/// An empty list is good news only where somebody looks.
void warn(simdjson::dom::element answer) {
  simdjson::dom::array detectors;
  std::string off;
  bool any = false;
  if (answer["detectors"].get(detectors) == simdjson::SUCCESS) {
    for (const auto detector : detectors) {
      any = true;
      if (!json_flag(detector, "on", false) && json_text(detector, "why").starts_with("it failed"))
        off += (off.empty() ? "" : ", ") + json_text(detector, "name") + " (" +
               json_text(detector, "why") + ")";
    }
    if (!any) complain("detection is off: nothing is looked for (--enable-detection)", 0);
  }
  if (!off.empty()) complain("detectors that ended: " + printable(off), 0);
  if (const auto lost = json_count(answer, "not_kept"); lost > 0)
    complain(std::to_string(lost) + " findings are no alerts: there were too many at once", 0);
}

int list(const AlertsOptions& options, AgentClient& agent) {
  const auto body =
      agent.get("/api/alerts?limit=" + std::to_string(options.limit) + "&" + options.conditions());
  if (!body) return complain(body.error().message, exit_code_of(body.error()));
  simdjson::dom::parser parser;
  simdjson::dom::element answer;
  simdjson::dom::array alerts;
  if (parser.parse(*body).get(answer) != simdjson::SUCCESS ||
      answer["alerts"].get(alerts) != simdjson::SUCCESS)
    return complain("the agent's answer is not a list of alerts", kExitFailed);
  const bool json = options.format == "json";
  print_list(
      alerts,
      {.json = json, .no_colour = options.no_colour, .columns = alert_columns(), .row = alert_row});
  if (!json) warn(answer);
  return kExitOk;
}

/// A cluster's server tells of agents that go, and of alerts that should stand here.
void say_missing(std::string_view event, std::string_view data) {
  simdjson::dom::parser parser;
  simdjson::dom::element what;
  if (parser.parse(data.data(), data.size()).get(what) != simdjson::SUCCESS) return;
  if (event == "agent" && json_text(what, "state") != "left") return;
  const std::string node = json_text(what, "node");
  const std::string why = json_text(what, "problem");
  const auto lost = json_count(what, "lost");
  complain((lost > 0 ? std::to_string(lost) + " alerts" : std::string("alerts")) +
               (node.empty() ? "" : " of " + printable(node)) + " are not shown" +
               (why.empty() ? "" : ": " + printable(why)),
           0);
}

int follow(const AlertsOptions& options, AgentClient& agent) {
  // Everything that was handed over is written by then: nothing to unwind.
  (void)std::signal(SIGINT, [](int) { ::_exit(kExitOk); });
  Output out;
  Table table(alert_columns(), wants_colour(STDOUT_FILENO, options.no_colour));
  if (options.format != "json") table.append_header(out.text());
  (void)out.flush();
  SseParser parser;
  simdjson::dom::parser json;
  const auto line = [&](std::string_view text) {
    if (!parser.line(text)) return true;
    if (parser.event().name == "lost" || parser.event().name == "agent")
      say_missing(parser.event().name, parser.event().data);
    if (parser.event().name != "alert") return true;
    simdjson::dom::element alert;
    if (json.parse(parser.event().data).get(alert) != simdjson::SUCCESS) return true;
    if (options.format == "json")
      (out.text() += parser.event().data) += '\n';
    else
      table.append_row(out.text(), alert_row(alert));
    return out.flush();
  };
  const auto done =
      agent.stream("/api/alerts/stream?" + options.conditions(), line, [] { return true; });
  if (!done) return complain(done.error().message, exit_code_of(done.error()));
  return complain("the agent at " + agent.url() + " ended the stream", kExitFailed);
}

}  // namespace

void add_alerts(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("alerts", "Scans, floods and odd connections: what was found");
  auto options = std::make_shared<AlertsOptions>();
  command
      ->add_option("QUERY,-q,--query", options->query,
                   "a filter of the query language, of alerts: src.namespace=shop")
      ->type_name("FILTER");
  add_agent_flag(*command, options->agent);
  add_choice(*command, "-o,--output", options->format, {"table", "json"},
             "json is one object a line, with evidence, as /api/alerts has it");
  add_choice(*command, "--state", options->state, {"active", "resolved", "all"},
             "that go on, or are over for a while");
  add_choice(*command, "--severity", options->severity,
             {"info", "low", "medium", "high", "critical"}, "that or worse");
  command->add_option("--kind", options->kinds, "of this kind; several: any of them")
      ->type_name("KIND");
  command->add_option("--since", options->since, "updated then or later: 15m, or a time")
      ->type_name("TIME");
  command->add_flag("--muted", options->muted, "those that the configuration mutes, too");
  command->add_flag("-f,--follow", options->follow,
                    "those that are active, then each as it is opened, becomes worse or is over");
  add_number(*command, "-n,--limit", options->limit, 1, 10'000, "alerts to show");
  add_no_colour_flag(*command, options->no_colour);
  command->footer(
      "SOURCE is who does it, which need not be who began the flow. Older ones are in history:\n"
      "netprobe query 'alerts | last 7d'. docs/detectors.md says what each kind means.\n"
      "Examples:\n"
      "  netprobe alerts\n"
      "  netprobe alerts --state active --severity high\n"
      "  netprobe alerts -f 'dst.namespace=shop'\n"
      "  netprobe alerts -o json | jq -r '.summary'\n"
      "Exit codes: 0 (also where there are alerts), 1 no agent or it went away, 2 wrong usage.");
  command->callback([options, &exit_code] {
    AgentClient agent(options->agent);
    exit_code = options->follow ? follow(*options, agent) : list(*options, agent);
  });
}

}  // namespace netprobe
