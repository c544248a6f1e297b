// SPDX-License-Identifier: Apache-2.0
#include "query/condition_text.h"

#include <algorithm>
#include <array>

#include "base/glob.h"
#include "model/flow.h"
#include "model/identity_names.h"
#include "query/expr.h"
#include "query/field_names.h"
#include "query/lexer.h"
#include "query/pattern.h"

namespace netprobe {
namespace {

using enum CompareOp;
using enum FieldId;

/// Kinds are typed as kubectl takes them: deployment/web.
constexpr std::array<std::string_view, 10> kWorkloadKinds{
    "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job",
    "CronJob",    "Pod",         "Node",      "Service",    "External"};

/// The field that goes before the '/' of a name's two parts.
std::optional<FieldId> scope_of(FieldId id) {
  switch (id) {
    case kSrcPod:
      return kSrcNamespace;
    case kDstPod:
      return kDstNamespace;
    case kService:
      return kServiceNamespace;
    case kSrcWorkload:
      return kSrcWorkloadKind;
    case kDstWorkload:
      return kDstWorkloadKind;
    default:
      return std::nullopt;
  }
}

bool is_workload(FieldId id) { return id == kSrcWorkload || id == kDstWorkload; }

Refusal wrong_name(const Subject& subject, const Operand& operand) {
  return {.message = "'" + std::string(subject.shown) + "' takes " + text_takes(subject.ref.id) +
                     ", not '" + operand.text + "'"};
}

Condition pattern(const FieldRef& ref, std::string text) {
  if (auto compiled = compile_pattern(text); !compiled)
    return std::unexpected(
        Refusal{.message = "the pattern cannot be used: " + compiled.error().message,
                .fragment = compiled.error().fragment});
  return compare(ref, kMatch, std::move(text));
}

/// A name or a glob. What a glob means that has more than * and ? is told as a
/// pattern, so that every consumer has it right.
Condition name(const FieldRef& ref, std::string_view text, bool quoted) {
  if (text.empty()) return is_none(ref);
  if (quoted || text.find_first_of("*?[") == std::string_view::npos)
    return compare(ref, kEqual, std::string(text));
  if (static_cast<std::size_t>(
          std::ranges::count_if(text, [](char c) { return c == '*' || c == '?'; })) > kMaxWildcards)
    return std::unexpected(Refusal{.message = "more than " + std::to_string(kMaxWildcards) +
                                              " of * and ? in a name: use ~ and a pattern"});
  if (!is_one_word(text) || text.contains('[')) return pattern(ref, pattern_of_glob(text));
  return compare(ref, kGlob, std::string(text));
}

Condition workload_kind(const FieldRef& ref, std::string_view text) {
  const std::string small = normal_name(text);
  for (const auto kind : kWorkloadKinds)
    if (normal_name(kind) == small) return compare(ref, kEqual, std::string(kind));
  if (text == "*") return compare(ref, kGlob, std::string(text));
  const bool glob = text.find_first_of("*?[") != std::string_view::npos;
  return pattern(ref, glob ? "(?i)" + pattern_of_glob(text) : pattern_of_any_case(text));
}

ExprPtr of_traffic_kind(std::string_view kind) {
  const auto is = [](FieldId id, std::string_view text) {
    return compare({id, {}}, kEqual, std::string(text));
  };
  if (kind == "pod-to-pod") return all_of({is(kSrcKind, "pod"), is(kDstKind, "pod")});
  if (kind == "service") return negate(is_none({kService, {}}));
  // As model/identity.h has it: is_external_flow.
  return any_of({is(kSrcKind, "external"), is(kDstKind, "external"),
                 all_of({merged_any({is(kDirection, "ingress"), is(kDirection, "egress")}),
                         any_of({is_none({kSrcKind, {}}),
                                 all_of({is_none({kDstKind, {}}), is_none({kService, {}})})})})});
}

}  // namespace

std::vector<std::string_view> traffic_kinds() {
  std::vector<std::string_view> kinds;
  for (const auto& kind : kTrafficKinds) kinds.push_back(kind.name);
  return kinds;
}

int protocol_of(std::string_view text) { return protocol_number(normal_name(text)); }

std::string text_takes(FieldId id) {
  if (is_workload(id)) return "a name or kind/name such as deployment/web; * stands for any text";
  if (scope_of(id)) return "a name or namespace/name; * stands for any text";
  return "a text; * stands for any";
}

Condition text_equal_to(const Subject& subject, const Operand& operand) {
  const FieldRef& ref = subject.ref;
  const std::string_view text = operand.text;
  if (operand.quoted) return name(ref, text, true);
  const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (digits && (ref.id == kSrcProcess || ref.id == kDstProcess))
    return equal_to({{ref.id == kSrcProcess ? kSrcPid : kDstPid, {}}, subject.shown}, operand, 0);
  const auto slash = text.find('/');
  const auto scope = scope_of(ref.id);
  if (!scope || slash == std::string_view::npos) return name(ref, text, false);
  const auto first = text.substr(0, slash);
  const auto second = text.substr(slash + 1);
  if (first.empty() || second.empty() || second.contains('/'))
    return std::unexpected(wrong_name(subject, operand));
  auto outer =
      is_workload(ref.id) ? workload_kind({*scope, {}}, first) : name({*scope, {}}, first, false);
  if (!outer) return outer;
  auto inner = name(ref, second, false);
  if (!inner) return inner;
  return all_of({std::move(*outer), std::move(*inner)});
}

Condition text_matching(const Subject& subject, const Operand& operand) {
  if (operand.text.size() > kMaxPatternText)
    return std::unexpected(
        Refusal{.message = "a pattern has at most " + std::to_string(kMaxPatternText) + " bytes"});
  return pattern(subject.ref, operand.text);
}

std::optional<ExprPtr> word_equal_to(const Subject& subject, const Operand& operand) {
  const std::string wanted = normal_name(operand.text);
  const bool glob = !operand.quoted && wanted.find_first_of("*?[") != std::string::npos;
  std::vector<ExprPtr> any;
  for (const auto word : field(subject.ref.id).words) {
    const std::string normal = normal_name(word);
    if (glob ? glob_match(wanted, normal) : wanted == normal)
      any.push_back(compare(subject.ref, kEqual, std::string(word)));
  }
  if (!any.empty()) return merged_any(std::move(any));
  if (subject.ref.id == kDirection)
    for (const auto kind : traffic_kinds())
      if (normal_name(kind) == wanted) return of_traffic_kind(kind);
  return std::nullopt;
}

ExprPtr merged_any(std::vector<ExprPtr> any) {
  Expr::Compare in{.op = kIn};
  std::vector<ExprPtr> rest;
  for (auto& each : any) {
    const auto* plain = std::get_if<Expr::Compare>(&each->node);
    const bool values = plain != nullptr && (plain->op == kEqual || plain->op == kIn) &&
                        plain->values.front() != decltype(in.values)::value_type(Value{});
    if (values && (in.values.empty() || in.field == plain->field)) {
      in.field = plain->field;
      in.values.insert(in.values.end(), plain->values.begin(), plain->values.end());
    } else {
      rest.push_back(std::move(each));
    }
  }
  if (in.values.empty()) return any_of(std::move(rest));
  if (in.values.size() == 1) in.op = kEqual;
  rest.insert(rest.begin(), std::make_shared<const Expr>(Expr{std::move(in)}));
  return any_of(std::move(rest));
}

}  // namespace netprobe
