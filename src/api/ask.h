// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "api/answer_page.h"
#include "api/query.h"
#include "query/history_store.h"
#include "query/query.h"

namespace netprobe {

/// What GET /api/query asks for: the text `q`, and the contract's simple
/// parameters as conditions that hold as well.
struct Ask {
  Query query;
  QueryLimits limits;
  std::string cursor;
  AnswerFormat format = AnswerFormat::kJson;
  Source source = Source::kAuto;
  bool objects = false;
  /// Records that are asked of a store at once; what follows is asked when it is
  /// wanted (Found::more). 0: all at once.
  std::size_t page = 0;
};

/// How far a user may raise the limits of one query.
inline constexpr std::size_t kMaxAskRows = 100'000;
inline constexpr std::uint64_t kMaxAskRowsRead = 100'000'000'000;
inline constexpr Micros kMaxAskTime = 240 * 1'000'000LL;

/// `now`: wall, what relative times are before.
[[nodiscard]] QueryResult<Ask> parse_ask(const QueryParams& params, Nanos now);

}  // namespace netprobe
