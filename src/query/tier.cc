// SPDX-License-Identifier: Apache-2.0
#include "query/tier.h"

#include <algorithm>
#include <array>
#include <limits>

#include "query/column.h"

namespace netprobe {
namespace {

constexpr Micros kSecondMicros = 1'000'000;
/// A bucket at either end of a range is little beside so many of them.
constexpr Micros kManyBuckets = 100;
constexpr Micros kNever = std::numeric_limits<Micros>::max();

std::unexpected<QueryFailure> refuse(std::string message) {
  return std::unexpected(QueryFailure{QueryFailure::Kind::kBadQuery, std::move(message)});
}

bool is_key(const FieldRef& ref) { return rollup_use(ref.id) == RollupUse::kKey; }

bool only_keys(const Expr& expr);

struct OnlyKeys {
  bool operator()(const Expr::Compare& compare) const { return is_key(compare.field); }
  bool operator()(const Expr::And& conjunction) const { return all(conjunction.all); }
  bool operator()(const Expr::Or& disjunction) const { return all(disjunction.any); }
  bool operator()(const Expr::Not& negated) const { return only_keys(*negated.what); }
  static bool all(const std::vector<ExprPtr>& parts) {
    return std::ranges::all_of(parts, [](const ExprPtr& part) { return only_keys(*part); });
  }
};

bool only_keys(const Expr& expr) { return std::visit(OnlyKeys{}, expr.node); }

bool can_aggregate(const Aggregate& aggregate, Tier tier) {
  const RollupUse use = rollup_use(aggregate.field.id);
  switch (aggregate.op) {
    case AggregateOp::kCount:
      return true;
    case AggregateOp::kSum:
    case AggregateOp::kAvg:
    case AggregateOp::kRate:
      return use == RollupUse::kSum || use == RollupUse::kSpread;
    case AggregateOp::kMax:
      return use == RollupUse::kSpread;
    case AggregateOp::kDistinct:
      return use == RollupUse::kKey;
    case AggregateOp::kPeak:  // of minutes, which hours do not have
      return tier == Tier::kMinute && (use == RollupUse::kSum || use == RollupUse::kSpread);
    case AggregateOp::kMin:
    case AggregateOp::kQuantile:
      return false;
  }
  return false;
}

Micros floor_to(Micros time, Micros bucket) { return time - time % bucket; }
Micros ceil_to(Micros time, Micros bucket) { return floor_to(time + bucket - 1, bucket); }

/// Whether buckets at the ends of the range, which are taken whole, do no harm.
bool range_suits(const Query& query, Micros now, Micros bucket, Micros oldest) {
  const Micros until = std::min(query.until.value_or(now), now);
  const Micros since = query.since.value_or(oldest);
  if (until - since >= kManyBuckets * bucket) return true;
  const bool since_whole = !query.since || *query.since % bucket == 0;
  const bool until_whole = !query.until || *query.until >= now || *query.until % bucket == 0;
  return since_whole && until_whole;
}

bool news_suit(const Query& query, Micros now, Micros bucket) {
  if (!query.new_since || *query.new_since % bucket == 0) return true;
  return std::min(query.until.value_or(now), now) - *query.new_since >= kManyBuckets * bucket;
}

}  // namespace

std::string_view to_string(Tier tier) {
  static constexpr std::array<std::string_view, 4> kNames{"live", "raw", "1m", "1h"};
  return kNames.at(static_cast<std::size_t>(tier));
}

Micros bucket_of(Tier tier) {
  if (tier == Tier::kMinute) return 60 * kSecondMicros;
  if (tier == Tier::kHour) return 3600 * kSecondMicros;
  return 0;
}

bool can_answer(const Query& query, Tier tier) {
  const Micros bucket = bucket_of(tier);
  if (bucket == 0) return true;
  if (query.kind != RecordKind::kFlow || !query.is_aggregate() || query.histogram) return false;
  if (query.every && *query.every % bucket != 0) return false;
  return (query.filter == nullptr || only_keys(*query.filter)) &&
         std::ranges::all_of(query.by, is_key) &&
         std::ranges::all_of(query.aggregates, [tier](const Aggregate& aggregate) {
           return can_aggregate(aggregate, tier);
         });
}

Tier choose_tier(const Query& query, Micros now, const std::vector<TierRange>& tiers) {
  // From when on a tier tells what the query asks for.
  const auto reach = [&](const TierRange& tier) {
    return tier.since ? std::max(*tier.since, query.since.value_or(*tier.since)) : kNever;
  };
  std::vector<TierRange> able;
  std::ranges::copy_if(tiers, std::back_inserter(able), [&](const TierRange& tier) {
    return tier.since && can_answer(query, tier.tier);
  });
  if (able.empty()) return Tier::kRaw;
  std::ranges::sort(able, std::ranges::greater{}, &TierRange::bucket);
  const TierRange farthest = std::ranges::min(able, {}, reach);
  const Micros first = reach(farthest);
  // A coarse tier seems to begin earlier than what it was made from: by a bucket.
  std::erase_if(able, [&](const TierRange& tier) {
    return floor_to(reach(tier), std::max<Micros>(farthest.bucket, 1)) > first;
  });
  for (const TierRange& tier : able) {
    if (tier.bucket == 0 ||
        (range_suits(query, now, tier.bucket, first) && news_suit(query, now, tier.bucket)))
      return tier.tier;
  }
  return able.back().tier;  // rough is better than nothing
}

Query in_whole_buckets(Query query, Micros bucket) {
  if (bucket == 0) return query;
  if (query.since) query.since = floor_to(*query.since, bucket);
  if (query.until) query.until = ceil_to(*query.until, bucket);
  if (query.new_since) query.new_since = floor_to(*query.new_since, bucket);
  return query;
}

void describe_tier(const Query& query, const TierRange& tier, QueryAnswer& answer) {
  const Query whole = in_whole_buckets(query, tier.bucket);
  answer.tier = tier.tier;
  answer.resolution = tier.bucket;
  answer.since = whole.since;
  answer.until = whole.until;
  answer.kept_since = tier.since;
  answer.exact = whole.since == query.since && whole.until == query.until &&
                 whole.new_since == query.new_since;
}

bool needs_range(const Query& query) {
  return !query.every && std::ranges::any_of(query.aggregates, [](const Aggregate& aggregate) {
    return aggregate.op == AggregateOp::kRate;
  });
}

void give_range(Query& query, Micros oldest, Micros now) {
  if (!needs_range(query)) return;
  if (!query.since) query.since = std::min(oldest, query.until.value_or(now));
  if (!query.until) query.until = std::max(now, *query.since);
}

double rate_seconds(const Query& query) {
  const Micros micros =
      query.every ? *query.every : query.until.value_or(0) - query.since.value_or(0);
  return static_cast<double>(micros) / static_cast<double>(kSecondMicros);
}

std::expected<void, QueryFailure> check_cursor(const Query& query,
                                               const std::optional<RecordCursor>& after) {
  if (!after || (!query.is_aggregate() && query.order.empty())) return {};
  return refuse(
      "a cursor goes on with records that come newest first, and this query has another"
      " order; ask with a limit instead");
}

std::expected<void, QueryFailure> check_answerable(const Query& query) {
  if (query.every && *query.every <= 0) return refuse("a step of time must be longer than nothing");
  if (needs_range(query) && (!query.since || !query.until || *query.until <= *query.since))
    return refuse("a rate needs a time range or a step: add 'last 1h' or 'every 1m'");
  const auto columns = answer_columns(query);
  for (const OrderBy& by : query.order) {
    if (std::ranges::find(columns, by.column, &Column::name) == columns.end())
      return refuse("the answer has no column '" + by.column + "' to be ordered by");
  }
  return {};
}

std::size_t row_bound(const Query& query, std::size_t rows) {
  return std::min(query.limit.value_or(rows), rows);
}

}  // namespace netprobe
