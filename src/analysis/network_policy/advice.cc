// SPDX-License-Identifier: Apache-2.0
#include "analysis/network_policy/advice.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "analysis/network_policy/policy_match.h"
#include "analysis/network_policy/policy_yaml.h"

namespace netprobe::network_policy {
namespace {

/// Workloads of the namespace that were seen.
std::vector<Subject> subjects_of(const AdviceQuestion& question, std::span<const Seen> flows) {
  std::vector<Subject> subjects;
  std::set<std::pair<std::string, std::string>> known;
  for (const Seen& seen : flows)
    for (const End* end : {&seen.src, &seen.dst}) {
      if (end->kind != End::Kind::kPod || end->name_space != question.name_space) continue;
      if (!question.workload.empty() && end->workload != question.workload) continue;
      if (!known.emplace(end->workload_kind, end->workload).second) continue;
      subjects.push_back({.name_space = end->name_space,
                          .workload = end->workload,
                          .workload_kind = end->workload_kind,
                          .labels = end->labels,
                          .host_network = end->host_network});
    }
  std::ranges::sort(subjects, {}, [](const Subject& each) {
    return std::tie(each.workload, each.workload_kind);
  });
  return subjects;
}

Status fits(const AdviceQuestion& question, std::span<const Subject> subjects) {
  if (question.labels && question.workload.empty())
    return fail("labels are those of one workload: say which workload, as well", ErrorKind::kUsage);
  if (subjects.empty())
    return fail("nothing was observed of " + question.name_space +
                    (question.workload.empty() ? "" : "/" + question.workload) + " since " +
                    question.since + ", so there is no policy to make",
                ErrorKind::kNotFound);
  if (question.labels && subjects.size() > 1)
    return fail("labels are those of one workload, and " + question.name_space + "/" +
                    question.workload + " is a " + subjects[0].workload_kind + " and a " +
                    subjects[1].workload_kind,
                ErrorKind::kUsage);
  return {};
}

std::string yaml_of(const WorkloadAdvice& made, const AdviceQuestion& question,
                    const Observed& observed) {
  std::vector<std::string> lines{"For review, and not more than that: what NetProbe saw of " +
                                 made.workload_kind + " " + question.name_space + "/" +
                                 made.workload + ", " + std::to_string(made.advice->flows) +
                                 " flows"};
  std::ranges::copy(words_of(observed, question.since), std::back_inserter(lines));
  std::ranges::copy(made.advice->remarks, std::back_inserter(lines));
  std::ranges::copy(words_of(made.replay), std::back_inserter(lines));
  return to_yaml(made.advice->policy, lines);
}

}  // namespace

Replay replay(std::span<const Policy> policies, std::span<const Seen> flows) {
  Replay result;
  std::map<std::pair<bool, std::string>, std::uint64_t> found;
  for (const Seen& seen : flows) {
    const Judgement judged = judge(policies, seen);
    if (judged.ruling == Ruling::kNotSelected) result.other += seen.flows;
    if (judged.ruling == Ruling::kAllowed) result.allowed += seen.flows;
    if (judged.ruling != Ruling::kDenied && judged.ruling != Ruling::kUnclear) continue;
    const bool denied = judged.ruling == Ruling::kDenied;
    (denied ? result.denied : result.unclear) += seen.flows;
    found[{!denied, name_of(seen.src) + " to " + name_of(seen.dst) + ", " +
                        port_text(seen.protocol, seen.port) +
                        (seen.answered ? "" : " (unanswered)") + ": " + judged.why}] += seen.flows;
  }
  for (const auto& [key, count] : found) {
    if (result.found.size() == Replay::kMostFound) break;
    result.found.push_back({.denied = !key.first, .text = key.second, .flows = count});
  }
  result.not_shown = found.size() - result.found.size();
  return result;
}

Result<std::vector<WorkloadAdvice>> advise(const AdviceQuestion& question,
                                           const Observed& observed) {
  auto subjects = subjects_of(question, observed.seen);
  if (Status s = fits(question, subjects); !s) return std::unexpected(s.error());
  std::vector<WorkloadAdvice> all;
  for (Subject& subject : subjects) {
    if (question.labels) subject.labels = question.labels;
    WorkloadAdvice& made = all.emplace_back();
    made.workload = subject.workload;
    made.workload_kind = subject.workload_kind;
    const auto named_so = std::ranges::count(subjects, subject.workload, &Subject::workload);
    auto advice = make_policy(subject, observed.seen,
                              {.any_outside = question.any_outside,
                               .unanswered = question.unanswered,
                               .name_is_shared = named_so > 1});
    if (!advice) {
      made.why_none = advice.error().message;
      continue;
    }
    // All of it: where others share the labels, the policy is theirs as well.
    std::span<const Seen> flows = observed.seen;
    std::vector<Seen> labelled;
    if (question.labels) {
      labelled = observed.seen;
      for (Seen& each : labelled)
        for (End* end : {&each.src, &each.dst})
          if (subject.is(*end)) end->labels = subject.labels;
      flows = labelled;
    }
    made.replay = replay({&advice->policy, 1}, flows);
    made.advice = std::move(*advice);
    made.yaml = yaml_of(made, question, observed);
  }
  return all;
}

Result<Labels> parse_labels(std::string_view text) {
  Labels labels;
  while (true) {
    const auto comma = text.find(',');
    const std::string_view each = text.substr(0, comma);
    const auto equal = each.find('=');
    if (equal == 0 || equal == std::string_view::npos)
      return fail("'" + std::string(each) + "' is not KEY=VALUE", ErrorKind::kUsage);
    labels[std::string(each.substr(0, equal))] = each.substr(equal + 1);
    if (comma == std::string_view::npos) return labels;
    text.remove_prefix(comma + 1);
  }
}

std::vector<std::string> words_of(const Observed& observed, const std::string& since) {
  std::vector<std::string> lines;
  std::string window = "observed since " + (observed.since.empty() ? since : observed.since);
  if (!observed.kept_since.empty() && observed.kept_since > observed.since)
    window += "; history begins at " + observed.kept_since;
  lines.push_back(window);
  lines.emplace_back(
      "what runs less often than that is missing: cron jobs, backups, failover, certificates");
  if (observed.warnings.empty()) lines.emplace_back("nothing is known to be missing in this time");
  for (const std::string& each : observed.warnings) lines.push_back("incomplete: " + each);
  return lines;
}

std::vector<std::string> words_of(const Replay& replay) {
  std::vector<std::string> lines;
  lines.push_back("replayed over what was observed: " + std::to_string(replay.allowed) +
                  " flows allowed, " + std::to_string(replay.denied) + " denied, " +
                  std::to_string(replay.unclear) + " not to be told, " +
                  std::to_string(replay.other) + " of other pods");
  for (const Replay::Found& each : replay.found)
    lines.push_back(std::string(each.denied ? "  denies " : "  may deny ") + each.text + " (" +
                    std::to_string(each.flows) + " flows)");
  if (replay.not_shown > 0) lines.push_back("  and " + std::to_string(replay.not_shown) + " more");
  return lines;
}

}  // namespace netprobe::network_policy
