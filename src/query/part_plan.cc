// SPDX-License-Identifier: Apache-2.0
#include "query/part_plan.h"

#include <algorithm>
#include <numeric>

#include "query/column.h"
#include "query/record_order.h"
#include "query/tier.h"

namespace netprobe {
namespace {

/// A bucket at the end of so many is little: as when a tier is chosen.
constexpr Micros kManyBuckets = 100;

/// `new` from roll-ups is in whole buckets, which single stores see to themselves.
Micros rounded_new_since(const Query& query, Micros now) {
  const Micros since = *query.new_since;
  if (now == 0 || query.kind != RecordKind::kFlow) return since;
  const Micros length = std::min(query.until.value_or(now), now) - since;
  for (const Tier tier : {Tier::kHour, Tier::kMinute}) {
    const Micros bucket = bucket_of(tier);
    if (length >= kManyBuckets * bucket) return since - since % bucket;
  }
  return since;
}

class GroupPlanner {
 public:
  GroupPlanner(const Query& query, Micros now) : query_(query) {
    plan_.part = query;
    plan_.part.aggregates.clear();
    plan_.part.by.clear();
    plan_.part.order.clear();
    plan_.part.limit.reset();
    plan_.part.new_since.reset();
    if (query.new_since) plan_.new_since = rounded_new_since(query, now);
    set_step();
    first_by_ = (plan_.part.every ? 1 : 0) + (query.histogram ? 1 : 0);
  }

  [[nodiscard]] GroupPlan plan() {
    if (plan_.part.every) plan_.time = 0;
    if (query_.histogram) plan_.le = first_by_ - 1;
    for (const FieldRef& ref : query_.by) plan_.by.push_back(key(ref));
    // Keys are complete before the first aggregate has a column.
    for (const Aggregate& aggregate : query_.aggregates) {
      GroupPlan::Source& source = plan_.sources.emplace_back();
      if (aggregate.op == AggregateOp::kQuantile || aggregate.op == AggregateOp::kDistinct)
        source.value = key(aggregate.field);
    }
    for (std::size_t i = 0; i < query_.aggregates.size(); ++i)
      add_sums(query_.aggregates[i], plan_.sources[i]);
    return std::move(plan_);
  }

 private:
  /// Steps that each lie in one of the query's, in one minute where a peak is asked
  /// for, and on one side of the time that `new` asks about: one as long as from the
  /// epoch to then has its end there.
  void set_step() {
    Micros step = query_.every.value_or(0);
    const bool peak = std::ranges::find(query_.aggregates, AggregateOp::kPeak, &Aggregate::op) !=
                      query_.aggregates.end();
    if (peak) step = std::gcd(step, bucket_of(Tier::kMinute));
    if (plan_.new_since && *plan_.new_since > 0) step = std::gcd(step, *plan_.new_since);
    if (step > 0) plan_.part.every = step;
  }

  std::size_t key(const FieldRef& ref) {
    auto& by = plan_.part.by;
    const auto found = std::ranges::find(by, ref);
    const auto at = static_cast<std::size_t>(found - by.begin());
    if (found == by.end()) by.push_back(ref);
    return first_by_ + at;
  }

  std::size_t sum(AggregateOp op, const FieldRef& ref) {
    auto& sums = plan_.part.aggregates;
    const auto same = [&](const Aggregate& each) {
      return each.op == op && (op == AggregateOp::kCount || each.field == ref);
    };
    const auto found = std::ranges::find_if(sums, same);
    const auto at = static_cast<std::size_t>(found - sums.begin());
    if (found == sums.end())
      sums.push_back({.op = op, .field = ref, .name = "part" + std::to_string(at)});
    return first_by_ + plan_.part.by.size() + at;
  }

  void add_sums(const Aggregate& aggregate, GroupPlan::Source& source) {
    const FieldRef& ref = aggregate.field;
    switch (aggregate.op) {
      case AggregateOp::kCount:
      case AggregateOp::kQuantile:
        source.count = sum(AggregateOp::kCount, {});
        break;
      case AggregateOp::kSum:
      case AggregateOp::kRate:
      case AggregateOp::kPeak:
        source.sum = sum(AggregateOp::kSum, ref);
        break;
      case AggregateOp::kAvg:
        source.sum = sum(AggregateOp::kSum, ref);
        if (none_number(ref.id))
          source.average = sum(AggregateOp::kAvg, ref);
        else
          source.count = sum(AggregateOp::kCount, {});
        break;
      case AggregateOp::kMin:
      case AggregateOp::kMax:
        source.extreme = sum(aggregate.op, ref);
        break;
      case AggregateOp::kDistinct:
        break;
    }
  }

  const Query& query_;
  GroupPlan plan_;
  std::size_t first_by_ = 0;
};

}  // namespace

GroupPlan plan_groups(const Query& query, Micros now) { return GroupPlanner(query, now).plan(); }

RecordPlan plan_records(const Query& query) {
  RecordPlan plan{.part = query};
  auto& select = plan.part.select;
  select.clear();
  plan.part.limit.reset();
  const auto column = [&](const FieldRef& ref) {
    const auto found = std::ranges::find(select, ref);
    const auto at = static_cast<std::size_t>(found - select.begin());
    if (found == select.end()) select.push_back(ref);
    return at;
  };
  const auto usual = usual_fields(query.kind);
  const auto shown = query.select.empty() ? usual : std::span<const FieldRef>(query.select);
  for (const FieldRef& ref : shown) plan.shown.push_back(column(ref));
  for (const RecordOrderField& by : record_order(query))
    plan.order.push_back({column(by.field), by.field.id, by.descending});
  plan.time = column({FieldId::kTime, {}});
  return plan;
}

}  // namespace netprobe
