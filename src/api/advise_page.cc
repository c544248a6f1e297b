// SPDX-License-Identifier: Apache-2.0
#include "api/advise_page.h"

#include "analysis/network_policy/policy_json.h"
#include "api/kube_json.h"

namespace netprobe {
namespace {

using network_policy::AdviceQuestion;
using network_policy::Observed;
using network_policy::Replay;
using network_policy::WorkloadAdvice;

void append_texts(JsonObject& json, std::string& out, std::string_view key,
                  std::span<const std::string> texts) {
  json.key(key);
  JsonArray list(out);
  for (const std::string& each : texts) list.text(each);
  list.close();
}

void append_question(JsonObject& json, const AdviceQuestion& question) {
  json.text("namespace", question.name_space);
  if (question.workload.empty())
    json.null("workload");
  else
    json.text("workload", question.workload);
}

void append_replay(JsonObject& json, std::string& out, const Replay& replay) {
  json.key("replay");
  JsonObject inner(out);
  inner.number("allowed", replay.allowed);
  inner.number("denied", replay.denied);
  inner.number("unclear", replay.unclear);
  inner.number("other", replay.other);
  inner.key("found");
  JsonArray found(out);
  for (const Replay::Found& each : replay.found) {
    found.next();
    JsonObject one(out);
    one.text("ruling", each.denied ? "denied" : "unclear");
    one.text("text", each.text);
    one.number("flows", each.flows);
    one.close();
  }
  found.close();
  inner.number("not_shown", replay.not_shown);
  append_texts(inner, out, "words", words_of(replay));
  inner.close();
}

/// Where it is from, and what is not in it.
void append_rest(JsonObject& json, std::string& out, const AdviceQuestion& question,
                 const Observed& observed, const AnswerPage& page) {
  append_texts(json, out, "observed", words_of(observed, question.since));
  append_origin(json, out, page.answer, page.history == nullptr);
  append_kubernetes(json, out, page.snapshot.kube->status);
  append_answer_completeness(json, out, page);
  json.close();
}

}  // namespace

std::string advise_page(const AdviceQuestion& question, const Observed& observed,
                        std::span<const WorkloadAdvice> advice, const AnswerPage& page) {
  std::string out;
  JsonObject json(out);
  append_question(json, question);
  json.key("policies");
  JsonArray policies(out);
  std::string yaml;
  for (const WorkloadAdvice& each : advice) {
    if (!each.advice) continue;
    yaml += each.yaml;
    policies.next();
    JsonObject one(out);
    one.text("workload", each.workload);
    one.text("workload_kind", each.workload_kind);
    one.number("flows", each.advice->flows);
    one.key("policy");
    network_policy::append_json(out, each.advice->policy);
    append_texts(one, out, "remarks", each.advice->remarks);
    append_replay(one, out, each.replay);
    one.text("yaml", each.yaml);
    one.close();
  }
  policies.close();
  json.key("without_policy");
  JsonArray without(out);
  for (const WorkloadAdvice& each : advice) {
    if (each.advice) continue;
    without.next();
    JsonObject one(out);
    one.text("workload", each.workload);
    one.text("workload_kind", each.workload_kind);
    one.text("why", each.why_none);
    one.close();
  }
  without.close();
  json.text("yaml", yaml);
  append_rest(json, out, question, observed, page);
  return out;
}

std::string check_page(const AdviceQuestion& question, const Observed& observed,
                       const Replay& replay, const AnswerPage& page) {
  std::string out;
  JsonObject json(out);
  append_question(json, question);
  append_replay(json, out, replay);
  append_rest(json, out, question, observed, page);
  return out;
}

}  // namespace netprobe
