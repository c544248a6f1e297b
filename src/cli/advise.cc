// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <span>

#include "analysis/network_policy/policy_maker.h"
#include "analysis/network_policy/policy_match.h"
#include "analysis/network_policy/policy_yaml.h"
#include "cli/agent_client.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/observed_flows.h"
#include "cli/output.h"

namespace netprobe {
namespace {

using network_policy::Advice;
using network_policy::End;
using network_policy::Judgement;
using network_policy::Labels;
using network_policy::Policy;
using network_policy::Ruling;
using network_policy::Seen;
using network_policy::Subject;

/// Flows that a comment lists.
constexpr std::size_t kMostListed = 50;

struct AdviseOptions {
  std::string agent;
  std::string name_space;
  std::string workload;
  std::string since = "7d";
  std::string check;
  std::vector<std::string> labels;
  bool any_outside = false;
  bool unanswered = false;
};

/// What policies make of what was seen.
struct Replay {
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;
  std::uint64_t unclear = 0;
  std::uint64_t other = 0;  ///< that none of them selects
  std::map<std::string, std::uint64_t> listed;
};

Replay replay(std::span<const Policy> policies, std::span<const Seen> flows) {
  Replay result;
  for (const Seen& seen : flows) {
    const Judgement judged = network_policy::judge(policies, seen);
    if (judged.ruling == Ruling::kNotSelected) result.other += seen.flows;
    if (judged.ruling == Ruling::kAllowed) result.allowed += seen.flows;
    if (judged.ruling != Ruling::kDenied && judged.ruling != Ruling::kUnclear) continue;
    const bool denied = judged.ruling == Ruling::kDenied;
    (denied ? result.denied : result.unclear) += seen.flows;
    result.listed[std::string(denied ? "denies " : "may deny ") + name_of(seen.src) + " to " +
                  name_of(seen.dst) + ", " + network_policy::port_text(seen.protocol, seen.port) +
                  (seen.answered ? "" : " (unanswered)") + ": " + judged.why] += seen.flows;
  }
  return result;
}

std::vector<std::string> words_of(const Replay& replay) {
  std::vector<std::string> lines;
  lines.push_back("replayed over what was observed: " + std::to_string(replay.allowed) +
                  " flows allowed, " + std::to_string(replay.denied) + " denied, " +
                  std::to_string(replay.unclear) + " not to be told, " +
                  std::to_string(replay.other) + " of other pods");
  for (const auto& [text, flows] : replay.listed) {
    if (lines.size() > kMostListed) {
      lines.push_back("  and " + std::to_string(replay.listed.size() - kMostListed) + " more");
      break;
    }
    lines.push_back("  " + text + " (" + std::to_string(flows) + " flows)");
  }
  return lines;
}

std::vector<std::string> words_of(const ObservedFlows& observed, const AdviseOptions& options) {
  std::vector<std::string> lines;
  std::string window =
      "observed since " + (observed.since.empty() ? options.since : observed.since);
  if (!observed.kept_since.empty() && observed.kept_since > observed.since)
    window += "; history begins at " + observed.kept_since;
  lines.push_back(window);
  lines.emplace_back(
      "what runs less often than that is missing: cron jobs, backups, failover, certificates");
  if (observed.warnings.empty()) lines.emplace_back("nothing is known to be missing in this time");
  for (const std::string& each : observed.warnings) lines.push_back("incomplete: " + each);
  return lines;
}

Result<std::optional<Labels>> given_labels(const AdviseOptions& options) {
  if (options.labels.empty()) return std::nullopt;
  Labels labels;
  for (const std::string& each : options.labels) {
    const auto equal = each.find('=');
    if (equal == 0 || equal == std::string::npos)
      return fail("--labels: '" + each + "' is not KEY=VALUE", ErrorKind::kUsage);
    labels[each.substr(0, equal)] = each.substr(equal + 1);
  }
  return labels;
}

/// Workloads of the namespace that were seen.
std::vector<Subject> subjects_of(const AdviseOptions& options, std::span<const Seen> flows) {
  std::vector<Subject> subjects;
  std::set<std::pair<std::string, std::string>> known;
  for (const Seen& seen : flows)
    for (const End* end : {&seen.src, &seen.dst}) {
      if (end->kind != End::Kind::kPod || end->name_space != options.name_space) continue;
      if (!options.workload.empty() && end->workload != options.workload) continue;
      if (!known.emplace(end->workload_kind, end->workload).second) continue;
      subjects.push_back({.name_space = end->name_space,
                          .workload = end->workload,
                          .workload_kind = end->workload_kind,
                          .labels = end->labels,
                          .host_network = end->host_network});
    }
  std::ranges::sort(subjects, {}, [](const Subject& each) {
    return std::pair(each.workload, each.workload_kind);
  });
  return subjects;
}

int advise(const AdviseOptions& options, const ObservedFlows& observed) {
  const auto labels = given_labels(options);
  if (!labels) return complain(labels.error().message, kExitUsage);
  auto subjects = subjects_of(options, observed.seen);
  if (*labels && options.workload.empty())
    return complain("--labels are those of one workload: say --workload, as well", kExitUsage);
  if (subjects.empty())
    return complain("nothing was observed of " + options.name_space +
                        (options.workload.empty() ? "" : "/" + options.workload) + " since " +
                        options.since + ", so there is no policy to make",
                    kExitFailed);
  if (*labels && subjects.size() > 1)
    return complain("--labels are those of one workload, and " + options.name_space + "/" +
                        options.workload + " is a " + subjects[0].workload_kind + " and a " +
                        subjects[1].workload_kind,
                    kExitUsage);
  Output out;
  int code = kExitFailed;
  for (Subject& subject : subjects) {
    if (*labels) subject.labels = **labels;
    const auto named_so = std::ranges::count(subjects, subject.workload, &Subject::workload);
    const auto advice = make_policy(subject, observed.seen,
                                    {.any_outside = options.any_outside,
                                     .unanswered = options.unanswered,
                                     .name_is_shared = named_so > 1});
    if (!advice) {
      (void)complain(advice.error().message, 0);
      continue;
    }
    std::vector<std::string> lines{"For review, and not more than that: what NetProbe saw of " +
                                   subject.workload_kind + " " + subject.name_space + "/" +
                                   subject.workload + ", " + std::to_string(advice->flows) +
                                   " flows"};
    std::ranges::copy(words_of(observed, options), std::back_inserter(lines));
    std::ranges::copy(advice->remarks, std::back_inserter(lines));
    // All of it: where others share the labels, the policy is theirs as well.
    std::span<const Seen> flows = observed.seen;
    std::vector<Seen> labelled;
    if (*labels) {
      labelled = observed.seen;
      for (Seen& each : labelled)
        for (End* end : {&each.src, &each.dst})
          if (subject.is(*end)) end->labels = subject.labels;
      flows = labelled;
    }
    std::ranges::copy(words_of(replay({&advice->policy, 1}, flows)), std::back_inserter(lines));
    out.text() += to_yaml(advice->policy, lines);
    code = kExitOk;
  }
  return code;
}

int check(const AdviseOptions& options, const ObservedFlows& observed,
          std::span<const Policy> policies) {
  Output out;
  for (const std::string& each : words_of(observed, options)) out.text() += each + "\n";
  for (const std::string& each : words_of(replay(policies, observed.seen)))
    out.text() += each + "\n";
  return kExitOk;
}

int run(const AdviseOptions& options) {
  std::vector<Policy> policies;
  if (!options.check.empty()) {
    std::ifstream file(options.check, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file.is_open()) return complain("cannot read '" + options.check + "'", kExitFailed);
    auto read = network_policy::read_policies(text, options.name_space);
    if (!read) return complain(options.check + ": " + read.error().message, kExitUsage);
    policies = std::move(*read);
  }
  AgentClient agent(options.agent, {.total_timeout = 60 * kSecond});
  const auto observed = fetch_observed(
      agent,
      {.name_space = options.name_space, .workload = options.workload, .since = options.since});
  if (!observed) return complain(observed.error().message, exit_code_of(observed.error()));
  return options.check.empty() ? advise(options, *observed) : check(options, *observed, policies);
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
      ->type_name("KEY=VALUE")
      ->delimiter(',')
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
