// SPDX-License-Identifier: Apache-2.0
#include "query/group_order.h"

#include <algorithm>

#include "query/column.h"
#include "query/lower.h"

namespace netprobe {
namespace {

/// Negative, 0 or positive. What has no value is behind all others, whichever way.
int compare_values(const Value& a, const Value& b, bool descending) {
  const bool none_a = std::holds_alternative<std::monostate>(a);
  const bool none_b = std::holds_alternative<std::monostate>(b);
  if (none_a || none_b) return static_cast<int>(none_a) - static_cast<int>(none_b);
  const int order = a < b ? -1 : a > b ? 1 : 0;
  return descending ? -order : order;
}

}  // namespace

Value group_key_value(const Query& query, std::size_t key, const Raw& raw) {
  std::size_t by = key;
  if (query.every) {
    if (by == 0) return value_from(raw, FieldType::kTime);
    --by;
  }
  if (query.histogram) {
    if (by == 0) {
      const FieldType type = field(query.histogram->id).type;
      const bool durations = class_of(type) == ValueClass::kSigned;
      const auto above = durations ? biased(kAboveDurations) : kAboveCounts;
      return std::get<std::uint64_t>(raw) == above ? Value{} : value_from(raw, type);
    }
    --by;
  }
  const FieldId id = query.by[by].id;
  return is_none(raw, id) ? Value{} : value_from(raw, field(id).type);
}

std::vector<std::vector<Value>> groups_in_order(const Query& query, std::vector<GroupRow> groups) {
  const auto columns = answer_columns(query);
  std::vector<std::pair<std::size_t, bool>> order;
  for (const OrderBy& by : query.order)
    order.emplace_back(std::ranges::find(columns, by.column, &Column::name) - columns.begin(),
                       by.descending);
  std::ranges::sort(groups, [&](const GroupRow& a, const GroupRow& b) {
    for (const auto& [column, descending] : order) {
      int way = 0;
      if (column < a.keys->size()) {  // as it is kept: none is where its number is
        const auto& x = (*a.keys)[column];
        const auto& y = (*b.keys)[column];
        way = x < y ? -1 : y < x ? 1 : 0;
        if (descending) way = -way;
      } else {
        way = compare_values(a.row[column], b.row[column], descending);
      }
      if (way != 0) return way < 0;
    }
    return *a.keys < *b.keys;
  });
  std::vector<std::vector<Value>> rows;
  rows.reserve(groups.size());
  for (GroupRow& group : groups) rows.push_back(std::move(group.row));
  return rows;
}

}  // namespace netprobe
