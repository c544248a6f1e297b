// SPDX-License-Identifier: Apache-2.0
#include "api/query.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/duration.h"

namespace netprobe {
namespace {

using Names = std::vector<std::string_view>;

constexpr std::array<std::string_view, 9> kRepeatable{
    "ip", "src_ip", "dst_ip", "port", "src_port", "dst_port", "interface", "process", "direction"};
constexpr std::array<std::string_view, 5> kOrders{"id", "bytes", "packets", "rate", "last_seen"};
constexpr std::array<std::string_view, 3> kTopBys{"rate", "bytes", "packets"};

std::string join(const Names& names) {
  std::string text;
  for (const auto name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

std::unexpected<BadQuery> bad_value(std::string_view parameter, std::string detail,
                                    Names allowed = {}) {
  return std::unexpected(BadQuery{std::string(parameter), std::move(detail), std::move(allowed)});
}

QueryResult<Nanos> parse_when(std::string_view parameter, std::string_view text, Nanos now) {
  auto time = parse_time(text, now);
  if (!time) return bad_value(parameter, time.error().message);
  return *time;
}

/// Takes a parameter if it selects flows; false if it is for somebody else.
QueryResult<bool> take_condition(FlowFilter& filter, std::string_view name,
                                 const std::string& value) {
  if (!FlowFilter::is_key(name)) return false;
  if (auto status = filter.add(name, value); !status)
    return bad_value(name, status.error().message, FlowFilter::words_of(name));
  return true;
}

Names with_conditions(std::initializer_list<std::string_view> others) {
  Names names = FlowFilter::keys();
  names.insert(names.end(), others);
  return names;
}

template <std::size_t N>
std::unexpected<BadQuery> not_one_of(std::string_view parameter, const std::string& value,
                                     const std::array<std::string_view, N>& allowed) {
  const Names names(allowed.begin(), allowed.end());
  return bad_value(parameter,
                   "'" + value + "' is not a value for " + std::string(parameter) +
                       ": use one of " + join(names),
                   names);
}

QueryResult<std::vector<NamedValue>> flow_values(const QueryParams& params,
                                                 std::initializer_list<std::string_view> others) {
  Names repeatable(kRepeatable.begin(), kRepeatable.end());
  // Two pods, say, are the flows between them.
  const auto& names = IdentityFilter::keys();
  repeatable.insert(repeatable.end(), names.begin(), names.end());
  return named_values(params, with_conditions(others), repeatable);
}

/// `q`, for what is live and for history.
QueryResult<void> take_text(FlowsQuery& query, std::span<const NamedValue> values, Nanos now) {
  const auto given = std::ranges::find(values, "q", &NamedValue::name);
  if (given == values.end()) return {};
  auto parsed = parse_filter(*given->value, now);
  if (!parsed) return std::unexpected(bad_text("q", parsed.error()));
  if (parsed->kind != RecordKind::kFlow)
    return bad_value("q", "this list is of flows, and this asks for " +
                              std::string(to_string(parsed->kind)) + ": use /api/query");
  query.text = canonical(*parsed);
  query.matcher = std::make_shared<const RecordMatcher>(*parsed);
  query.kept = std::move(*parsed);
  return {};
}

}  // namespace

QueryResult<std::size_t> parse_limit(std::string_view text, std::size_t most) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > most) {
    return bad_value("limit", "'" + std::string(text) +
                                  "' is not a value for limit: it takes a number from 1 to " +
                                  std::to_string(most));
  }
  return value;
}

QueryResult<std::vector<NamedValue>> named_values(const QueryParams& params,
                                                  std::span<const std::string_view> allowed,
                                                  std::span<const std::string_view> repeatable) {
  std::vector<NamedValue> values;
  values.reserve(params.size());
  for (const auto& [given, value] : params) {
    std::string name(given);
    std::ranges::replace(name, '-', '_');
    const auto known = std::ranges::find(allowed, name);
    if (known == allowed.end()) {
      const Names names(allowed.begin(), allowed.end());
      return bad_value(given,
                       "there is no parameter '" + given + "' here" +
                           (names.empty() ? "; none is taken" : "; there are: " + join(names)),
                       names);
    }
    const bool again = std::ranges::find(values, *known, &NamedValue::name) != values.end();
    if (again && std::ranges::find(repeatable, *known) == repeatable.end())
      return bad_value(given, "the parameter '" + given + "' is given more than once");
    values.push_back({*known, &value});
  }
  return values;
}

std::optional<Source> parse_source(std::string_view text) {
  const auto found = std::ranges::find(kSources, text);
  if (found == kSources.end()) return std::nullopt;
  return static_cast<Source>(found - kSources.begin());
}

BadQuery bad_text(std::string_view parameter, const QueryError& error) {
  return {.parameter = std::string(parameter),
          .detail = error.message,
          .allowed = {},
          .place = ProblemExtras::Place{error.column + 1, error.length, error.expected}};
}

QueryResult<FlowsQuery> parse_flows_query(const QueryParams& params, Nanos now) {
  const auto values =
      flow_values(params, {"since", "until", "limit", "cursor", "sort", "q", "source"});
  if (!values) return std::unexpected(values.error());
  FlowsQuery query{.limit = kDefaultLimit};
  if (auto read = take_text(query, *values, now); !read) return std::unexpected(read.error());
  std::vector<NamedValue> conditions;
  for (const auto& [name, text] : *values) {
    const std::string& value = *text;
    auto taken = take_condition(query.filter, name, value);
    if (!taken) return std::unexpected(taken.error());
    if (*taken) {
      conditions.push_back({name, text});
      continue;
    }
    if (name == "q") continue;
    if (name == "since" || name == "until") {
      auto when = parse_when(name, value, now);
      if (!when) return std::unexpected(when.error());
      (name == "since" ? query.since : query.until) = *when;
    } else if (name == "limit") {
      auto limit = parse_limit(value, kMaxLimit);
      if (!limit) return std::unexpected(limit.error());
      query.limit = *limit;
    } else if (name == "sort") {
      const auto order = parse_flow_order(value);
      if (!order) return not_one_of("sort", value, kOrders);
      query.order = *order;
    } else if (name == "source") {
      const auto source = parse_source(value);
      if (!source) return not_one_of("source", value, kSources);
      query.source = *source;
    } else {
      query.cursor = parse_cursor(value);
      if (!query.cursor)
        return bad_value("cursor", "this cursor is not one that an earlier answer gave");
    }
  }
  if (query.since && query.until && *query.since > *query.until)
    return bad_value("since", "since is later than until");
  if (query.cursor && query.cursor->order != query.order)
    return bad_value("cursor", "this cursor belongs to a list that is sorted otherwise");
  if (auto done = narrow(query.kept, conditions, now); !done) return std::unexpected(done.error());
  narrow_time(query.kept, query.since, query.until);
  return query;
}

QueryResult<TopQuery> parse_top_query(const QueryParams& params) {
  const auto values = flow_values(params, {"by", "limit"});
  if (!values) return std::unexpected(values.error());
  TopQuery query{.limit = kDefaultTop};
  for (const auto& [name, text] : *values) {
    const std::string& value = *text;
    auto taken = take_condition(query.filter, name, value);
    if (!taken) return std::unexpected(taken.error());
    if (*taken) continue;
    if (name == "limit") {
      auto limit = parse_limit(value, kMaxTop);
      if (!limit) return std::unexpected(limit.error());
      query.limit = *limit;
    } else {
      const auto by = parse_top_by(value);
      if (!by) return not_one_of("by", value, kTopBys);
      query.by = *by;
    }
  }
  return query;
}

namespace {

/// Why a query cannot be answered live; empty where it can.
std::string not_live(const Query& query) {
  if (query.kind != RecordKind::kFlow)
    return "streams are of flows, and this asks for " + std::string(to_string(query.kind)) +
           ": use /api/query";
  if (query.since || query.until)
    return "a stream begins now and has no end: leave the time range out, or use /api/query";
  if (query.new_since) return "a stream does not know the past that is new to: use /api/query";
  if (!query.is_aggregate()) {
    if (!query.order.empty() || query.limit || !query.select.empty())
      return "a stream of flows takes a filter alone; sums need a step, as in 'sum bytes every 5s'";
    return {};
  }
  if (!query.every) return "live sums need a step of time: add 'every 5s' behind them";
  if (*query.every < kLeastStep || *query.every > kMostStep)
    return "a step of live sums is from 1s to 1h";
  for (const Aggregate& aggregate : query.aggregates)
    if (aggregate.op == AggregateOp::kPeak)
      return "peak is of whole minutes, which /api/query has: use max or rate in a stream";
  return {};
}

/// Where the filter ends, if that is what is wrong.
std::optional<ProblemExtras::Place> place_of_pipe(const std::string& text, Nanos now) {
  const auto filter = parse_filter(text, now);
  return filter ? std::nullopt : bad_text("q", filter.error()).place;
}

}  // namespace

QueryResult<StreamQuery> parse_stream_query(const QueryParams& params, Nanos now) {
  const auto values = flow_values(params, {"q"});
  if (!values) return std::unexpected(values.error());
  StreamQuery stream;
  std::vector<NamedValue> conditions;
  for (const auto& [name, value] : *values) {
    if (name == "q") {
      auto query = parse_query(*value, now);
      if (!query) return std::unexpected(bad_text("q", query.error()));
      if (auto why = not_live(*query); !why.empty())
        return std::unexpected(BadQuery{"q", std::move(why), {}, place_of_pipe(*value, now)});
      stream.matcher = std::make_shared<const RecordMatcher>(*query);
      stream.text = canonical(*query);
      if (query->is_aggregate()) stream.sums = std::make_shared<const Query>(*query);
      stream.whole = std::move(*query);
      continue;
    }
    auto taken = take_condition(stream.filter, name, *value);
    if (!taken) return std::unexpected(taken.error());
    if (*taken) conditions.push_back({name, value});
  }
  if (auto done = narrow(stream.whole, conditions, now); !done)
    return std::unexpected(done.error());
  return stream;
}

QueryResult<void> parse_empty_query(const QueryParams& params) {
  if (auto values = named_values(params, {}, {}); !values) return std::unexpected(values.error());
  return {};
}

}  // namespace netprobe
