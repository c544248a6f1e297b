// SPDX-License-Identifier: Apache-2.0
#include "api/connections_query.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/duration.h"
#include "model/verdict.h"

namespace netprobe {
namespace {

using Names = std::vector<std::string_view>;

/// What FlowFilter knows and a socket has.
constexpr std::array<std::string_view, 7> kTupleKeys{"ip",       "src_ip",   "dst_ip",  "port",
                                                     "src_port", "dst_port", "protocol"};
bool is_flow_key(std::string_view name) {
  return std::ranges::find(kTupleKeys, name) != kTupleKeys.end() || IdentityFilter::is_key(name);
}
constexpr std::array<std::string_view, 12> kOwnKeys{"pid",     "process", "container", "state",
                                                    "verdict", "role",    "netns",     "limit",
                                                    "cursor",  "since",   "until",     "source"};
constexpr std::array<std::string_view, 14> kStates{
    "established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2",    "time_wait",   "close",
    "close_wait",  "last_ack", "listen",   "closing",   "new_syn_recv", "unconnected", "live"};
constexpr std::array<std::string_view, 3> kRoles{"client", "server", "unknown"};

std::unexpected<BadQuery> bad(std::string_view parameter, std::string detail, Names allowed = {}) {
  return std::unexpected(BadQuery{std::string(parameter), std::move(detail), std::move(allowed)});
}

template <typename List>
bool has(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

Names all_names() {
  Names names(kTupleKeys.begin(), kTupleKeys.end());
  names.insert(names.end(), IdentityFilter::keys().begin(), IdentityFilter::keys().end());
  names.insert(names.end(), kOwnKeys.begin(), kOwnKeys.end());
  return names;
}

std::string joined(const Names& names) {
  std::string text;
  for (const auto name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

template <typename Number>
QueryResult<Number> number(std::string_view parameter, std::string_view text, Number least,
                           Number most, int base = 10) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most)
    return bad(parameter, "'" + std::string(text) + "' is not a value for " +
                              std::string(parameter) + ": it takes a number from " +
                              std::to_string(least) + " to " + std::to_string(most));
  return value;
}

QueryResult<std::string> word(std::string_view parameter, const std::string& text,
                              const Names& allowed) {
  if (!has(allowed, text))
    return bad(parameter,
               "'" + text + "' is not a value for " + std::string(parameter) + ": use one of " +
                   joined(allowed),
               allowed);
  return text;
}

/// Moves a result into a field, or hands its error back.
template <typename To, typename T>
QueryResult<void> store(To& to, QueryResult<T> from) {
  if (!from) return std::unexpected(from.error());
  to = std::move(*from);
  return {};
}

QueryResult<void> take(ConnectionsQuery& query, std::string_view name, const std::string& value,
                       Nanos now) {
  if (is_flow_key(name)) {
    if (auto s = query.tuple.add(name, value); !s) return bad(name, s.error().message);
    return {};
  }
  if (name == "pid") return store(query.pid, number<std::uint32_t>(name, value, 1, 1U << 30));
  if (name == "netns") return store(query.netns, number<std::uint64_t>(name, value, 1, UINT32_MAX));
  if (name == "limit") return store(query.limit, number<std::size_t>(name, value, 1, kMaxLimit));
  if (name == "state")
    return store(query.state, word(name, value, {kStates.begin(), kStates.end()}));
  if (name == "role") return store(query.role, word(name, value, {kRoles.begin(), kRoles.end()}));
  if (name == "verdict") return store(query.verdict, word(name, value, verdict_names()));
  if (name == "since" || name == "until") {
    const auto when = parse_time(value, now);
    if (!when) return bad(name, when.error().message);
    (name == "since" ? query.since : query.until) = *when;
    return {};
  }
  if (name == "source") {
    if (auto known = word(name, value, {kSources.begin(), kSources.end()}); !known)
      return std::unexpected(known.error());
    query.source = *parse_source(value);
    return {};
  }
  if (value.empty()) return bad(name, std::string(name) + " is given without a value");
  if (name == "process") query.process = value;
  if (name == "container") query.container = value;
  if (name == "cursor") {
    auto after = number<std::uint64_t>(name, value, 0, UINT64_MAX, 16);
    if (!after) return bad(name, "this cursor is not one that an earlier answer gave");
    query.after = *after;
  }
  return {};
}

}  // namespace

QueryResult<ConnectionsQuery> parse_connections_query(const QueryParams& params, Nanos now) {
  ConnectionsQuery query;
  Names repeatable(kRepeatableTuple.begin(), kRepeatableTuple.end());
  repeatable.insert(repeatable.end(), IdentityFilter::keys().begin(), IdentityFilter::keys().end());
  const auto values = named_values(params, all_names(), repeatable);
  if (!values) return std::unexpected(values.error());
  for (const auto& [name, value] : *values)
    if (auto s = take(query, name, *value, now); !s) return std::unexpected(s.error());
  if (query.since && query.until && *query.since > *query.until)
    return bad("since", "since is later than until");
  return query;
}

static bool matches_process(const ConnectionsQuery& query, const ProcessPtr& process) {
  if (!query.pid && !query.process && !query.container) return true;
  return process && (!query.pid || process->pid == *query.pid) &&
         (!query.process || process->comm == *query.process) &&
         (!query.container || process->container.starts_with(*query.container));
}

std::pair<Nanos, Nanos> life_of(const Connection& c, Nanos now) {
  const Nanos end = c.closed != 0 ? c.closed : now;
  for (const Nanos begin : {c.opened, c.established})
    if (begin != 0) return {begin, end};
  return {end, end};
}

bool ConnectionsQuery::matches(const Connection& c, const AddressNames& names, Nanos now,
                               std::string_view node) const {
  if (state && *state == "live" ? c.closed != 0 : state && c.state != *state) return false;
  if (verdict && c.verdict != *verdict) return false;
  if (role && to_string(c.role) != *role) return false;
  if (netns && c.netns != *netns) return false;
  if (!matches_process(*this, c.process)) return false;
  const auto [begin, end] = life_of(c, now);
  if ((since && end < *since) || (until && begin > *until)) return false;
  if (tuple.empty()) return true;
  return tuple.matches(names.named(c.tuple, begin, end, c.process), node);
}

bool ConnectionsQuery::matches(const ListeningSocket& socket, const AddressNames& names, Nanos now,
                               std::string_view node) const {
  if (state && *state != "listen") return false;
  if (verdict || role || (netns && socket.netns != *netns)) return false;
  if (!matches_process(*this, socket.process)) return false;
  if (tuple.empty()) return true;
  FlowTuple own;
  own.src = socket.address;
  own.src_port = socket.port;
  own.protocol = socket.protocol;
  return tuple.matches(names.named(own, now, now, socket.process), node);
}

}  // namespace netprobe
