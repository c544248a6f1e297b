// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "query/nearest.h"
#include "query/parser.h"

namespace netprobe {
namespace {

using enum Token::Kind;

}  // namespace

/// What sums can be ordered by; of records every field.
std::vector<std::string> QueryParser::columns() const {
  std::vector<std::string> names;
  if (!sums_) {
    for (const auto& each : fields())
      if ((each.kinds & kinds_) != 0 && each.type != FieldType::kLabel)
        names.emplace_back(each.name);
    return names;
  }
  for (const auto& aggregate : query_.aggregates) names.push_back(aggregate.name);
  for (const auto& ref : query_.by) names.push_back(field_name(ref));
  if (query_.every) names.emplace_back("time");
  if (query_.histogram) names.emplace_back("le");
  return names;
}

std::optional<std::string> QueryParser::find_column(std::string_view name) const {
  const auto names = columns();
  const auto exact = std::ranges::find(names, name);
  if (exact != names.end()) return *exact;
  const std::string normal = normal_name(name);
  const auto alike = std::ranges::find_if(
      names, [&](const std::string& each) { return normal_name(each) == normal; });
  if (alike != names.end()) return *alike;
  const auto meant = find_field(name);
  if (!meant || meant->is_bare()) return std::nullopt;
  const FieldRef ref{meant->ids.front(), meant->label};
  if (std::ranges::find(query_.by, ref) != query_.by.end()) return field_name(ref);
  // The field of one sum alone.
  const auto of_field = [&](const Aggregate& each) {
    return each.op != AggregateOp::kCount && each.field == ref;
  };
  if (std::ranges::count_if(query_.aggregates, of_field) != 1) return std::nullopt;
  return std::ranges::find_if(query_.aggregates, of_field)->name;
}

bool QueryParser::parse_order_column() {
  const Token at = token_;
  if (at.kind != kWord) return fail_expecting("a column", columns());
  OrderBy by;
  if (!sums_) {
    const auto ref = take_single_field("order by");
    if (!ref) return false;
    by.column = field_name(*ref);
  } else if (auto column = find_column(at.text)) {
    by.column = std::move(*column);
    advance();
  } else if (aggregate_word(at.text)) {
    // "order by sum bytes": as it was summed up.
    const auto aggregate = take_aggregate(nullptr);
    if (!aggregate) return false;
    const auto same = std::ranges::find(query_.aggregates, *aggregate);
    if (same == query_.aggregates.end())
      return fail(at, "'" + aggregate->name + "' is not summed up before", columns());
    by.column = same->name;
  } else {
    std::string names;
    for (const auto& name : columns()) names += (names.empty() ? "" : ", ") + name;
    return fail(at, "there is no column " + described(at) + "; there are: " + names, columns());
  }
  if (token_.kind == kCursor) return fail_expecting("", {"asc", "desc", ",", "|"});
  if (token_.is_word("desc") || token_.is_word("asc")) {
    by.descending = token_.is_word("desc");
    advance();
  }
  const bool twice =
      std::ranges::find(query_.order, by.column, &OrderBy::column) != query_.order.end();
  if (twice) return fail(at, "'" + by.column + "' is there twice");
  query_.order.push_back(std::move(by));
  return !failed();
}

bool QueryParser::parse_order() {
  if (!query_.order.empty()) return fail(token_, "the order is given before");
  if (!token_.is_word("by")) return fail_expecting("'by' and a column", {"by"});
  ordered_ = true;
  do {
    advance();  // past 'by' or ','
    if (!parse_order_column()) return false;
  } while (token_.kind == kComma);
  return !failed();
}

}  // namespace netprobe
