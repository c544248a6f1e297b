// SPDX-License-Identifier: Apache-2.0
#include "query/merge_groups.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "query/column.h"
#include "query/group_order.h"
#include "query/lower.h"
#include "query/tier.h"

namespace netprobe {

/// One aggregate of one group.
struct GroupMerge::Sum {
  std::uint64_t records = 0;
  std::uint64_t known = 0;  ///< that are not none
  std::uint64_t sum = 0;    ///< of signed ones in two's complement
  std::optional<Raw> extreme;
  std::map<Raw, std::uint64_t> values;  ///< how many records have each
  std::map<Micros, std::uint64_t> minutes;
};

struct GroupMerge::Group {
  Micros first = INT64_MAX;  ///< start of the step that its first record is in
  std::vector<Sum> sums;
};

namespace {

/// Groups, different values and minutes in memory at most.
constexpr std::size_t kMaxHeld = 1'000'000;

std::uint64_t bits_of(const Value& value) {
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return static_cast<std::uint64_t>(*number);
  return 0;
}

bool is_signed(const FieldRef& ref) { return class_of(field(ref.id).type) == ValueClass::kSigned; }

double real(std::uint64_t bits, bool is_signed) {
  return is_signed ? static_cast<double>(static_cast<std::int64_t>(bits))
                   : static_cast<double>(bits);
}

Micros bucket_start(Micros time, Micros bucket) { return time - time % bucket; }

std::string too_many(std::size_t most) {
  return "the query has more than " + std::to_string(most) +
         " groups or different values to be added up over the nodes; narrow its filter or its time"
         " range, or ask by fewer fields";
}

/// The smallest value that `share` of them does not exceed.
Value quantile(const std::map<Raw, std::uint64_t>& values, double share, FieldType type) {
  std::uint64_t all = 0;
  for (const auto& [raw, count] : values) all += count;
  if (all == 0) return {};
  // ceil(share * n), counted from 1; in whole numbers, so nothing is rounded.
  const Fraction fraction = fraction_of(share);
  __extension__ using Wide = unsigned __int128;
  const Wide up = Wide{fraction.part} * all + fraction.whole - 1;
  std::uint64_t rank = std::max<std::uint64_t>(static_cast<std::uint64_t>(up / fraction.whole), 1);
  for (const auto& [raw, count] : values) {
    if (rank <= count) return value_from(raw, type);
    rank -= count;
  }
  return {};
}

}  // namespace

GroupMerge::GroupMerge(const Query& query, const GroupPlan& plan) : query_(query), plan_(plan) {
  // Without keys there is one group, whatever it has.
  if (!query.every && !query.histogram && query.by.empty()) {
    auto all = std::make_unique<Group>();
    all->sums.resize(query.aggregates.size());
    groups_.emplace(std::vector<Raw>(), std::move(all));
  }
}

GroupMerge::~GroupMerge() = default;

void GroupMerge::add(const QueryAnswer& part) {
  if (part.truncated && problem_.empty())
    problem_ = too_many(std::max(part.rows.size(), std::size_t{1}));
  for (const auto& row : part.rows) {
    if (!problem_.empty()) break;
    add_row(row);
    if (held_ > kMaxHeld) problem_ = too_many(kMaxHeld);
  }
  if (!problem_.empty()) groups_.clear();
}

std::vector<Raw> GroupMerge::keys_of(const std::vector<Value>& row, Micros time) const {
  std::vector<Raw> keys;
  if (query_.every) keys.emplace_back(biased(bucket_start(time, *query_.every)));
  if (plan_.le) {
    const Value& le = row[*plan_.le];
    if (!std::holds_alternative<std::monostate>(le))
      keys.push_back(raw_from(le, query_.histogram->id));
    else
      keys.emplace_back(is_signed(*query_.histogram) ? biased(kAboveDurations) : kAboveCounts);
  }
  for (std::size_t i = 0; i < query_.by.size(); ++i)
    keys.push_back(raw_from(row[plan_.by[i]], query_.by[i].id));
  return keys;
}

void GroupMerge::add_row(const std::vector<Value>& row) {
  const Micros time = plan_.time ? static_cast<Micros>(bits_of(row[*plan_.time])) : 0;
  auto& group = groups_[keys_of(row, time)];
  if (group == nullptr) {
    group = std::make_unique<Group>();
    group->sums.resize(query_.aggregates.size());
    ++held_;
  }
  group->first = std::min(group->first, time);
  for (std::size_t i = 0; i < group->sums.size(); ++i) add_value(i, row, time, group->sums[i]);
}

void GroupMerge::add_value(std::size_t aggregate, const std::vector<Value>& row, Micros time,
                           Sum& sum) {
  const Aggregate& of = query_.aggregates[aggregate];
  const GroupPlan::Source& source = plan_.sources[aggregate];
  const std::uint64_t records = source.count ? bits_of(row[*source.count]) : 0;
  const std::uint64_t more = source.sum ? bits_of(row[*source.sum]) : 0;
  switch (of.op) {
    case AggregateOp::kCount:
      sum.records += records;
      break;
    case AggregateOp::kSum:
    case AggregateOp::kRate:
      sum.sum += more;
      break;
    case AggregateOp::kPeak: {
      const auto [minute, is_new] =
          sum.minutes.try_emplace(bucket_start(time, bucket_of(Tier::kMinute)), 0);
      minute->second += more;
      held_ += is_new ? 1 : 0;
      break;
    }
    case AggregateOp::kAvg: {
      sum.sum += more;
      if (source.count) {
        sum.known += records;
        break;
      }
      const auto* average = std::get_if<double>(&row[*source.average]);
      if (average == nullptr) break;  // nothing was known
      const double total = real(more, is_signed(of.field));
      // The average was this sum by their number, which this gives back exactly.
      if (*average != 0 && std::isfinite(*average)) {
        sum.known += static_cast<std::uint64_t>(std::llround(total / *average));
      } else if (problem_.empty()) {
        problem_ = "the average of " + field_name(of.field) +
                   " cannot be worked out over the nodes, as values of one add up to nothing; ask"
                   " by observer";
      }
      break;
    }
    case AggregateOp::kMin:
    case AggregateOp::kMax: {
      const Value& value = row[*source.extreme];
      if (std::holds_alternative<std::monostate>(value)) break;
      Raw raw = raw_from(value, of.field.id);
      const bool better =
          !sum.extreme || (of.op == AggregateOp::kMin ? raw < *sum.extreme : *sum.extreme < raw);
      if (better) sum.extreme = std::move(raw);
      break;
    }
    case AggregateOp::kQuantile:
    case AggregateOp::kDistinct: {
      Raw raw = raw_from(row[*source.value], of.field.id);
      if (is_none(raw, of.field.id)) break;
      const auto [place, is_new] = sum.values.try_emplace(std::move(raw), 0);
      place->second += records;
      held_ += is_new ? 1 : 0;
      break;
    }
  }
}

Value GroupMerge::result(const Aggregate& aggregate, const Sum& sum, double seconds) const {
  const FieldType type = field(aggregate.field.id).type;
  const bool with_sign = is_signed(aggregate.field);
  const auto number = [&](std::uint64_t bits) {
    return with_sign ? Value(static_cast<std::int64_t>(bits)) : Value(bits);
  };
  switch (aggregate.op) {
    case AggregateOp::kCount:
      return sum.records;
    case AggregateOp::kSum:
      return number(sum.sum);
    case AggregateOp::kAvg:
      if (sum.known == 0) return {};
      return real(sum.sum, with_sign) / static_cast<double>(sum.known);
    case AggregateOp::kRate:
      return real(sum.sum, with_sign) / seconds;
    case AggregateOp::kMin:
    case AggregateOp::kMax:
      return sum.extreme ? value_from(*sum.extreme, type) : Value{};
    case AggregateOp::kDistinct:
      return std::uint64_t{sum.values.size()};
    case AggregateOp::kQuantile:
      return quantile(sum.values, aggregate.quantile, type);
    case AggregateOp::kPeak: {
      if (sum.minutes.empty()) return {};
      Value most = number(sum.minutes.begin()->second);
      for (const auto& [minute, total] : sum.minutes) most = std::max(most, number(total));
      return most;
    }
  }
  return {};
}

std::expected<std::vector<std::vector<Value>>, QueryFailure> GroupMerge::rows(
    double seconds, std::optional<Micros> new_since) const {
  if (!problem_.empty())
    return std::unexpected(QueryFailure{QueryFailure::Kind::kTooBroad, problem_});
  std::vector<GroupRow> found;
  for (const auto& [keys, group] : groups_) {
    if (new_since && *new_since > 0 && group->first < *new_since) continue;
    GroupRow one{&keys, {}};
    for (std::size_t i = 0; i < keys.size(); ++i)
      one.row.push_back(group_key_value(query_, i, keys[i]));
    for (std::size_t i = 0; i < group->sums.size(); ++i)
      one.row.push_back(result(query_.aggregates[i], group->sums[i], seconds));
    found.push_back(std::move(one));
  }
  return groups_in_order(query_, std::move(found));
}

}  // namespace netprobe
