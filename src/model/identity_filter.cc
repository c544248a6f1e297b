// SPDX-License-Identifier: Apache-2.0
#include "model/identity_filter.h"

#include <algorithm>

#include "model/flow.h"
#include "model/identity_names.h"

namespace netprobe {
namespace {

/// Kinds are typed as kubectl takes them: deployment/web.
std::string in_small_letters(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return small;
}

std::unexpected<Error> refused(std::string_view key, std::string_view value, const char* takes) {
  return fail(
      "'" + std::string(value) + "' is not a value for " + std::string(key) + ": it takes " + takes,
      ErrorKind::kUsage);
}

/// A name, or two with a '/' between; neither empty.
struct Parts {
  bool valid = false;
  bool has_scope = false;
  std::string_view scope;
  std::string_view name;
};

Parts split(std::string_view value) {
  const auto slash = value.find('/');
  if (slash == std::string_view::npos) return {!value.empty(), false, {}, value};
  const Parts parts{true, true, value.substr(0, slash), value.substr(slash + 1)};
  if (parts.scope.empty() || parts.name.empty() || parts.name.contains('/')) return {};
  return parts;
}

}  // namespace

const std::vector<std::string_view>& IdentityFilter::keys() {
  static const std::vector<std::string_view> kKeys{
      "pod",           "src_pod",   "dst_pod",      "namespace",    "src_namespace",
      "dst_namespace", "workload",  "src_workload", "dst_workload", "label",
      "src_label",     "dst_label", "service",      "node",         "src_node",
      "dst_node",      "zone",      "src_zone",     "dst_zone"};
  return kKeys;
}

bool IdentityFilter::is_key(std::string_view key) {
  return std::ranges::find(keys(), key) != keys().end();
}

Status IdentityFilter::add(std::string_view key, std::string_view value) {
  Condition condition;
  std::string_view field = key;
  if (field.starts_with("src_")) condition.end = End::kSrc;
  if (field.starts_with("dst_")) condition.end = End::kDst;
  if (condition.end != End::kEither) field.remove_prefix(4);

  if (field == "pod" || field == "service" || field == "workload") {
    const Parts parts = split(value);
    const bool workload = field == "workload";
    if (!parts.valid)
      return refused(key, value,
                     workload ? "a name or KIND/NAME, such as deployment/web; * stands for any text"
                              : "a name or NAMESPACE/NAME; * stands for any text");
    condition.field = workload             ? Field::kWorkload
                      : field == "service" ? Field::kService
                                           : Field::kPod;
    condition.has_scope = parts.has_scope;
    condition.scope = NamePattern(workload ? in_small_letters(parts.scope) : parts.scope);
    condition.name = NamePattern(parts.name);
  } else if (field == "label") {
    const auto equals = value.find('=');
    condition.field = Field::kLabel;
    condition.key = value.substr(0, equals);
    if (condition.key.empty()) return refused(key, value, "KEY or KEY=VALUE");
    condition.has_scope = equals != std::string_view::npos;
    if (condition.has_scope) condition.scope = NamePattern(value.substr(equals + 1));
  } else {
    if (value.empty()) return refused(key, value, "a name; * stands for any text");
    condition.field = field == "namespace" ? Field::kNamespace
                      : field == "zone"    ? Field::kZone
                                           : Field::kNode;
    condition.name = NamePattern(value);
  }
  conditions_.push_back(std::move(condition));
  return {};
}

bool IdentityFilter::Condition::holds(const Identity& identity) const {
  const auto is = [this](std::string_view text) { return !text.empty() && name.matches(text); };
  switch (field) {
    case Field::kPod:
    case Field::kService: {
      const auto kind = field == Field::kPod ? IdentityKind::kPod : IdentityKind::kService;
      return identity.kind == kind && is(identity.name) &&
             (!has_scope || scope.matches(identity.name_space));
    }
    case Field::kNamespace:
      return is(identity.name_space);
    case Field::kWorkload:
      return is(identity.workload) &&
             (!has_scope || scope.matches(in_small_letters(identity.workload_kind)));
    case Field::kLabel: {
      const auto label = std::ranges::find(identity.labels, key, &KubeLabels::value_type::first);
      return label != identity.labels.end() && (!has_scope || scope.matches(label->second));
    }
    case Field::kNode:
      return is(node_of(identity));
    case Field::kZone:
      return is(identity.zone);
  }
  return false;
}

bool IdentityFilter::Condition::holds(const Flow& flow, std::string_view observed_by) const {
  const bool asks_service = field == Field::kService || field == Field::kNamespace;
  if (end == End::kEither) {
    if (asks_service && flow.service && holds(*flow.service)) return true;
    if (field == Field::kNode && !observed_by.empty() && name.matches(observed_by)) return true;
  }
  return (end != End::kDst && flow.src_identity && holds(*flow.src_identity)) ||
         (end != End::kSrc && flow.dst_identity && holds(*flow.dst_identity));
}

bool IdentityFilter::matches(const Flow& flow, std::string_view observed_by) const {
  return std::ranges::all_of(conditions_,
                             [&](const Condition& each) { return each.holds(flow, observed_by); });
}

}  // namespace netprobe
