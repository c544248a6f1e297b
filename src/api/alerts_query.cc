// SPDX-License-Identifier: Apache-2.0
#include "api/alerts_query.h"

#include <algorithm>
#include <array>

#include "base/duration.h"
#include "query/query.h"

namespace netprobe {
namespace {

constexpr std::array<std::string_view, 8> kNames{"state", "severity", "kind",  "since",
                                                 "muted", "q",        "limit", "cursor"};
constexpr std::array<std::string_view, 1> kRepeatable{"kind"};
constexpr std::array kSeverities{Severity::kInfo, Severity::kLow, Severity::kMedium,
                                 Severity::kHigh, Severity::kCritical};

std::unexpected<BadQuery> bad(std::string_view parameter, std::string detail,
                              std::vector<std::string_view> allowed = {}) {
  return std::unexpected(BadQuery{std::string(parameter), std::move(detail), std::move(allowed)});
}

std::unexpected<BadQuery> no_word(std::string_view name, const std::string& value,
                                  std::vector<std::string_view> words) {
  std::string list;
  for (const auto word : words) list += (list.empty() ? "" : ", ") + std::string(word);
  return bad(name,
             "'" + value + "' is not a value for " + std::string(name) + ": use one of " + list,
             std::move(words));
}

QueryResult<void> take_state(AlertsQuery& query, const std::string& value) {
  if (value == "all") return {};
  for (const AlertState state : {AlertState::kActive, AlertState::kResolved})
    if (value == to_string(state)) query.state = state;
  if (query.state) return {};
  return no_word("state", value, {"active", "resolved", "all"});
}

QueryResult<void> take_severity(AlertsQuery& query, const std::string& value) {
  std::vector<std::string_view> words;
  for (const Severity severity : kSeverities) {
    words.push_back(to_string(severity));
    if (value == words.back()) {
      query.severity = severity;
      return {};
    }
  }
  return no_word("severity", value, std::move(words));
}

QueryResult<void> take_limit(AlertsQuery& query, const std::string& value) {
  const auto limit = parse_limit(value, kMaxLimit);
  if (!limit) return std::unexpected(limit.error());
  query.limit = *limit;
  return {};
}

QueryResult<void> take_filter(AlertsQuery& query, const std::string& value, Nanos now) {
  const auto parsed = parse_alert_filter(value, now);
  if (!parsed) return bad("q", parsed.error().message);
  query.filter = std::make_shared<const RecordMatcher>(*parsed);
  return {};
}

QueryResult<void> take(AlertsQuery& query, std::string_view name, const std::string& value,
                       Nanos now) {
  if (name == "state") return take_state(query, value);
  if (name == "severity") return take_severity(query, value);
  if (name == "limit") return take_limit(query, value);
  if (name == "q") return take_filter(query, value, now);
  if (name == "kind") {
    query.kinds.push_back(value);
  } else if (name == "muted") {
    if (value != "true" && value != "false") return no_word("muted", value, {"true", "false"});
    query.muted = value == "true";
  } else if (name == "since") {
    const auto when = parse_time(value, now);
    if (!when) return bad(name, when.error().message);
    query.since = *when;
  } else if (name == "cursor") {
    query.cursor = value;
  }
  return {};
}

}  // namespace

bool AlertsQuery::matches(const Alert& alert, std::string_view node) const {
  if (alert.muted && !muted) return false;
  if (state && alert.state != *state) return false;
  if (alert.finding.severity < severity) return false;
  if (!kinds.empty() && std::ranges::find(kinds, alert.finding.kind) == kinds.end()) return false;
  if (since && alert.updated * kMicrosecond < *since) return false;
  if (!filter) return true;
  const AlertEvent event = event_of(alert, alert.updated);
  return filter->matches(RecordRef{RecordKind::kAlert, &event, node});
}

QueryResult<AlertsQuery> parse_alerts_query(const QueryParams& params, Nanos now) {
  AlertsQuery query;
  const auto values = named_values(params, kNames, kRepeatable);
  if (!values) return std::unexpected(values.error());
  for (const auto& [name, value] : *values)
    if (auto taken = take(query, name, *value, now); !taken) return std::unexpected(taken.error());
  return query;
}

}  // namespace netprobe
