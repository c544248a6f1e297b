// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "api/answer_page.h"
#include "api/query.h"
#include "query/history_store.h"
#include "query/query.h"

namespace netprobe {

/// Where an answer comes from.
enum class AskSource : std::uint8_t {
  kAuto,     ///< history where there is one, else what is live, and it says so
  kHistory,  ///< or 503
  kLive,
};
[[nodiscard]] std::optional<AskSource> parse_ask_source(std::string_view text);

/// What GET /api/query asks for: the text `q`, and the contract's simple
/// parameters as conditions that hold as well.
struct Ask {
  Query query;
  QueryLimits limits;
  std::string cursor;
  AnswerFormat format = AnswerFormat::kJson;
  AskSource source = AskSource::kAuto;
  bool objects = false;
};

/// How far a user may raise the limits of one query.
inline constexpr std::size_t kMaxAskRows = 100'000;
inline constexpr std::uint64_t kMaxAskRowsRead = 100'000'000'000;
inline constexpr Micros kMaxAskTime = 240 * 1'000'000LL;

/// `now`: wall, what relative times are before.
[[nodiscard]] QueryResult<Ask> parse_ask(const QueryParams& params, Nanos now);

/// Adds a time range to a query's own: both hold.
void narrow_time(Query& query, std::optional<Nanos> since, std::optional<Nanos> until);

/// Parameters of the contract (FlowFilter::keys()) as conditions of a query,
/// beside those that it has.
[[nodiscard]] QueryResult<void> narrow(Query& query, std::span<const NamedValue> conditions,
                                       Nanos now);

}  // namespace netprobe
