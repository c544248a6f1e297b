// SPDX-License-Identifier: Apache-2.0
#include "cli/report/report.h"

#include <unistd.h>

#include <fstream>

#include "base/clock.h"
#include "base/duration.h"
#include "cli/agent_client.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/json_read.h"
#include "cli/output.h"
#include "cli/waiting.h"
#include "io/url.h"

namespace netprobe {
namespace {

struct ReportOptions {
  std::string agent;
  std::string format = "text";
  std::string since;
  std::string until;
  std::string last = "24h";
  std::string file;
  std::string language = "en";
  bool no_colour = false;
};

constexpr Nanos kQueryTime = 60 * kSecond;

/// Absolute, so that every query covers the same range.
Status set_range(report::Report& report, const ReportOptions& options) {
  const Nanos now = SystemClock().wall();
  const auto until = options.until.empty() ? Result<Nanos>(now) : parse_time(options.until, now);
  if (!until) return fail("--until: " + until.error().message, ErrorKind::kUsage);
  const auto since = parse_time(options.since.empty() ? options.last : options.since, now);
  if (!since)
    return fail((options.since.empty() ? "--last: " : "--since: ") + since.error().message,
                ErrorKind::kUsage);
  if (*since >= *until) return fail("--since is not before --until", ErrorKind::kUsage);
  report.until = *until;
  report.since = *since;
  report.step = report::step_of(*until - *since);
  return {};
}

/// Who answers. An agent that does not say is no reason to stop.
Status ask_who(report::Report& report, AgentClient& agent) {
  const auto body = agent.get("/api/stats");
  if (!body) return std::unexpected(body.error());
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(*body).get(root) != simdjson::SUCCESS) return {};
  report.node = json_text(root, "node_name");
  report.version = json_text(root, "version");
  return {};
}

report::PartAnswer ask_part(report::Part part, const report::Report& report, AgentClient& agent) {
  report::PartAnswer answer{
      .part = part, .query = part_query(part, report.step), .answer = std::nullopt, .problem = {}};
  const auto reply = agent.get("/api/query?q=" + percent_encode(answer.query) +
                               "&since=" + percent_encode(format_rfc3339(report.since)) +
                               "&until=" + percent_encode(format_rfc3339(report.until)) +
                               "&timeout=" + format_duration(kQueryTime));
  if (!reply) {
    answer.problem = reply.error().message;
    return answer;
  }
  auto view = QueryAnswerView::parse(*reply);
  if (view)
    answer.answer = std::move(*view);
  else
    answer.problem = view.error().message;
  return answer;
}

int write(const ReportOptions& options, const std::string& text) {
  if (options.file.empty()) {
    Output out;
    out.text() = text;
    (void)out.flush();
    return kExitOk;
  }
  std::ofstream file(options.file, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) return complain("cannot write to '" + options.file + "'", kExitFailed);
  return kExitOk;
}

int make_report(const ReportOptions& options) {
  using report::Language;
  report::Report report;
  if (auto set = set_range(report, options); !set) return complain(set.error().message, kExitUsage);
  AgentClient agent(options.agent, {.total_timeout = kQueryTime + 15 * kSecond});
  report.agent = agent.url();
  bool any = false;
  {
    const Waiting waiting(::isatty(STDERR_FILENO) == 1);
    if (auto who = ask_who(report, agent); !who)
      return complain(who.error().message, exit_code_of(who.error()));
    for (std::size_t i = 0; i < report::kParts; ++i) {
      report.parts.push_back(ask_part(static_cast<report::Part>(i), report, agent));
      any = any || report.parts.back().answer;
    }
  }
  // Nothing but problems is no report.
  if (!any) return complain(report.parts.front().problem, kExitFailed);
  const auto language = options.language == "zh" ? Language::kChinese : Language::kEnglish;
  if (options.format == "json") return write(options, report_json(report));
  if (options.format == "html") return write(options, report_html(report, language));
  const bool colour = options.file.empty() && wants_colour(STDOUT_FILENO, options.no_colour);
  return write(options, report_text(report, colour, language));
}

}  // namespace

void add_report(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("report", "What happened in a day, in one page");
  auto options = std::make_shared<ReportOptions>();
  add_agent_flag(*command, options->agent);
  add_choice(*command, "-o,--output", options->format, {"text", "json", "html"},
             "html is one file with pictures that needs nothing else");
  command->add_option("--out", options->file, "write to this file")->type_name("FILE");
  auto* last = command->add_option("--last", options->last, "of so long until now")
                   ->type_name("DURATION")
                   ->capture_default_str();
  command->add_option("--since", options->since, "from then on: 15m, or a time")
      ->type_name("TIME")
      ->excludes(last);
  command->add_option("--until", options->until, "until then")->type_name("TIME");
  add_choice(*command, "--lang", options->language, {"en", "zh"}, "the language of text and html");
  add_no_colour_flag(*command, options->no_colour);
  command->footer(
      "Traffic over time, who talks most, namespaces, drops by reason, round-trip times,\n"
      "retransmits, and how connections ended. Each part is a query of /api/query, and says so.\n"
      "Examples:\n"
      "  netprobe report\n"
      "  netprobe report --last 7d -o html --out week.html\n"
      "  netprobe report --since 2026-01-02T00:00:00Z --until 2026-01-03T00:00:00Z --lang zh\n"
      "  netprobe report -o json | jq '.parts[] | select(.name == \"drops\").answer.rows'\n"
      "Exit codes: 0, 1 no agent or no answer, 2 wrong usage.");
  command->callback([options, &exit_code] { exit_code = make_report(*options); });
}

}  // namespace netprobe
