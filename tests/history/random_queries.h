// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>
#include <vector>

#include "query/query.h"
#include "records.h"

namespace netprobe::test {

/// Queries as trees: in turn every field and operator, or at random. Values come
/// from the records, so that conditions hold for some.
class QueryMaker {
 public:
  QueryMaker(std::uint32_t seed, const RandomRecords& records);

  /// One for each field of the kind and each way to use it: compared by every
  /// operator that it takes, a fourth of them or all also negated, shown, grouped by,
  /// summed up in every way.
  [[nodiscard]] std::vector<Query> every_use(RecordKind kind, bool all_negated);
  [[nodiscard]] Query any();
  /// What sums by `tier` can answer, over whole buckets.
  [[nodiscard]] Query any_of_rollups(Tier tier);

 private:
  using Literal = std::variant<Value, IpPrefix>;

  std::uint64_t below(std::uint64_t most) { return random_() % most; }
  bool one_in(std::uint64_t chances) { return below(chances) == 0; }
  FieldRef ref_of(const Field& field);
  FieldRef any_field(RecordKind kind, bool rollup_keys);
  Literal literal_of(RecordKind kind, const FieldRef& ref);
  Literal near(const Value& value);
  Expr::Compare compare(RecordKind kind, const FieldRef& ref, CompareOp op);
  ExprPtr any_filter(RecordKind kind, int depth, bool rollup_keys);
  bool takes(const Field& field, CompareOp op) const;
  Aggregate aggregate(AggregateOp op, const FieldRef& ref);
  void add_range(Query& query, Micros bucket);
  void add_order(Query& query);
  std::string pattern_like(const std::string& text);
  std::string glob_like(const std::string& text);

  std::mt19937_64 random_;
  const RandomRecords& records_;
};

}  // namespace netprobe::test
