// SPDX-License-Identifier: Apache-2.0
#include "api/losses_query.h"

#include <algorithm>
#include <array>

#include "base/duration.h"

namespace netprobe {
namespace {

constexpr std::array<std::string_view, 12> kNames{"ip",       "src_ip",   "dst_ip",   "port",
                                                  "src_port", "dst_port", "protocol", "interface",
                                                  "role",     "since",    "limit",    "cursor"};
constexpr std::array kRoles{Role::kPod,    Role::kLoopback, Role::kBridge,
                            Role::kTunnel, Role::kHost,     Role::kUplink};
constexpr std::array<std::string_view, 7> kRepeatable{"ip",       "src_ip",   "dst_ip",   "port",
                                                      "src_port", "dst_port", "interface"};

std::unexpected<BadQuery> bad(std::string_view parameter, std::string detail,
                              std::vector<std::string_view> allowed = {}) {
  return std::unexpected(BadQuery{std::string(parameter), std::move(detail), std::move(allowed)});
}

std::string joined(const auto& words) {
  std::string text;
  for (const auto word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

QueryResult<void> take_role(LossesQuery& query, const std::string& value) {
  std::vector<std::string_view> names;
  for (const Role role : kRoles) names.push_back(to_string(role));
  if (std::ranges::find(names, value) == names.end())
    return bad("role", "'" + value + "' is not a value for role: use one of " + joined(names),
               names);
  query.role = value;
  return {};
}

QueryResult<void> take_limit(LossesQuery& query, const std::string& value) {
  const auto limit = parse_limit(value, kMaxLimit);
  if (!limit) return std::unexpected(limit.error());
  query.limit = *limit;
  return {};
}

QueryResult<void> take(LossesQuery& query, std::string_view name, const std::string& value,
                       Nanos now) {
  if (name == "role") return take_role(query, value);
  if (name == "limit") return take_limit(query, value);
  if (name == "since") {
    const auto when = parse_time(value, now);
    if (!when) return bad(name, when.error().message);
    query.since = *when;
  } else if (name == "cursor") {
    query.cursor = parse_cursor(value);
    if (!query.cursor || query.cursor->order != FlowOrder::kPackets)
      return bad(name, "this cursor is not one that an earlier answer gave");
  } else if (auto added = query.filter.add(name, value); !added) {
    return bad(name, added.error().message);
  }
  return {};
}

}  // namespace

QueryResult<LossesQuery> parse_losses_query(const QueryParams& params, Nanos now) {
  LossesQuery query;
  const auto with_names = [](const auto& own) {
    std::vector<std::string_view> list(own.begin(), own.end());
    list.insert(list.end(), IdentityFilter::keys().begin(), IdentityFilter::keys().end());
    return list;
  };
  const auto values = named_values(params, with_names(kNames), with_names(kRepeatable));
  if (!values) return std::unexpected(values.error());
  for (const auto& [name, value] : *values)
    if (auto taken = take(query, name, *value, now); !taken) return std::unexpected(taken.error());
  return query;
}

}  // namespace netprobe
