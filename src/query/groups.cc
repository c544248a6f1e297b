// SPDX-License-Identifier: Apache-2.0
#include "query/groups.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <set>

#include "query/group_order.h"
#include "query/lower.h"
#include "query/tier.h"

namespace netprobe {

/// One aggregate of one group.
struct Groups::Sum {
  std::uint64_t records = 0;
  std::uint64_t known = 0;  ///< that are not none
  std::uint64_t sum = 0;    ///< of signed ones in two's complement
  std::optional<Raw> least;
  std::optional<Raw> most;
  std::set<Raw> different;
  std::vector<Raw> values;
  std::map<Micros, std::uint64_t> minutes;
};

struct Groups::Group {
  Micros first = INT64_MAX;
  std::vector<Sum> sums;
};

namespace {

Micros bucket_start(Micros time, Micros bucket) { return time - time % bucket; }

/// The bound of `histogram` that a value falls under, as a key.
std::uint64_t bound_of(std::uint64_t number, bool durations) {
  if (!durations) {
    if (number <= 1) return 1;
    return number > 1ULL << 63U ? kAboveCounts : std::bit_ceil(number);
  }
  const auto bounds = histogram_bounds();
  const auto at = std::ranges::lower_bound(bounds, unbiased(number));
  return biased(at == bounds.end() ? kAboveDurations : *at);
}

}  // namespace

Groups::Groups(const Query& query)
    : query_(query), time_(getter_for(FieldId::kTime, source_of(query.kind))) {
  const RecordSource source = source_of(query.kind);
  for (const FieldRef& ref : query.by) by_.push_back(getter_for(ref.id, source));
  if (query.histogram) histogram_ = getter_for(query.histogram->id, source);
  for (const Aggregate& aggregate : query.aggregates)
    measures_.push_back({&aggregate, getter_for(aggregate.field.id, source),
                         class_of(field(aggregate.field.id).type) == ValueClass::kSigned});
  // Without keys there is one group, whatever it has.
  if (!query.every && !query.histogram && query.by.empty()) {
    auto all = std::make_unique<Group>();
    all->sums.resize(measures_.size());
    groups_.emplace(std::vector<Raw>(), std::move(all));
  }
}

Groups::~Groups() = default;

std::vector<Raw> Groups::keys_of(const Row& row) const {
  std::vector<Raw> keys;
  if (query_.every)
    keys.emplace_back(biased(bucket_start(unbiased(time_.number(row)), *query_.every)));
  if (query_.histogram) {
    const bool durations = class_of(field(query_.histogram->id).type) == ValueClass::kSigned;
    keys.emplace_back(bound_of(histogram_.number(row), durations));
  }
  for (std::size_t i = 0; i < by_.size(); ++i) keys.push_back(raw_value(by_[i], query_.by[i], row));
  return keys;
}

bool Groups::add(const Row& row, const Room& room) {
  if (query_.histogram &&
      is_none(raw_value(histogram_, *query_.histogram, row), query_.histogram->id))
    return true;
  auto keys = keys_of(row);
  auto found = groups_.find(keys);
  if (values_ >= room.values || (found == groups_.end() && groups_.size() >= room.groups))
    return false;
  if (found == groups_.end()) {
    found = groups_.emplace(std::move(keys), std::make_unique<Group>()).first;
    found->second->sums.resize(measures_.size());
  }
  const auto& group = found->second;
  const Micros time = unbiased(time_.number(row));
  group->first = std::min(group->first, time);
  for (std::size_t i = 0; i < measures_.size(); ++i) {
    const Measure& measure = measures_[i];
    Sum& sum = group->sums[i];
    ++sum.records;
    if (measure.aggregate->op == AggregateOp::kCount) continue;
    const Raw raw = raw_value(measure.getter, measure.aggregate->field, row);
    const bool known = !is_none(raw, measure.aggregate->field.id);
    if (known) ++sum.known;
    switch (measure.aggregate->op) {
      case AggregateOp::kSum:
      case AggregateOp::kAvg:
      case AggregateOp::kRate:
      case AggregateOp::kPeak: {
        const auto* number = std::get_if<std::uint64_t>(&raw);
        const std::uint64_t more = number == nullptr || !known ? 0
                                   : measure.is_signed
                                       ? static_cast<std::uint64_t>(unbiased(*number))
                                       : *number;
        sum.sum += more;
        if (measure.aggregate->op == AggregateOp::kPeak)
          sum.minutes[bucket_start(time, bucket_of(Tier::kMinute))] += more;
        break;
      }
      case AggregateOp::kMin:
        if (known && (!sum.least || raw < *sum.least)) sum.least = raw;
        break;
      case AggregateOp::kMax:
        if (known && (!sum.most || raw > *sum.most)) sum.most = raw;
        break;
      case AggregateOp::kQuantile:
        if (known) sum.values.push_back(raw);
        if (known) ++values_;
        break;
      case AggregateOp::kDistinct:
        if (known && sum.different.insert(raw).second) ++values_;
        break;
      case AggregateOp::kCount:
        break;
    }
  }
  return true;
}

Value Groups::result(const Measure& measure, const Sum& sum) const {
  const FieldType type = field(measure.aggregate->field.id).type;
  const auto number = [&](std::uint64_t bits) {
    return measure.is_signed ? Value(static_cast<std::int64_t>(bits)) : Value(bits);
  };
  const auto real = [&](std::uint64_t bits) {
    return measure.is_signed ? static_cast<double>(static_cast<std::int64_t>(bits))
                             : static_cast<double>(bits);
  };
  switch (measure.aggregate->op) {
    case AggregateOp::kCount:
      return sum.records;
    case AggregateOp::kSum:
      return number(sum.sum);
    case AggregateOp::kAvg:
      if (sum.known == 0) return {};
      return real(sum.sum) / static_cast<double>(sum.known);
    case AggregateOp::kRate:
      return real(sum.sum) / rate_seconds(query_);
    case AggregateOp::kMin:
      return sum.least ? value_from(*sum.least, type) : Value{};
    case AggregateOp::kMax:
      return sum.most ? value_from(*sum.most, type) : Value{};
    case AggregateOp::kDistinct:
      return std::uint64_t{sum.different.size()};
    case AggregateOp::kQuantile: {
      if (sum.values.empty()) return {};
      // ceil(share * n), counted from 1; in whole numbers, so nothing is rounded.
      const Fraction share = fraction_of(measure.aggregate->quantile);
      __extension__ using Wide = unsigned __int128;
      const Wide up = Wide{share.part} * sum.values.size() + share.whole - 1;
      const auto rank = static_cast<std::size_t>(up / share.whole);
      std::vector<Raw> sorted = sum.values;
      const auto at =
          sorted.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
      std::ranges::nth_element(sorted, at);
      return value_from(*at, type);
    }
    case AggregateOp::kPeak: {
      if (sum.minutes.empty()) return {};
      Value most = number(sum.minutes.begin()->second);
      for (const auto& [minute, total] : sum.minutes) most = std::max(most, number(total));
      return most;
    }
  }
  return {};
}

std::vector<std::vector<Value>> Groups::rows() const {
  std::vector<GroupRow> found;
  for (const auto& [keys, group] : groups_) {
    if (query_.new_since && group->first < *query_.new_since) continue;
    GroupRow one{&keys, {}};
    for (std::size_t i = 0; i < keys.size(); ++i)
      one.row.push_back(group_key_value(query_, i, keys[i]));
    for (std::size_t i = 0; i < measures_.size(); ++i)
      one.row.push_back(result(measures_[i], group->sums[i]));
    found.push_back(std::move(one));
  }
  return groups_in_order(query_, std::move(found));
}

}  // namespace netprobe
