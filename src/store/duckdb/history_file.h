// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/history.h"
#include "query/answer.h"
#include "query/schema.h"

namespace netprobe::duck {

enum class FileKind : std::uint8_t {
  kRaw,     ///< everything, as it came
  kMinute,  ///< flows_1m, of a day's raw files
  kHour,    ///< flows_1h, of a month's
  kEvents,  ///< drops, connections and alerts, of a day's
};
inline constexpr std::size_t kFileKinds = 4;
[[nodiscard]] std::string_view to_string(FileKind kind);

/// What a file is by its name: "raw-00000012-20261126T101500.duckdb",
/// "minute-20261126.duckdb", "hour-202611.duckdb", "events-20261126-2.duckdb".
struct FileName {
  FileKind kind{};
  std::uint64_t sequence = 0;  ///< of raw files: in the order of arrival, whatever the clock did
  std::string period;          ///< UTC: of raw files when it was begun, else the day or month
  unsigned turn = 1;  ///< of the others: the period's second, as the first could not be used

  auto operator<=>(const FileName&) const = default;
};
[[nodiscard]] std::optional<FileName> parse_file_name(std::string_view name);
[[nodiscard]] std::string format_file_name(const FileName& name);
/// "20261126T101500", UTC.
[[nodiscard]] std::string format_stamp(Micros wall);
/// The period of what a raw file of this stamp is summed up into.
[[nodiscard]] std::string period_of(FileKind kind, std::string_view stamp);

/// Where the tables of a kind of record in such a file, and where from for a tier.
[[nodiscard]] FileKind file_kind(RecordKind kind, Tier tier);

/// Times of a table's records.
struct TimeRange {
  Micros oldest = 0;
  Micros newest = 0;
  std::uint64_t rows = 0;

  void add(Micros time) {
    if (rows++ == 0) oldest = newest = time;
    if (time < oldest) oldest = time;
    if (time > newest) newest = time;
  }
  void add(const TimeRange& other);
  /// Has records in [since, until).
  [[nodiscard]] bool meets(std::optional<Micros> since, std::optional<Micros> until) const {
    return rows > 0 && (!since || newest >= *since) && (!until || oldest < *until);
  }
};

/// One file. Changed under the catalogue's mutex only.
struct HistoryFile {
  FileName name;
  std::string path;
  std::string alias;                             ///< that it is attached as; empty: it is not
  int schema = 0;                                ///< of its tables: file_schema() or older
  std::array<TimeRange, kRecordKinds> ranges{};  ///< of the kinds' tables; kFlow of the roll-up's
  std::set<std::uint64_t> sources;               ///< raw files that are in it; not of raw ones
  std::uint64_t bytes = 0;
  Micros modified = 0;     ///< wall
  unsigned users = 0;      ///< it stays attached
  std::uint64_t used = 0;  ///< a count, to know who was used last
  bool writing = false;    ///< the raw file that records go to

  [[nodiscard]] std::uint64_t rows() const;
  /// Newest of any table; when it was written, where the clock was ahead of that.
  [[nodiscard]] Micros newest() const;
};
using HistoryFilePtr = std::shared_ptr<HistoryFile>;

}  // namespace netprobe::duck
