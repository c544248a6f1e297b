// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/cursor.h"
#include "io/http_problem.h"
#include "io/url.h"
#include "model/flow_filter.h"
#include "model/top_talkers.h"
#include "query/evaluate.h"
#include "query/query.h"

namespace netprobe {

/// What is wrong with a query, for the user: 400.
struct BadQuery {
  std::string parameter;
  std::string detail;
  std::vector<std::string_view> allowed;                     ///< parameters or values in its place
  std::optional<ProblemExtras::Place> place = std::nullopt;  ///< in the value, where it has parts
};
template <typename T>
using QueryResult = std::expected<T, BadQuery>;

/// A parameter by the name that its page knows it by ('-' may stand for '_').
struct NamedValue {
  std::string_view name;
  const std::string* value;
};
/// The one way into a query: every name is among `allowed`, and given once
/// unless it is among `repeatable`, whose conditions all hold. `allowed` stands
/// for names with static storage; the values are those of `params`.
[[nodiscard]] QueryResult<std::vector<NamedValue>> named_values(
    const QueryParams& params, std::span<const std::string_view> allowed,
    std::span<const std::string_view> repeatable);

/// A conjunction of these says something; of two protocols it never does.
inline constexpr std::array<std::string_view, 6> kRepeatableTuple{"ip",   "src_ip",   "dst_ip",
                                                                  "port", "src_port", "dst_port"};

/// Where an answer comes from.
enum class Source : std::uint8_t {
  kAuto,     ///< what is live where that is all there is to tell, else history
  kHistory,  ///< or 503
  kLive,
};
[[nodiscard]] std::optional<Source> parse_source(std::string_view text);
inline constexpr std::array<std::string_view, 3> kSources{"auto", "history", "live"};

struct FlowsQuery {
  FlowFilter filter;
  std::optional<Nanos> since;  ///< wall: last seen then or later
  std::optional<Nanos> until;  ///< wall: first seen then or earlier
  std::size_t limit = 0;
  FlowOrder order = FlowOrder::kId;
  std::optional<FlowCursor> cursor;
  std::string text;                              ///< `q` in its canonical form; empty: none
  std::shared_ptr<const RecordMatcher> matcher;  ///< of `q`; null: all
  Source source = Source::kAuto;
  Query kept;  ///< all of this but order and pages, as a question to history

  /// `node`: whose flow it is. The time range is not looked at.
  [[nodiscard]] bool matches(const Flow& flow, std::string_view node) const {
    return filter.matches(flow, node) && (!matcher || matcher->matches(flow, node));
  }
};

struct TopQuery {
  FlowFilter filter;
  TopBy by = TopBy::kRate;
  std::size_t limit = 0;
};

/// Which flows a client of /api/stream wants: both hold.
struct StreamQuery {
  FlowFilter filter;
  std::shared_ptr<const RecordMatcher> matcher;  ///< of `q`; null: all
  std::string text;                              ///< `q` in its canonical form
  /// Sums by steps of time are wanted, of what flows gain; null: the flows themselves.
  std::shared_ptr<const Query> sums;
  Query whole;  ///< all of this as one question, for those who are asked in the language

  /// `node`: whose flow it is.
  [[nodiscard]] bool matches(const Flow& flow, std::string_view node) const {
    return filter.matches(flow, node) && (!matcher || matcher->matches(flow, node));
  }
  /// `flow` gained `record`.
  [[nodiscard]] bool matches(const Flow& flow, const FlowRecord& record,
                             std::string_view node) const {
    return filter.matches(flow, node) &&
           (!matcher || matcher->matches({RecordKind::kFlow, &record, node}));
  }
};

/// Steps of live sums.
inline constexpr Micros kLeastStep = 1'000'000;
inline constexpr Micros kMostStep = 3'600LL * 1'000'000;

inline constexpr std::size_t kDefaultLimit = 100;
inline constexpr std::size_t kMaxLimit = 10'000;
inline constexpr std::size_t kDefaultTop = 10;
inline constexpr std::size_t kMaxTop = 1'000;

/// The parameter `limit`: 1 to `most`.
[[nodiscard]] QueryResult<std::size_t> parse_limit(std::string_view text, std::size_t most);
/// `now`: wall, what relative times are before.
[[nodiscard]] QueryResult<FlowsQuery> parse_flows_query(const QueryParams& params, Nanos now);
[[nodiscard]] QueryResult<TopQuery> parse_top_query(const QueryParams& params);
[[nodiscard]] QueryResult<StreamQuery> parse_stream_query(const QueryParams& params, Nanos now);

/// Parameters of the contract (FlowFilter::keys()) as conditions of a query,
/// beside those that it has.
[[nodiscard]] QueryResult<void> narrow(Query& query, std::span<const NamedValue> conditions,
                                       Nanos now);
/// Adds a time range to a query's own: both hold.
void narrow_time(Query& query, std::optional<Nanos> since, std::optional<Nanos> until);
/// What is wrong with a text of the query language in `parameter`.
[[nodiscard]] BadQuery bad_text(std::string_view parameter, const QueryError& error);
/// For what takes no parameters.
[[nodiscard]] QueryResult<void> parse_empty_query(const QueryParams& params);

}  // namespace netprobe
