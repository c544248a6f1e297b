// SPDX-License-Identifier: Apache-2.0
#include "query/parameters.h"

#include <algorithm>

#include "base/duration.h"
#include "model/flow_filter.h"
#include "query/condition.h"
#include "query/condition_text.h"
#include "query/expr.h"
#include "query/field_names.h"
#include "query/lexer.h"
#include "query/literal.h"

namespace netprobe {
namespace {

using enum FieldId;

constexpr std::size_t kMostRows = 10'000'000;

std::unexpected<BadParameter> refused(std::string_view name, std::string message,
                                      std::vector<std::string> allowed = {}) {
  return std::unexpected(BadParameter{std::string(name), std::move(message), std::move(allowed)});
}

/// A value as parameters have it: `none` is a name like any other.
Operand operand_of(std::string_view value) {
  return {std::string(value), normal_name(value) == "none"};
}

/// Where addresses are translated, either side's word for them counts.
std::vector<FieldId> fields_of(const NamedField& name, RecordKind kind) {
  std::vector<FieldId> ids(name.ids.begin(), name.ids.end());
  if (!name.is_bare()) {
    if (ids.front() == kSrcIp) ids.push_back(kTranslatedSrcIp);
    if (ids.front() == kDstIp) ids.push_back(kTranslatedDstIp);
    if (ids.front() == kSrcPort) ids.push_back(kTranslatedSrcPort);
    if (ids.front() == kDstPort) ids.push_back(kTranslatedDstPort);
  }
  std::erase_if(ids, [&](FieldId id) { return !field(id).of(kind); });
  return ids;
}

/// verdict=closed,reset is any of them.
std::vector<Operand> operands_of(std::string_view name, std::string_view value) {
  if (name != "verdict") return {operand_of(value)};
  std::vector<Operand> operands;
  for (std::size_t begin = 0; begin <= value.size();) {
    const auto comma = std::min(value.find(',', begin), value.size());
    operands.push_back(operand_of(value.substr(begin, comma - begin)));
    begin = comma + 1;
  }
  return operands;
}

/// "service": one that it was sent to, or one that an end is.
Condition service_condition(std::string_view value, Nanos now) {
  auto sent_to = equal_to({{kService, {}}, "service"}, operand_of(value), now);
  if (!sent_to) return sent_to;
  const auto slash = value.find('/');
  const auto end = [&](FieldId kind, FieldId name_space, FieldId name) -> Condition {
    std::vector<ExprPtr> all{compare({kind, {}}, CompareOp::kEqual, std::string("service"))};
    if (slash != std::string_view::npos) {
      auto scope = equal_to({{name_space, {}}, "service"}, operand_of(value.substr(0, slash)), now);
      if (!scope) return scope;
      all.push_back(std::move(*scope));
    }
    const auto own = slash == std::string_view::npos ? value : value.substr(slash + 1);
    auto named = equal_to({{name, {}}, "service"}, operand_of(own), now);
    if (!named) return named;
    all.push_back(std::move(*named));
    return all_of(std::move(all));
  };
  auto src = end(kSrcKind, kSrcNamespace, kSrcName);
  if (!src) return src;
  auto dst = end(kDstKind, kDstNamespace, kDstName);
  if (!dst) return dst;
  return any_of({std::move(*sent_to), std::move(*src), std::move(*dst)});
}

/// `value`: what it is compared with, of a label the part behind '='.
Condition condition_of(const NamedField& name, std::string_view value, RecordKind kind, Nanos now) {
  const auto ids = fields_of(name, kind);
  if (ids.empty())
    return std::unexpected(
        Refusal{.message = "'" + std::string(name.name) + "' is not a parameter of " +
                           std::string(to_string(kind)) + ": they do not have it"});
  std::vector<ExprPtr> any;
  for (const auto id : ids) {
    auto one = equal_to_any({{id, name.label}, name.name}, operands_of(name.name, value), now);
    if (!one) return one;
    any.push_back(std::move(*one));
  }
  return any_of(std::move(any));
}

Condition condition_of(std::string_view parameter, std::string_view value, RecordKind kind,
                       Nanos now) {
  NamedField name = *find_field(parameter);
  if (name.is_label()) {
    // KEY alone: it is there.
    const auto equals = value.find('=');
    name.label = value.substr(0, equals);
    value = equals == std::string_view::npos ? "*" : value.substr(equals + 1);
    if (!is_label_key(name.label) || value.empty())
      return std::unexpected(
          Refusal{.message = "'" + std::string(parameter) + "' takes KEY or KEY=VALUE"});
  }
  if (value.empty())
    return std::unexpected(Refusal{.message = "'" + std::string(parameter) + "' takes " +
                                              takes(name.ids.front()) + ": it is empty"});
  if (name.ids.front() == kService) return service_condition(value, now);
  return condition_of(name, value, kind, now);
}

/// since, until and limit; true where it was one of them.
std::expected<bool, BadParameter> take_bound(Query& query, std::string_view name,
                                             std::string_view value, Nanos now) {
  if (name == "limit") {
    if (query.limit) return refused(name, "limit is given more than once");
    const auto limit = parse_digits(value, kMostRows);
    if (!limit || *limit == 0)
      return refused(name, "'" + std::string(value) +
                               "' is not a value for limit: it takes a number from 1 to " +
                               std::to_string(kMostRows));
    query.limit = *limit;
    return true;
  }
  if (name != "since" && name != "until") return false;
  auto& bound = name == "since" ? query.since : query.until;
  if (bound) return refused(name, std::string(name) + " is given more than once");
  bound = parse_when(value, now);
  if (bound) return true;
  // A number alone is seconds, as on every list.
  const auto time = parse_time(value, now);
  if (!time) return refused(name, time.error().message);
  bound = *time / kMicrosecond;
  return true;
}

}  // namespace

const std::vector<std::string_view>& query_parameters() {
  static const std::vector<std::string_view> kAll = [] {
    std::vector<std::string_view> all = FlowFilter::keys();
    all.insert(all.end(), {"since", "until", "limit"});
    return all;
  }();
  return kAll;
}

bool is_query_parameter(std::string_view name) {
  return std::ranges::any_of(query_parameters(), [&](std::string_view each) {
    return normal_name(each) == normal_name(name);
  });
}

std::expected<Query, BadParameter> query_of_parameters(std::span<const QueryParameter> parameters,
                                                       RecordKind kind, Nanos now) {
  Query query{.kind = kind};
  std::vector<ExprPtr> all;
  std::size_t compares = 0;
  for (const auto& [given, value] : parameters) {
    if (value.size() > kMaxQueryBytes)
      return refused(given,
                     "the value is longer than " + std::to_string(kMaxQueryBytes) + " bytes");
    if (!is_query_text(value)) return refused(given, "the value is not text in UTF-8");
    const auto known = std::ranges::find_if(query_parameters(), [&](std::string_view each) {
      return normal_name(each) == normal_name(given);
    });
    if (known == query_parameters().end())
      return refused(given, "there is no parameter '" + std::string(given) + "'",
                     {query_parameters().begin(), query_parameters().end()});
    auto bound = take_bound(query, *known, value, now);
    if (!bound) return std::unexpected(std::move(bound.error()));
    if (*bound) continue;
    auto condition = condition_of(*known, value, kind, now);
    if (!condition)
      return refused(given, std::move(condition.error().message),
                     std::move(condition.error().expected));
    compares += count_compares(**condition);
    if (compares > kMaxQueryTerms)
      return refused(given,
                     "more than " + std::to_string(kMaxQueryTerms) + " conditions in one query");
    all.push_back(std::move(*condition));
  }
  if (query.since && query.until && *query.since >= *query.until)
    return refused("since", "since is not before until: nothing lies between");
  if (!all.empty()) query.filter = all_of(std::move(all));
  if (canonical(query).size() > kMaxQueryBytes)
    return refused(parameters.front().name, "the parameters together are longer than " +
                                                std::to_string(kMaxQueryBytes) + " bytes");
  return query;
}

}  // namespace netprobe
