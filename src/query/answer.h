// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/probe.h"
#include "query/query.h"

namespace netprobe {

/// From what a query was answered.
enum class Tier : std::uint8_t {
  kLive,    ///< flows in memory
  kRaw,     ///< records as they were written
  kMinute,  ///< flows_1m: summed up by minute and pair of workloads
  kHour,    ///< flows_1h
};
[[nodiscard]] std::string_view to_string(Tier tier);  // "live", "raw", "1m", "1h"

struct Column {
  std::string name;
  FieldType type{};      ///< how a value is written
  bool is_real = false;  ///< a double, whatever the type: an average, a rate
  bool operator==(const Column&) const = default;
};

/// Who answered together, where several nodes were asked.
struct QuerySources {
  struct Missing {
    std::string node;     ///< empty: it never told
    std::string address;  ///< empty: the node has no agent
    std::string problem;  ///< one sentence
  };
  std::uint64_t asked = 0;  ///< nodes that should answer
  std::uint64_t answered = 0;
  std::vector<Missing> missing;  ///< kMostMissing of the others
  /// What those that answered lost since their start, by "stage/cause".
  std::vector<std::pair<std::string, std::uint64_t>> lost;

  static constexpr std::size_t kMostMissing = 50;
  [[nodiscard]] bool partial() const { return answered < asked; }
};

/// What a query found, and how far that can be trusted.
struct QueryAnswer {
  std::vector<Column> columns;
  std::vector<std::vector<Value>> rows;
  Tier tier = Tier::kRaw;
  Micros resolution = 0;        ///< of time in this tier; 0: exact
  std::optional<Micros> since;  ///< what was really looked at, whole buckets of the tier
  std::optional<Micros> until;
  std::optional<Micros> kept_since;  ///< oldest that the tier has: nothing is known before
  bool exact = true;
  bool truncated = false;             ///< there is more: `limit`, or the cursor for records
  std::string cursor;                 ///< for the next page of records; empty: none
  std::vector<std::string> warnings;  ///< of what is missing: a partition that could not be read …
  std::uint64_t rows_read = 0;        ///< as far as the engine tells; 0 not known
  Micros took = 0;
  std::optional<QuerySources> sources;  ///< none: one store answered
};

}  // namespace netprobe
