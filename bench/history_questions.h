// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "model/history.h"
#include "query/history_store.h"

namespace netprobe::bench {

/// One of the ten questions that people ask most, and what it may take.
struct Question {
  std::string what;
  std::string text;  ///< docs/query.md
  std::size_t rows = 10'000;
  bool first_page = false;  ///< a filter's first page: a bound of its own
};
/// Over HistoryData's records (history_data.h) of the time from `begin` to `end`, with
/// its events and ten flows to the rare port; an eleventh is a filter's first page.
[[nodiscard]] std::vector<Question> ten_questions(Micros begin, Micros end);

/// Filters on names that only the records have, few rows and many: by a pod, a prefix,
/// a pattern, a label, either end, and what is left out. Over the same records.
[[nodiscard]] std::vector<Question> name_filters(Micros begin, Micros end);

struct Timing {
  double milliseconds = 0;  ///< median
  std::size_t rows = 0;
  std::string tier;
  std::string problem;  ///< empty: it was answered each time
};
/// Asks `rounds` times.
[[nodiscard]] Timing ask(HistoryStore& store, const Question& question, Micros now, int rounds);

}  // namespace netprobe::bench
