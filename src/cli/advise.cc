// SPDX-License-Identifier: Apache-2.0
#include <simdjson.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

#include "analysis/network_policy/policy_yaml.h"
#include "cli/agent_client.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/json_read.h"
#include "cli/output.h"
#include "io/url.h"

namespace netprobe {
namespace {

using simdjson::dom::element;

struct AdviseOptions {
  std::string agent;
  std::string name_space;
  std::string workload;
  std::string since = "7d";
  std::string check;
  std::string labels;
  bool any_outside = false;
  bool unanswered = false;
};

std::string path_of(const AdviseOptions& options) {
  std::string path = "/api/advise/network-policy?namespace=" + percent_encode(options.name_space) +
                     "&since=" + percent_encode(options.since);
  if (!options.workload.empty()) path += "&workload=" + percent_encode(options.workload);
  if (!options.labels.empty()) path += "&labels=" + percent_encode(options.labels);
  if (options.any_outside) path += "&any_outside=true";
  if (options.unanswered) path += "&include_unanswered=true";
  return path;
}

void append_lines(std::string& out, element from, std::string_view key) {
  simdjson::dom::array lines;
  if (from[key].get(lines) != simdjson::SUCCESS) return;
  for (const element each : lines)
    if (std::string_view line; each.get(line) == simdjson::SUCCESS) (out += line) += '\n';
}

/// What all policies of the file are, and nothing else that it has.
Result<std::string> policies_of(const AdviseOptions& options) {
  std::ifstream file(options.check, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open()) return fail("cannot read '" + options.check + "'");
  const auto policies = network_policy::read_policies(text, options.name_space);
  if (!policies) return fail(options.check + ": " + policies.error().message, ErrorKind::kUsage);
  std::string yaml;
  for (const auto& each : *policies) yaml += to_yaml(each, {});
  return yaml;
}

int advise(element answer) {
  simdjson::dom::array without;
  if (answer["without_policy"].get(without) == simdjson::SUCCESS)
    for (const element each : without) (void)complain(json_text(each, "why"), 0);
  Output out;
  out.text() = json_text(answer, "yaml");
  return out.text().empty() ? kExitFailed : kExitOk;
}

int check(element answer) {
  Output out;
  append_lines(out.text(), answer, "observed");
  if (element replay; answer["replay"].get(replay) == simdjson::SUCCESS)
    append_lines(out.text(), replay, "words");
  return kExitOk;
}

int run(const AdviseOptions& options) {
  std::optional<std::string> policies;
  if (!options.check.empty()) {
    auto read = policies_of(options);
    if (!read) return complain(read.error().message, exit_code_of(read.error()));
    policies = std::move(*read);
  }
  AgentClient agent(options.agent, {.total_timeout = 60 * kSecond});
  const std::string path = path_of(options);
  const auto reply = policies ? agent.post_text(path, *policies) : agent.fetch(path);
  if (!reply) return complain(reply.error().message, exit_code_of(reply.error()));
  if (reply->status != 200) {
    const Error problem = problem_of(*reply, agent.url());
    return complain(problem.message, exit_code_of(problem));
  }
  simdjson::dom::parser parser;
  element answer;
  if (parser.parse(reply->body).get(answer) != simdjson::SUCCESS)
    return complain("the agent's answer is no JSON", kExitFailed);
  return policies ? check(answer) : advise(answer);
}

}  // namespace

void add_advise(CLI::App& app, int& exit_code) {
  auto* advise = app.add_subcommand("advise", "What could be let through and no more, for review");
  advise->require_subcommand(1);
  auto* command = advise->add_subcommand(
      "network-policy", "The least Kubernetes NetworkPolicy that the observed traffic needs");
  auto options = std::make_shared<AdviseOptions>();
  command->add_option("--namespace", options->name_space, "whose pods")
      ->type_name("NAMESPACE")
      ->required();
  command->add_option("--workload", options->workload, "of this workload alone, by its name")
      ->type_name("NAME");
  command->add_option("--since", options->since, "what was seen then or later: 7d, or a time")
      ->type_name("TIME")
      ->capture_default_str();
  add_agent_flag(*command, options->agent);
  auto* check = command
                    ->add_option("--check", options->check,
                                 "make none, and say what the policies of this YAML file would "
                                 "deny")
                    ->type_name("FILE");
  command->add_option("--labels", options->labels, "that select the workload's pods: app=web,…")
      ->type_name("KEY=VALUE,…")
      ->excludes(check);
  command
      ->add_flag("--any-outside", options->any_outside,
                 "all addresses, where those outside do not fit into a few networks")
      ->excludes(check);
  command
      ->add_flag("--include-unanswered", options->unanswered,
                 "also what nobody answered, as one-way syslog")
      ->excludes(check);
  command->footer(
      "Ask netprobe-server (--agent) to have the whole cluster. The policy is written to standard\n"
      "output and nothing is applied: read it, then pass it to 'kubectl apply -f -'.\n"
      "docs/network-policy.md\n"
      "Examples:\n"
      "  netprobe advise network-policy --namespace shop --workload web --since 14d\n"
      "  netprobe advise network-policy --namespace shop --check policy.yaml\n"
      "Exit codes: 0, 1 no agent or nothing to make a policy of, 2 wrong usage.");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace netprobe
