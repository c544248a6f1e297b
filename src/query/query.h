// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/ip_address.h"
#include "model/history.h"
#include "query/field.h"

namespace netprobe {

/// One value of a query or an answer. monostate: none, not known. Times and
/// durations are Micros in an int64, protocols and flags numbers in an uint64.
using Value =
    std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, IpAddress>;

enum class CompareOp : std::uint8_t {
  kEqual,  ///< of addresses: in the prefix; of flags: exactly these
  kIn,     ///< equal to one of several
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kGlob,   ///< "web-*": the whole text, * and ? (base/glob.h)
  kMatch,  ///< "~ pattern": RE2, anywhere in the text; of flags: has all of these
};

struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;

/// A condition. A record whose field is none never satisfies a comparison with
/// anything but none itself: `rtt<5ms` leaves out what has no RTT, and so does
/// its negation put in, as `not` means "is not among those".
struct Expr {
  struct Compare {
    FieldRef field;
    CompareOp op{};
    /// Prefixes are IpPrefix; none is monostate. One value but for kIn.
    std::vector<std::variant<Value, IpPrefix>> values;
  };
  struct And {
    std::vector<ExprPtr> all;
  };
  struct Or {
    std::vector<ExprPtr> any;
  };
  struct Not {
    ExprPtr what;
  };
  std::variant<Compare, And, Or, Not> node;
};

enum class AggregateOp : std::uint8_t {
  kCount,  ///< of records
  kSum,
  kMin,
  kMax,
  kAvg,
  kQuantile,  ///< the smallest value that at least this share of values does not exceed
  kDistinct,  ///< how many different values, none aside; exact
  kRate,      ///< sum per second of the step, or of the time range
  kPeak,      ///< the largest sum of one minute of the wall clock
};

struct Aggregate {
  AggregateOp op{};
  FieldRef field;       ///< of all but kCount
  double quantile = 0;  ///< of kQuantile: above 0, at most 1
  std::string name;     ///< of the answer's column: "sum_bytes", "p99_rtt"
  bool operator==(const Aggregate&) const = default;
};

struct OrderBy {
  std::string column;  ///< of the answer
  bool descending = false;
  bool operator==(const OrderBy&) const = default;
};

/// What a query asks for, checked: every field is one of the kind, every value
/// fits its field, every pattern compiles. Without aggregates and `by`, the
/// answer is the records, newest first.
struct Query {
  RecordKind kind = RecordKind::kFlow;
  ExprPtr filter;                ///< null: everything
  std::optional<Micros> since;   ///< wall: time >= since
  std::optional<Micros> until;   ///< wall: time < until
  std::vector<FieldRef> select;  ///< of records: these fields; empty: the kind's usual ones
  std::vector<Aggregate> aggregates;
  std::vector<FieldRef> by;
  /// Of `histogram FIELD`: groups by the smallest of kLatencyBounds (durations)
  /// or power of two (counts) that the value does not exceed; column "le".
  std::optional<FieldRef> histogram;
  std::optional<Micros>
      every;  ///< groups by the step that `time` is in, from the epoch; column "time"
  /// Of `new … since`: only groups whose first record is no older.
  std::optional<Micros> new_since;
  /// Behind it, groups by their keys, ascending, make the order total.
  std::vector<OrderBy> order;
  std::optional<std::size_t> limit;

  [[nodiscard]] bool is_aggregate() const {
    return !aggregates.empty() || !by.empty() || histogram || every;
  }
};

/// What is wrong with a text, and where.
struct QueryError {
  std::size_t column = 0;             ///< bytes before it, from 0; what tools show counts from 1
  std::size_t length = 0;             ///< of the part that is wrong; 0: something is missing there
  std::string message;                ///< "unknown field 'scr.ip'; did you mean 'src.ip'?"
  std::vector<std::string> expected;  ///< what may stand there, where it is not too much
};

/// Bounds on what is taken, so that a hostile text costs little.
inline constexpr std::size_t kMaxQueryBytes = 16 * 1024;
inline constexpr std::size_t kMaxQueryTerms = 512;
inline constexpr std::size_t kMaxQueryDepth = 64;

/// `now`: wall, what relative times are before. docs/query.md has the grammar.
[[nodiscard]] std::expected<Query, QueryError> parse_query(std::string_view text, Nanos now);
/// The filter alone, without a pipe: for streams, exporters and alerts.
[[nodiscard]] std::expected<Query, QueryError> parse_filter(std::string_view text, Nanos now);
/// A filter of alerts, with or without the word `alerts` in front.
[[nodiscard]] std::expected<Query, QueryError> parse_alert_filter(std::string_view text, Nanos now);
/// Parses to the same Query again.
[[nodiscard]] std::string canonical(const Query& query);

}  // namespace netprobe
